// Google Routes. Points as objects, metres, times as text ("160s"); proto3's JSON leaves zeros out; matrix
// elements come unordered, each with a status of its own.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "reckon/base/csv.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/provider/api_format.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxVia = 25;
constexpr std::size_t kMaxCells = 625;
constexpr double kMaxMetres = 4.1e7;
constexpr double kMaxSeconds = 1e7;

std::string_view mode_of(base::Vehicle vehicle) {
  switch (vehicle) {
    case base::Vehicle::kMotorcycle:
      return "TWO_WHEELER";
    case base::Vehicle::kBicycle:
      return "BICYCLE";
    case base::Vehicle::kFoot:
      return "WALK";
    case base::Vehicle::kCar:
      break;
  }
  return "DRIVE";
}

// Bicycles and walkers may not be given a preference at all.
bool takes_preference(base::Vehicle vehicle) {
  return vehicle == base::Vehicle::kMotorcycle || vehicle == base::Vehicle::kCar;
}

// `"160s"`, `"160.5s"`.
std::optional<double> seconds_of(const base::JsonNode& duration) {
  const auto text = duration.is_string() ? duration.string().value_or("") : std::string_view{};
  if (!text.ends_with('s')) return std::nullopt;
  return base::parse_number(text.substr(0, text.size() - 1));
}

// A route or a matrix element. A length of 0 is left out, but a time never is.
ProviderAnswer read_found(const base::JsonNode& route) {
  const auto duration = route.optional("duration"), length = route.optional("distanceMeters");
  if (!duration.present()) return answer_of(Outcome::kMalformed, "no duration");
  const auto seconds = seconds_of(duration);
  if (!seconds || !(*seconds >= 0 && *seconds <= kMaxSeconds))
    return answer_of(Outcome::kImplausible, "duration is " + quoted(duration.dump()));
  if (!length.present()) return found(0, std::llround(*seconds));
  const auto metres = length.is_number() ? length.number(0, kMaxMetres) : std::nullopt;
  if (!metres) return answer_of(Outcome::kImplausible, "distance is " + quoted(length.dump()));
  return found(std::llround(*metres), std::llround(*seconds));
}

constexpr std::array<Meaning, 9> kStatus = {{
    {"INVALID_ARGUMENT", Outcome::kBadRequest},
    {"FAILED_PRECONDITION", Outcome::kBadRequest},
    {"OUT_OF_RANGE", Outcome::kBadRequest},
    {"UNAUTHENTICATED", Outcome::kAuth},
    {"PERMISSION_DENIED", Outcome::kAuth},
    {"RESOURCE_EXHAUSTED", Outcome::kThrottled},
    {"UNAVAILABLE", Outcome::kUnavailable},
    {"INTERNAL", Outcome::kUnavailable},
    {"DEADLINE_EXCEEDED", Outcome::kUnavailable},
}};

// A wrong key arrives as INVALID_ARGUMENT, a spent day as RESOURCE_EXHAUSTED like a minute's limit: the
// details tell.
Outcome sharpened(Outcome outcome, const std::string& error) {
  const auto says = [&error](std::string_view word) { return error.find(word) != std::string::npos; };
  if (outcome == Outcome::kBadRequest && (says("API_KEY_INVALID") || says("API key not valid")))
    return Outcome::kAuth;
  if (outcome == Outcome::kThrottled && (says("PerDay") || says("per day"))) return Outcome::kQuota;
  return outcome;
}

ProviderAnswer read_refusal(const HttpResponse& response, base::WallTime now) {
  auto answer = answer_of_status(response, now);
  const auto document = parsed(response);
  if (!document) return answer;
  base::Faults faults("body");
  auto root = document->root(faults);
  if (root.is_array()) {  // the matrix tells its errors inside its array
    const auto elements = root.items(kMaxCells);
    if (elements.empty()) return answer;
    root = elements.front();
  }
  const auto error = root.is_object() ? root.optional("error") : root;
  const auto status = text_of(error, "status");
  if (status.empty()) return answer;
  answer.outcome = sharpened(meaning_of(status, kStatus).value_or(answer.outcome), error.dump());
  answer.detail = fmt::format("HTTP {} {} {}", response.status, status, text_of(error, "message"));
  return answer;
}

void write_place(base::JsonWriter& json, const geo::LatLng& place) {
  json.begin_object().key("location").begin_object().key("latLng").begin_object();
  json.key("latitude").raw(coordinate_text(place.lat_deg()));
  json.key("longitude").raw(coordinate_text(place.lng_deg()));
  json.end_object().end_object().end_object();
}

void write_side(base::JsonWriter& json, std::string_view key, const std::vector<geo::LatLng>& places) {
  json.key(key).begin_array();
  for (const auto& place : places) {
    json.begin_object().key("waypoint");
    write_place(json, place);
    json.end_object();
  }
  json.end_array();
}

