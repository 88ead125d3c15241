// TMAP of SK: POST with coordinates as text (X is the longitude), metres and seconds, totals as numbers or as
// text; errors of its gateway (`gw`) and of the routing behind it (`tmap`).

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/provider/api_format.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxVia = 5;
constexpr std::size_t kMaxSide = 30;
constexpr int kMotorcycleRoadsFirst = 12;
constexpr int kRecommended = 0;
constexpr int kTotalsOnly = 2;

// Totals of calls with stops come as text. The text must be a plain number; anything else stays as it is and
// is judged by `measured`.
ProviderAnswer measured_text(const base::JsonNode& length, const base::JsonNode& time) {
  const bool text = length.is_string() || time.is_string();
  if (!text || !length.present() || !time.present()) return measured(length, time);
  const std::string numbers =
      fmt::format("[{},{}]", length.is_string() ? length.string().value_or("") : length.dump(),
                  time.is_string() ? time.string().value_or("") : time.dump());
  const auto document = base::JsonDocument::parse(numbers, "totals");
  base::Faults faults("totals");
  const auto pair = document ? document->root(faults).items(2) : std::vector<base::JsonNode>{};
  if (pair.size() != 2) return answer_of(Outcome::kImplausible, "totals are no numbers: " + quoted(numbers));
  return measured(pair[0], pair[1]);
}

constexpr std::array<Meaning, 3> kGateway = {{
    {"INVALID_API_KEY", Outcome::kAuth},  // also when the product is not subscribed
    {"QUOTA_EXCEEDED", Outcome::kQuota},
    {"TOO_MANY_REQUESTS", Outcome::kThrottled},
}};

// The routing's own codes: those beginning with 94 are about parameters; others, unknown ones included, are a
// miss.
Outcome outcome_of_routing_code(std::string_view code, int status) {
  if (status >= 500) return Outcome::kUnavailable;
  return code.starts_with("94") ? Outcome::kBadRequest : Outcome::kNoRoute;
}

ProviderAnswer read_refusal(const HttpResponse& response, base::WallTime now) {
  auto answer = answer_of_status(response, now);
  const auto document = parsed(response);
  if (!document) return answer;
  base::Faults faults("body");
  const auto root = document->root(faults);
  const auto error = root.is_object() ? root.optional("error") : root;
  const auto code = text_of(error, "code"), category = text_of(error, "category");
  if (code.empty()) return answer;
  answer.outcome = category == "tmap" ? outcome_of_routing_code(code, response.status)
                                      : meaning_of(code, kGateway).value_or(answer.outcome);
  answer.detail = fmt::format("HTTP {} {} {} {}", response.status, category, code, text_of(error, "message"));
  return answer;
}

void write_place(base::JsonWriter& json, std::string_view x, std::string_view y, const geo::LatLng& place) {
  json.key(x).string(coordinate_text(place.lng_deg())).key(y).string(coordinate_text(place.lat_deg()));
}

void write_side(base::JsonWriter& json, std::string_view key, const std::vector<geo::LatLng>& places) {
  json.key(key).begin_array();
  for (const auto& place : places) {
    json.begin_object();
    write_place(json, "lon", "lat", place);
    json.end_object();
  }
  json.end_array();
}

// A cell says how it went in a word or a number; a word that is not known is a miss, never success.
bool cell_is_good(const base::JsonNode& status) {
  if (!status.present() || status.is_null()) return true;
  if (status.is_number()) {
    const auto code = status.integer(0, 999);
    return code && (*code == 0 || *code == 200);
  }
  const auto word = status.is_string() ? status.string().value_or("") : std::string_view{};
  return word == "OK" || word == "SUCCESS" || word == "0" || word == "200";
}

class Tmap final : public ApiFormat {
 public:
  explicit Tmap(ApiConfig config) : config_(std::move(config)) {}

  bool serves(base::Vehicle vehicle) const override {
    return vehicle == base::Vehicle::kMotorcycle || vehicle == base::Vehicle::kCar;
  }

