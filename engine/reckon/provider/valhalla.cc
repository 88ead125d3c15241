// Valhalla. Objects with lat and lon, seconds, and kilometres (or miles, as the answer says); numeric error
// codes. It has no deadline of its own: ours is the only one.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/provider/api_format.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

// The server's own defaults.
constexpr std::size_t kMaxPlaces = 20;
constexpr std::size_t kMaxPlacesTwoWheeled = 50;
constexpr std::size_t kMaxCells = 2500;
constexpr double kKilometre = 1000;
constexpr double kMile = 1609.344;

// Riders may not use car-only roads, and `motor_scooter` keeps off them; `motorcycle` does not.
std::string_view costing_of(base::Vehicle vehicle) {
  switch (vehicle) {
    case base::Vehicle::kMotorcycle:
      return "motor_scooter";
    case base::Vehicle::kBicycle:
      return "bicycle";
    case base::Vehicle::kFoot:
      return "pedestrian";
    case base::Vehicle::kCar:
      break;
  }
  return "auto";
}

constexpr std::array<Meaning, 7> kCodes = {{
    {"150", Outcome::kBadRequest},  // too many locations
    {"154", Outcome::kBadRequest},  // path too long
    {"170", Outcome::kNoRoute},     // unconnected regions
    {"171", Outcome::kNoRoute},     // no edges near
    {"430", Outcome::kNoRoute},     // iteration cap
    {"441", Outcome::kNoRoute},     // unreachable
    {"442", Outcome::kNoRoute},     // no path
}};

ProviderAnswer read_refusal(const HttpResponse& response, base::WallTime now) {
  auto answer = answer_of_status(response, now);
  const auto document = parsed(response);
  if (!document) {
    // Its own 400 is JSON always: another 400 is a proxy's or a portal's.
    return response.status == 400 ? document.error() : answer;
  }
  base::Faults faults("body");
  const auto root = document->root(faults);
  const auto code = code_of(root, "error_code");
  if (!code) return answer;
  answer.outcome = meaning_of(std::to_string(*code), kCodes).value_or(answer.outcome);
  answer.detail = fmt::format("HTTP {} error_code {} {}", response.status, *code, text_of(root, "error"));
  return answer;
}

// The unit that the answer says it is in; kilometres are the default and need not be said.
std::optional<Units> units_of(const base::JsonNode& holder) {
  const auto said = text_of(holder, "units");
  if (said.empty() || said == "kilometers" || said == "km") return Units{kKilometre, 1};
  if (said == "miles" || said == "mi") return Units{kMile, 1};
  return std::nullopt;
}

bool echoes_ends(const base::JsonNode& trip, const TripRequest& asked) {
  const auto told = items_of(trip, "locations", kMaxPlacesTwoWheeled);
  if (told.size() != asked.via.size() + 2 || !told.front().is_object() || !told.back().is_object())
    return true;
  return echoes(told.front().optional("lat"), told.front().optional("lon"), asked.from) &&
         echoes(told.back().optional("lat"), told.back().optional("lon"), asked.to);
}

void write_places(base::JsonWriter& json, std::string_view key, const std::vector<geo::LatLng>& places) {
  json.key(key).begin_array();
  for (const auto& place : places) {
    json.begin_object().key("lat").raw(coordinate_text(place.lat_deg()));
    json.key("lon").raw(coordinate_text(place.lng_deg())).end_object();
  }
  json.end_array();
}

// Rows of `{"distance", "time", "from_index", "to_index"}`.
TableAnswer verbose_cells(const base::JsonNode& rows, const TableRequest& asked, const Units& units) {
  UnorderedCells cells(asked);
  for (const auto& row : rows.items(asked.sources.size())) {
    for (const auto& cell : row.items(asked.destinations.size())) {
      if (!cell.is_object()) return no_cells(answer_of(Outcome::kMalformed, "a cell is no object"));
      const auto length = cell.optional("distance"), time = cell.optional("time");
      cells.put(code_of(cell, "from_index"), code_of(cell, "to_index"),
                length.is_null() || time.is_null() ? answer_of(Outcome::kNoRoute, "unreachable")
                                                   : measured(length, time, units));
    }
  }
  return std::move(cells).take();
}

