// openrouteservice's matrix, which also answers single trips as a table of one cell. Longitude first, metres
// as asked for, seconds; numeric codes inside `error`, which is plain text when the gateway refuses.

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

constexpr std::size_t kMaxCells = 2500;  // the server's default, where its profile is prepared for tables
constexpr std::size_t kMaxSide = 50;

constexpr std::array<Meaning, 10> kCodes = {{
    {"2004", Outcome::kBadRequest},  // too large
    {"2009", Outcome::kNoRoute},
    {"2010", Outcome::kNoRoute},  // point not found
    {"6001", Outcome::kBadRequest},
    {"6002", Outcome::kBadRequest},
    {"6003", Outcome::kBadRequest},
    {"6004", Outcome::kBadRequest},
    {"6010", Outcome::kNoRoute},      // point not found
    {"6020", Outcome::kNoRoute},      // node cap
    {"6099", Outcome::kUnavailable},  // unknown
}};

ProviderAnswer read_refusal(const HttpResponse& response, base::WallTime now) {
  auto answer = answer_of_status(response, now);
  const auto document = parsed(response);
  if (!document) return answer;
  base::Faults faults("body");
  const auto root = document->root(faults);
  if (!root.is_object()) return answer;
  // The hosted gateway says a spent day as 403 with text.
  const auto text = text_of(root, "error");
  if (response.status == 403 && (text.find("uota") != std::string::npos)) answer.outcome = Outcome::kQuota;
  if (!text.empty()) answer.detail = fmt::format("HTTP {} {}", response.status, text);
  const auto error = root.optional("error");
  const auto code = code_of(error, "code");
  if (!code) return answer;
  answer.outcome = meaning_of(std::to_string(*code), kCodes).value_or(answer.outcome);
  answer.detail = fmt::format("HTTP {} code {} {}", response.status, *code, text_of(error, "message"));
  return answer;
}

void write_indices(base::JsonWriter& json, std::string_view key, std::size_t from, std::size_t to) {
  json.key(key).begin_array();
  for (std::size_t i = from; i < to; ++i) json.string(std::to_string(i));
  json.end_array();
}

TableRequest one_cell(const TripRequest& trip) {
  return {{trip.from}, {trip.to}, trip.vehicle};
}

class OpenRouteService final : public ApiFormat {
 public:
  explicit OpenRouteService(ApiConfig config) : config_(std::move(config)) {}

  bool serves(base::Vehicle vehicle) const override {
    return std::ranges::find(config_.vehicles, vehicle) != config_.vehicles.end();
  }

  Capability capability(base::Vehicle) const override {
    return {0, TableShape::kMatrix, kMaxSide, kMaxCells};
  }

  HttpRequest route_request(const TripRequest& trip) const override { return table_request(one_cell(trip)); }

  ProviderAnswer read_route(const HttpResponse& response, const TripRequest& trip,
                            base::WallTime now) const override {
    auto table = read_table(response, one_cell(trip), now);
    return table.cells.empty() ? std::move(table.whole) : std::move(table.cells.front());
  }

  HttpRequest table_request(const TableRequest& table) const override {
    std::string body;
    base::JsonWriter json(body);
    json.begin_object().key("locations").begin_array();
    for (const auto* side : {&table.sources, &table.destinations}) {
      for (const auto& place : *side) {
        json.begin_array()
            .raw(coordinate_text(place.lng_deg()))
            .raw(coordinate_text(place.lat_deg()))
            .end_array();
      }
    }
    json.end_array();
    const auto sources = table.sources.size();
    write_indices(json, "sources", 0, sources);
    write_indices(json, "destinations", sources, sources + table.destinations.size());
    json.key("metrics").begin_array().string("duration").string("distance").end_array();
    json.key("units").string("m").end_object();
    auto request = json_post("/v2/matrix/" + config_.profile, std::move(body));
    if (!config_.key.empty()) request.headers.push_back({"Authorization", std::string(config_.key.reveal())});
    return request;
  }

  TableAnswer read_table(const HttpResponse& response, const TableRequest& table,
                         base::WallTime now) const override {
    if (response.status != 200) return no_cells(read_refusal(response, now));
    const auto document = parsed(response);
    if (!document) return no_cells(document.error());
    base::Faults faults("body");
    const auto root = document->root(faults);
    if (!root.is_object()) return no_cells(answer_of(Outcome::kMalformed, "no object"));
    auto answer = nested_cells(root.optional("distances"), root.optional("durations"), table);
    refuse_snapped_cells(root, "snapped_distance", table, answer);
    return answer;
  }

 private:
  const ApiConfig config_;
};

}  // namespace

std::unique_ptr<ApiFormat> openrouteservice_format(ApiConfig config) {
  if (config.profile.empty()) config.profile = "driving-car";
  return std::make_unique<OpenRouteService>(std::move(config));
}

}  // namespace reckon::provider