  Capability capability(base::Vehicle) const override {
    return {kMaxVia, TableShape::kMatrix, kMaxSide, kMaxSide * kMaxSide};
  }

  HttpRequest route_request(const TripRequest& trip) const override {
    std::string body;
    base::JsonWriter json(body);
    json.begin_object();
    write_place(json, "startX", "startY", trip.from);
    write_place(json, "endX", "endY", trip.to);
    json.key("reqCoordType").string("WGS84GEO").key("resCoordType").string("WGS84GEO");
    const bool motorcycle = trip.vehicle == base::Vehicle::kMotorcycle;
    json.key("searchOption").integer(motorcycle ? kMotorcycleRoadsFirst : kRecommended);
    if (!trip.via.empty()) json.key("passList").string(joined_lon_lat(trip.via, "_"));
    json.key("totalValue").integer(kTotalsOnly).end_object();
    return signed_with_key(json_post("/tmap/routes?version=1", std::move(body)));
  }

  ProviderAnswer read_route(const HttpResponse& response, const TripRequest&,
                            base::WallTime now) const override {
    if (response.status != 200) return read_refusal(response, now);
    const auto document = parsed(response);
    if (!document) return document.error();
    base::Faults faults("body");
    const auto root = document->root(faults);
    if (!root.is_object()) return answer_of(Outcome::kMalformed, "no object");
    if (root.optional("error").present()) return read_refusal(response, now);
    const auto properties = totals_of(root);
    if (!properties) return answer_of(Outcome::kMalformed, "no totals");
    return measured_text(properties->optional("totalDistance"), properties->optional("totalTime"));
  }

  HttpRequest table_request(const TableRequest& table) const override {
    std::string body;
    base::JsonWriter json(body);
    json.begin_object();
    write_side(json, "origins", table.sources);
    write_side(json, "destinations", table.destinations);
    json.key("transportMode").string("car").key("metric").string("Recommendation").end_object();
    return signed_with_key(json_post("/tmap/matrix?version=1", std::move(body)));
  }

  TableAnswer read_table(const HttpResponse& response, const TableRequest& table,
                         base::WallTime now) const override {
    if (response.status != 200) return no_cells(read_refusal(response, now));
    const auto document = parsed(response);
    if (!document) return no_cells(document.error());
    base::Faults faults("body");
    const auto routes = items_of(document->root(faults), "matrixRoutes", 2 * kMaxSide * kMaxSide);
    if (routes.empty()) return no_cells(answer_of(Outcome::kMalformed, "no matrixRoutes"));
    UnorderedCells cells(table);
    for (const auto& route : routes) {
      if (!route.is_object()) return no_cells(answer_of(Outcome::kMalformed, "a cell is no object"));
      const auto status = route.optional("status");
      cells.put(code_of(route, "originIndex"), code_of(route, "destinationIndex"),
                cell_is_good(status) ? measured_text(route.optional("distance"), route.optional("duration"))
                                     : answer_of(Outcome::kNoRoute, "status " + quoted(status.dump())));
    }
    return std::move(cells).take();
  }

 private:
  // Totals stand in the first feature; those of calls with stops at the top.
  static std::optional<base::JsonNode> totals_of(const base::JsonNode& root) {
    const auto features = items_of(root, "features", 100'000);
    for (const auto& holder : {features.empty() ? root : features.front(), root}) {
      if (!holder.is_object()) continue;
      auto properties = holder.optional("properties");
      if (properties.is_object() && properties.optional("totalDistance").present()) return properties;
    }
    return std::nullopt;
  }

  HttpRequest signed_with_key(HttpRequest request) const {
    request.headers.push_back({"appKey", std::string(config_.key.reveal())});
    return request;
  }

  const ApiConfig config_;
};

}  // namespace

std::unique_ptr<ApiFormat> tmap_format(ApiConfig config) {
  return std::make_unique<Tmap>(std::move(config));
}

}  // namespace reckon::provider
