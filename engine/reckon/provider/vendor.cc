#include "reckon/provider/vendor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace reckon::provider {
namespace {

constexpr double kMaxRouteM = 4.1e7;  // once round the Earth
constexpr double kMaxRouteS = 1e7;    // 115 days
constexpr std::size_t kMaxQuotedBytes = 120;

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

ProviderAnswer answer_of(Outcome outcome, std::string detail) {
  ProviderAnswer answer;
  answer.outcome = outcome;
  answer.detail = std::move(detail);
  return answer;
}

ProviderAnswer answer_of(HttpFailure failure) {
  auto answer = answer_of(failure.outcome, std::move(failure.detail));
  answer.stage = failure.stage;
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
  return answer;
}

ProviderAnswer measured(const base::JsonNode& metres, const base::JsonNode& seconds,
                        double seconds_per_unit) {
  const auto length = quantity(metres, kMaxRouteM, "distance");
  if (!length) return length.error();
  const auto time = quantity(seconds, kMaxRouteS / seconds_per_unit, "duration");
  if (!time) return time.error();
  return found(std::llround(*length), std::llround(*time * seconds_per_unit));
}

std::string quoted(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kMaxQuotedBytes)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return shown;
}

}  // namespace reckon::provider
