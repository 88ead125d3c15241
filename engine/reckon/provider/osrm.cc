// OSRM's HTTP API, the router that people run themselves. Longitude first, metres and seconds; codes as
// words.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/provider/api_format.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

// osrm-routed's own defaults.
constexpr std::size_t kMaxRoutePlaces = 500;
constexpr std::size_t kMaxTablePlaces = 100;

std::vector<geo::LatLng> places_of(const TripRequest& trip) {
  std::vector<geo::LatLng> places = {trip.from};
  places.insert(places.end(), trip.via.begin(), trip.via.end());
  places.push_back(trip.to);
  return places;
}

ProviderAnswer read_ok(const base::JsonNode& root, const TripRequest& trip) {
  const auto routes = items_of(root, "routes", 16);
  if (routes.empty() || !routes.front().is_object()) return answer_of(Outcome::kMalformed, "no routes");
  const auto places = places_of(trip);
  const auto waypoints = items_of(root, "waypoints", kMaxRoutePlaces);
  for (std::size_t i = 0; waypoints.size() == places.size() && i < places.size(); ++i) {
    if (auto refused = refuse_snapped(waypoints[i], places[i], "distance")) return *std::move(refused);
  }
  return measured(routes.front().optional("distance"), routes.front().optional("duration"));
}

void quick_waypoint(JsonCursor& json, const geo::LatLng& asked, QuickTotals& totals) {
  json.object(
      [&](std::string_view key) { key == "location" ? totals.end_lon_lat(json, asked) : void(json.skip()); });
}

// The healthy answer without a tree of the whole; nothing when anything is out of the ordinary.
std::optional<ProviderAnswer> read_quickly(std::string_view body, const TripRequest& trip) {
  JsonCursor json(body);
  QuickTotals totals;
  bool ok = false;
  json.object([&](std::string_view key) {
    if (key == "code") {
      ok = !ok && json.string() == "Ok";
    } else if (key == "routes") {
      json.array([&](std::size_t index) {
        if (index > 0) return void(json.skip());
        json.object([&](std::string_view member) {
          if (member == "distance") return QuickTotals::once(json, totals.length);
          if (member == "duration") return QuickTotals::once(json, totals.time);
          json.skip();
        });
      });
    } else if (key == "waypoints") {
      json.array([&](std::size_t index) {
        if (index > trip.via.size() + 1) return void(json.give_up());
        quick_waypoint(json,
                       index == 0                 ? trip.from
                       : index <= trip.via.size() ? trip.via[index - 1]
                                                  : trip.to,
                       totals);
      });
    } else {
      json.skip();
    }
  });
  return ok ? totals.answer(json) : std::nullopt;
}

Outcome outcome_of_code(std::string_view code, int status) {
  if (code == "NoRoute" || code == "NoSegment" || code == "NoTable") return Outcome::kNoRoute;
  if (code == "DisabledDataset" || status >= 500) return Outcome::kUnavailable;
  if (code.starts_with("Invalid") || code == "TooBig" || code == "NotImplemented")
    return Outcome::kBadRequest;
  return status == 200 ? Outcome::kMalformed : Outcome::kBadRequest;
}

// What stands in the way of an answer; nothing when the document is one.
std::optional<ProviderAnswer> refusal(const HttpResponse& response, const base::JsonNode& root,
                                      base::WallTime now) {
  const auto code_node = root.is_object() ? root.optional("code") : root;
  if (!code_node.is_string()) {
    return response.status >= 500 ? answer_of_status(response, now)
                                  : answer_of(Outcome::kMalformed, "no code");
  }
  const auto code = code_node.string().value_or("");
  if (response.status == 200 && code == "Ok") return std::nullopt;
  auto answer = answer_of(outcome_of_code(code, response.status),
                          fmt::format("HTTP {} code {}", response.status, quoted(code)));
  answer.retry_after = retry_after(response, now);
  return answer;
}

// The document, or what the response means without one. OSRM says 400 in JSON always: another 400 is a
// proxy's or a portal's.
tl::expected<base::JsonDocument, ProviderAnswer> document_of(const HttpResponse& response,
                                                             base::WallTime now) {
  if (response.status != 200 && response.status != 400 && response.status < 500)
    return tl::unexpected(answer_of_status(response, now));
  auto document = parsed(response);
  if (!document && response.status >= 500) return tl::unexpected(answer_of_status(response, now));
  return document;
}

class Osrm final : public ApiFormat {
 public:
  explicit Osrm(ApiConfig config) : config_(std::move(config)) {}

  bool serves(base::Vehicle vehicle) const override {
    return std::ranges::find(config_.vehicles, vehicle) != config_.vehicles.end();
  }

  Capability capability(base::Vehicle) const override {
    return {kMaxRoutePlaces - 2, TableShape::kMatrix, kMaxTablePlaces / 2,
            kMaxTablePlaces * kMaxTablePlaces / 4};
  }

  HttpRequest route_request(const TripRequest& trip) const override {
    HttpRequest request;
    request.target = fmt::format("/route/v1/{}/{}?overview=false&steps=false", config_.profile,
                                 joined_lon_lat(places_of(trip), ";"));
    return request;
  }

  ProviderAnswer read_route(const HttpResponse& response, const TripRequest& trip,
                            base::WallTime now) const override {
    if (response.status == 200) {
      if (auto quick = read_quickly(response.body, trip)) return *std::move(quick);
    }
    const auto document = document_of(response, now);
    if (!document) return document.error();
    base::Faults faults("body");
    const auto root = document->root(faults);
    if (auto refused = refusal(response, root, now)) return *std::move(refused);
    return read_ok(root, trip);
  }

  HttpRequest table_request(const TableRequest& table) const override {
    auto places = table.sources;
    places.insert(places.end(), table.destinations.begin(), table.destinations.end());
    std::string sources, destinations;
    for (std::size_t i = 0; i < places.size(); ++i) {
      auto& side = i < table.sources.size() ? sources : destinations;
      side += fmt::format("{}{}", side.empty() ? "" : ";", i);
    }
    HttpRequest request;
    request.target = fmt::format("/table/v1/{}/{}?sources={}&destinations={}&annotations=duration,distance",
                                 config_.profile, joined_lon_lat(places, ";"), sources, destinations);
    return request;
  }

  TableAnswer read_table(const HttpResponse& response, const TableRequest& table,
                         base::WallTime now) const override {
    const auto document = document_of(response, now);
    if (!document) return no_cells(document.error());
    base::Faults faults("body");
    const auto root = document->root(faults);
    if (auto refused = refusal(response, root, now)) return no_cells(*std::move(refused));
    auto answer = nested_cells(root.optional("distances"), root.optional("durations"), table);
    refuse_snapped_cells(root, "distance", table, answer);
    return answer;
  }

 private:
  const ApiConfig config_;
};

}  // namespace

std::unique_ptr<ApiFormat> osrm_format(ApiConfig config) {
  if (config.profile.empty()) config.profile = "driving";
  return std::make_unique<Osrm>(std::move(config));
}

}  // namespace reckon::provider
