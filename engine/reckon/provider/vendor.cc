#include "reckon/provider/vendor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "reckon/geo/geodesic.h"

namespace reckon::provider {
namespace {

constexpr double kMaxRouteM = 4.1e7;  // once round the Earth
constexpr double kMaxRouteS = 1e7;    // 115 days
constexpr std::size_t kMaxQuotedBytes = 120;

// Routers tell snap offsets by their own formulas; sphere against ellipsoid stays well within these.
constexpr double kSnapToleranceM = 20;
constexpr double kSnapToleranceShare = 0.02;

std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers may send (RFC 9110, 5.6.7).
std::optional<base::WallTime> http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  const auto day = number_in(text.substr(5, 2)), year = number_in(text.substr(12, 4));
  const auto hour = number_in(text.substr(17, 2)), minute = number_in(text.substr(20, 2));
  const auto second = number_in(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{*year}, std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return base::WallTime{std::chrono::sys_days{date}} + std::chrono::hours{*hour} +
         std::chrono::minutes{*minute} + std::chrono::seconds{*second};
}

// A number in [0, limit], or why not.
tl::expected<double, ProviderAnswer> quantity(const base::JsonNode& node, double limit,
                                              std::string_view what) {
  if (!node.present()) return tl::unexpected(answer_of(Outcome::kMalformed, fmt::format("no {}", what)));
  constexpr double kAny = std::numeric_limits<double>::max();
  const auto value = node.is_number() ? node.number(-kAny, kAny) : std::nullopt;
  if (value && *value >= 0 && *value <= limit) return *value;
  return tl::unexpected(answer_of(Outcome::kImplausible, fmt::format("{} is {}", what, quoted(node.dump()))));
}

// Within 800 m everywhere, so within kMaxEchoOffsetM, without the microsecond that a geodesic costs.
bool plainly_near(double lat, double lon, const geo::LatLng& asked) {
  constexpr double kDegrees = 0.005;
  return std::abs(lat - asked.lat_deg()) <= kDegrees && std::abs(lon - asked.lng_deg()) <= kDegrees;
}

}  // namespace

std::string coordinate_text(double degrees) {
  std::string text = fmt::format("{:.7f}", degrees);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string lon_lat_text(const geo::LatLng& place) {
  return coordinate_text(place.lng_deg()) + "," + coordinate_text(place.lat_deg());
}

std::string joined_lon_lat(const std::vector<geo::LatLng>& places, std::string_view between) {
  std::string text;
  for (const auto& place : places) {
    if (!text.empty()) text += between;
    text += lon_lat_text(place);
  }
  return text;
}

ProviderAnswer answer_of(Outcome outcome, std::string detail) {
  ProviderAnswer answer;
  answer.outcome = outcome;
  answer.detail = std::move(detail);
  return answer;
}

ProviderAnswer answer_of(HttpFailure failure) {
  auto answer = answer_of(failure.outcome, std::move(failure.detail));
  answer.stage = failure.stage;
  answer.retryable = failure.outcome == Outcome::kUnavailable && failure.stage == Stage::kFirstByte;
  return answer;
}

ProviderAnswer found(std::int64_t metres, std::int64_t seconds) {
  ProviderAnswer answer;
  answer.outcome = Outcome::kOk;
  answer.distance = base::Metres{metres};
  answer.duration = base::Seconds{seconds};
  return answer;
}

std::optional<base::Seconds> retry_after(const HttpResponse& response, base::WallTime now) {
  const auto text = response.header("retry-after");
  if (!text || text->empty()) return std::nullopt;
  if (std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '9'; })) {
    const auto seconds = number_in(*text);
    return seconds ? std::min(base::Seconds{*seconds}, kMaxRetryAfter) : kMaxRetryAfter;
  }
  const auto date = http_date(*text);
  if (!date) return std::nullopt;
  return std::clamp(std::chrono::ceil<base::Seconds>(*date - now), base::Seconds{0}, kMaxRetryAfter);
}

ProviderAnswer answer_of_status(const HttpResponse& response, base::WallTime now) {
  const auto outcome = [status = response.status] {
    if (status == 429) return Outcome::kThrottled;
    if (status == 401 || status == 403) return Outcome::kAuth;
    if (status == 408 || status >= 500) return Outcome::kUnavailable;
    if (status == 400 || status == 422) return Outcome::kBadRequest;
    return Outcome::kMalformed;
  }();
  auto answer = answer_of(outcome, fmt::format("HTTP {}", response.status));
  answer.retry_after = retry_after(response, now);
  answer.retryable = response.status >= 502 && response.status <= 504;
  return answer;
}