void write_mode(base::JsonWriter& json, base::Vehicle vehicle) {
  json.key("travelMode").string(mode_of(vehicle));
  if (takes_preference(vehicle)) json.key("routingPreference").string("TRAFFIC_UNAWARE");
}

ProviderAnswer read_element(const base::JsonNode& element) {
  const auto status = element.optional("status");
  const auto code = code_of(status, "code").value_or(0);
  if (code != 0)
    return answer_of(Outcome::kNoRoute, fmt::format("status {} {}", code, text_of(status, "message")));
  if (text_of(element, "condition") != "ROUTE_EXISTS")
    return answer_of(Outcome::kNoRoute, "condition " + text_of(element, "condition"));
  return read_found(element);
}

// Proto3 leaves zeros out: an index that is absent is 0.
std::optional<std::int64_t> index_of(const base::JsonNode& element, std::string_view key) {
  return element.optional(key).present() ? code_of(element, key) : std::optional<std::int64_t>(0);
}

class Google final : public ApiFormat {
 public:
  explicit Google(ApiConfig config) : config_(std::move(config)) {}

  bool serves(base::Vehicle) const override { return true; }
  Capability capability(base::Vehicle) const override {
    return {kMaxVia, TableShape::kMatrix, kMaxCells, kMaxCells};
  }

  HttpRequest route_request(const TripRequest& trip) const override {
    std::string body;
    base::JsonWriter json(body);
    json.begin_object().key("origin");
    write_place(json, trip.from);
    json.key("destination");
    write_place(json, trip.to);
    if (!trip.via.empty()) {
      json.key("intermediates").begin_array();
      for (const auto& place : trip.via) write_place(json, place);
      json.end_array();
    }
    write_mode(json, trip.vehicle);
    json.end_object();
    return signed_with_key(json_post("/directions/v2:computeRoutes", std::move(body)),
                           "routes.distanceMeters,routes.duration");
  }

  ProviderAnswer read_route(const HttpResponse& response, const TripRequest&,
                            base::WallTime now) const override {
    if (response.status != 200) return read_refusal(response, now);
    const auto document = parsed(response);
    if (!document) return document.error();
    base::Faults faults("body");
    const auto root = document->root(faults);
    if (!root.is_object()) return answer_of(Outcome::kMalformed, "no object");
    // An empty list is left out as well: `{}` is how it says that there is no route.
    if (root.keys().empty()) return answer_of(Outcome::kNoRoute, "no routes");
    if (!root.optional("routes").is_array()) return answer_of(Outcome::kMalformed, "no routes");
    const auto routes = items_of(root, "routes", 16);
    if (routes.empty()) return answer_of(Outcome::kNoRoute, "no routes");
    if (!routes.front().is_object()) return answer_of(Outcome::kMalformed, "a route is no object");
    return read_found(routes.front());
  }

  HttpRequest table_request(const TableRequest& table) const override {
    std::string body;
    base::JsonWriter json(body);
    json.begin_object();
    write_side(json, "origins", table.sources);
    write_side(json, "destinations", table.destinations);
    write_mode(json, table.vehicle);
    json.end_object();
    return signed_with_key(json_post("/distanceMatrix/v2:computeRouteMatrix", std::move(body)),
                           "originIndex,destinationIndex,status,condition,distanceMeters,duration");
  }

  TableAnswer read_table(const HttpResponse& response, const TableRequest& table,
                         base::WallTime now) const override {
    if (response.status != 200) return no_cells(read_refusal(response, now));
    const auto document = parsed(response);
    if (!document) return no_cells(document.error());
    base::Faults faults("body");
    const auto elements = document->root(faults).items(2 * kMaxCells);
    if (elements.empty()) return no_cells(answer_of(Outcome::kMalformed, "no elements"));
    UnorderedCells cells(table);
    for (const auto& element : elements) {
      if (!element.is_object()) return no_cells(answer_of(Outcome::kMalformed, "an element is no object"));
      if (element.optional("error").present()) return no_cells(read_refusal(response, now));
      cells.put(index_of(element, "originIndex"), index_of(element, "destinationIndex"),
                read_element(element));
    }
    return std::move(cells).take();
  }

 private:
  HttpRequest signed_with_key(HttpRequest request, std::string fields) const {
    request.headers.push_back({"X-Goog-Api-Key", std::string(config_.key.reveal())});
    request.headers.push_back({"X-Goog-FieldMask", std::move(fields)});
    return request;
  }

  const ApiConfig config_;
};

}  // namespace

std::unique_ptr<ApiFormat> google_format(ApiConfig config) {
  return std::make_unique<Google>(std::move(config));
}

}  // namespace reckon::provider