class Valhalla final : public ApiFormat {
 public:
  explicit Valhalla(ApiConfig config) : config_(std::move(config)) {}

  bool serves(base::Vehicle vehicle) const override {
    return std::ranges::find(config_.vehicles, vehicle) != config_.vehicles.end();
  }

  Capability capability(base::Vehicle vehicle) const override {
    const auto places = vehicle == base::Vehicle::kMotorcycle ? kMaxPlacesTwoWheeled : kMaxPlaces;
    return {places - 2, TableShape::kMatrix, kMaxPlacesTwoWheeled, kMaxCells};
  }

  HttpRequest route_request(const TripRequest& trip) const override {
    std::vector<geo::LatLng> places = {trip.from};
    places.insert(places.end(), trip.via.begin(), trip.via.end());
    places.push_back(trip.to);
    std::string body;
    base::JsonWriter json(body);
    json.begin_object();
    write_places(json, "locations", places);
    json.key("costing").string(costing(trip.vehicle)).key("units").string("kilometers");
    json.key("directions_type").string("none").end_object();
    return json_post("/route", std::move(body));
  }

  ProviderAnswer read_route(const HttpResponse& response, const TripRequest& asked,
                            base::WallTime now) const override {
    if (response.status != 200) return read_refusal(response, now);
    const auto document = parsed(response);
    if (!document) return document.error();
    base::Faults faults("body");
    const auto root = document->root(faults);
    const auto trip = root.is_object() ? root.optional("trip") : root;
    if (!trip.is_object()) return answer_of(Outcome::kMalformed, "no trip");
    const auto status = code_of(trip, "status");
    if (!status) return answer_of(Outcome::kMalformed, "no status");
    if (*status != 0) {
      return answer_of(Outcome::kNoRoute,
                       fmt::format("status {} {}", *status, text_of(trip, "status_message")));
    }
    const auto summary = trip.optional("summary");
    if (!summary.is_object()) return answer_of(Outcome::kMalformed, "status 0 without summary");
    if (!echoes_ends(trip, asked)) return for_another_trip();
    const auto units = units_of(trip);
    if (!units) return answer_of(Outcome::kMalformed, "units " + text_of(trip, "units"));
    return measured(summary.optional("length"), summary.optional("time"), *units);
  }

  HttpRequest table_request(const TableRequest& table) const override {
    std::string body;
    base::JsonWriter json(body);
    json.begin_object();
    write_places(json, "sources", table.sources);
    write_places(json, "targets", table.destinations);
    json.key("costing").string(costing(table.vehicle)).key("units").string("kilometers");
    json.key("verbose").boolean(false).end_object();
    return json_post("/sources_to_targets", std::move(body));
  }

  TableAnswer read_table(const HttpResponse& response, const TableRequest& table,
                         base::WallTime now) const override {
    if (response.status != 200) return no_cells(read_refusal(response, now));
    const auto document = parsed(response);
    if (!document) return no_cells(document.error());
    base::Faults faults("body");
    const auto root = document->root(faults);
    if (!root.is_object()) return no_cells(answer_of(Outcome::kMalformed, "no object"));
    const auto units = units_of(root);
    if (!units) return no_cells(answer_of(Outcome::kMalformed, "units " + text_of(root, "units")));
    const auto cells = root.optional("sources_to_targets");
    if (cells.is_array()) return verbose_cells(cells, table, *units);  // older servers are always verbose
    if (!cells.is_object()) return no_cells(answer_of(Outcome::kMalformed, "no sources_to_targets"));
    return nested_cells(cells.optional("distances"), cells.optional("durations"), table, *units);
  }

 private:
  std::string_view costing(base::Vehicle vehicle) const {
    return config_.profile.empty() ? costing_of(vehicle) : std::string_view(config_.profile);
  }

  const ApiConfig config_;
};

}  // namespace

std::unique_ptr<ApiFormat> valhalla_format(ApiConfig config) {
  return std::make_unique<Valhalla>(std::move(config));
}

}  // namespace reckon::provider