ProviderAnswer measured(const base::JsonNode& length, const base::JsonNode& time, const Units& units) {
  const auto metres = quantity(length, kMaxRouteM / units.metres, "distance");
  if (!metres) return metres.error();
  const auto seconds = quantity(time, kMaxRouteS / units.seconds, "duration");
  if (!seconds) return seconds.error();
  return found(std::llround(*metres * units.metres), std::llround(*seconds * units.seconds));
}

tl::expected<base::JsonDocument, ProviderAnswer> parsed(const HttpResponse& response) {
  auto document = base::JsonDocument::parse(response.body, "body");
  if (!document) return tl::unexpected(answer_of(Outcome::kMalformed, quoted(document.error().message)));
  return *std::move(document);
}

std::string text_of(const base::JsonNode& node, std::string_view key) {
  if (!node.is_object()) return {};
  const auto value = node.optional(key);
  return value.is_string() ? quoted(value.string().value_or("")) : std::string{};
}

std::optional<std::int64_t> code_of(const base::JsonNode& node, std::string_view key) {
  if (!node.is_object()) return std::nullopt;
  constexpr std::int64_t kAnyCode = std::numeric_limits<std::int32_t>::max();
  const auto value = node.optional(key);
  return value.is_number() ? value.integer(-kAnyCode, kAnyCode) : std::nullopt;
}

std::vector<base::JsonNode> items_of(const base::JsonNode& node, std::string_view key,
                                     std::size_t max_count) {
  return node.is_object() ? node.optional(key).items(max_count) : std::vector<base::JsonNode>{};
}

bool echoes(const base::JsonNode& lat, const base::JsonNode& lon, const geo::LatLng& asked) {
  if (!lat.is_number() || !lon.is_number()) return true;
  const auto place = geo::LatLng::from_degrees(lat.number(-1e9, 1e9).value_or(1e9),
                                               lon.number(-1e9, 1e9).value_or(1e9), "echo");
  return place && geo::geodesic_m(*place, asked) <= kMaxEchoOffsetM;
}

bool echoes_lon_lat(const base::JsonNode& pair, const geo::LatLng& asked) {
  const auto lon_lat = pair.is_array() ? pair.items(3) : std::vector<base::JsonNode>{};
  return lon_lat.size() < 2 || echoes(lon_lat[1], lon_lat[0], asked);
}

ProviderAnswer for_another_trip() {
  return answer_of(Outcome::kImplausible, "the answer is for another trip");
}

std::optional<ProviderAnswer> refuse_snapped(const base::JsonNode& waypoint, const geo::LatLng& asked,
                                             std::string_view distance_key) {
  if (!waypoint.is_object()) return std::nullopt;
  const auto location = waypoint.optional("location");
  if (echoes_lon_lat(location, asked)) return std::nullopt;
  const auto lon_lat = location.items(3);
  const auto place = geo::LatLng::from_degrees(lon_lat[1].number(-1e9, 1e9).value_or(1e9),
                                               lon_lat[0].number(-1e9, 1e9).value_or(1e9), "location");
  const auto told = waypoint.optional(distance_key);
  const auto told_m = told.is_number() ? told.number(0, 1e9) : std::nullopt;
  if (!place || !told_m) return for_another_trip();
  const double offset_m = geo::geodesic_m(*place, asked);
  if (std::abs(*told_m - offset_m) > kSnapToleranceM + kSnapToleranceShare * offset_m)
    return for_another_trip();
  return answer_of(Outcome::kNoRoute, fmt::format("the nearest road is {:.0f} m away", offset_m));
}

void refuse_snapped_cells(const base::JsonNode& root, std::string_view distance_key,
                          const TableRequest& asked, TableAnswer& answer) {
  if (answer.cells.empty()) return;
  const auto rows = asked.sources.size(), columns = asked.destinations.size();
  const auto sources = items_of(root, "sources", rows),
             destinations = items_of(root, "destinations", columns);
  for (std::size_t i = 0; sources.size() == rows && i < rows; ++i) {
    const auto refused = refuse_snapped(sources[i], asked.sources[i], distance_key);
    for (std::size_t j = 0; refused && j < columns; ++j) answer.cells[i * columns + j] = *refused;
  }
  for (std::size_t j = 0; destinations.size() == columns && j < columns; ++j) {
    const auto refused = refuse_snapped(destinations[j], asked.destinations[j], distance_key);
    for (std::size_t i = 0; refused && i < rows; ++i) answer.cells[i * columns + j] = *refused;
  }
}

TableAnswer no_cells(ProviderAnswer why) {
  return {std::move(why), {}};
}

TableAnswer nested_cells(const base::JsonNode& lengths, const base::JsonNode& times,
                         const TableRequest& asked, const Units& units) {
  const auto wrong_shape = [] {
    return no_cells(answer_of(Outcome::kMalformed, "not the rows and columns that were asked for"));
  };
  const auto rows = lengths.items(asked.sources.size()), time_rows = times.items(asked.sources.size());
  if (rows.size() != asked.sources.size() || time_rows.size() != rows.size()) return wrong_shape();
  TableAnswer table{found(0, 0), {}};
  table.cells.reserve(asked.cells());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = rows[i].items(asked.destinations.size());
    const auto time_row = time_rows[i].items(asked.destinations.size());
    if (row.size() != asked.destinations.size() || time_row.size() != row.size()) return wrong_shape();
    for (std::size_t j = 0; j < row.size(); ++j) {
      const bool unreachable = row[j].is_null() || time_row[j].is_null();
      table.cells.push_back(unreachable ? answer_of(Outcome::kNoRoute, "no route between the two")
                                        : measured(row[j], time_row[j], units));
    }
  }
  return table;
}

UnorderedCells::UnorderedCells(const TableRequest& asked)
    : sources_(static_cast<std::int64_t>(asked.sources.size())),
      destinations_(static_cast<std::int64_t>(asked.destinations.size())),
      cells_(asked.cells(), answer_of(Outcome::kMalformed, "the answer has no such cell")),
      come_(asked.cells()) {}

void UnorderedCells::put(std::optional<std::int64_t> source, std::optional<std::int64_t> destination,
                         ProviderAnswer cell) {
  if (!source || !destination || *source < 0 || *source >= sources_ || *destination < 0 ||
      *destination >= destinations_) {
    strayed_ = true;
    return;
  }
  const auto at = static_cast<std::size_t>(*source * destinations_ + *destination);
  cells_[at] = come_[at] ? answer_of(Outcome::kMalformed, "the answer has the cell twice") : std::move(cell);
  come_[at] = true;
}

TableAnswer UnorderedCells::take() && {
  if (strayed_) return no_cells(answer_of(Outcome::kMalformed, "a cell of no place in the table"));
  return {found(0, 0), std::move(cells_)};
}

std::optional<Outcome> meaning_of(std::string_view code, std::span<const Meaning> meanings) {
  const auto known = std::ranges::find(meanings, code, &Meaning::code);
  return known == meanings.end() ? std::nullopt : std::optional(known->outcome);
}

HttpRequest json_post(std::string target, std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(target);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = std::move(body);
  return request;
}

void QuickTotals::once(JsonCursor& json, std::optional<double>& into) {
  if (into) {
    json.give_up();
  } else {
    into = json.number();
  }
}

void QuickTotals::end_x_y(JsonCursor& json, const geo::LatLng& asked) {
  std::optional<double> x, y;
  json.object([&](std::string_view key) {
    if (key == "x") return once(json, x);
    if (key == "y") return once(json, y);
    json.skip();
  });
  elsewhere = elsewhere || !x || !y || !plainly_near(*y, *x, asked);
}

void QuickTotals::end_lon_lat(JsonCursor& json, const geo::LatLng& asked) {
  std::array<double, 2> lon_lat{};
  std::size_t count = 0;
  json.array([&](std::size_t index) {
    const auto value = json.number();
    if (index < 2 && value) lon_lat[index] = *value;
    count = index + 1;
  });
  elsewhere = elsewhere || count != 2 || !plainly_near(lon_lat[1], lon_lat[0], asked);
}

std::optional<ProviderAnswer> QuickTotals::answer(JsonCursor& json, const Units& units) const {
  if (!json.at_end() || elsewhere || !length || !time) return std::nullopt;
  const double metres = *length * units.metres, seconds = *time * units.seconds;
  if (!(metres >= 0 && metres <= kMaxRouteM && seconds >= 0 && seconds <= kMaxRouteS)) return std::nullopt;
  return found(std::llround(metres), std::llround(seconds));
}

std::string quoted(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kMaxQuotedBytes)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return shown;
}

}  // namespace reckon::provider
