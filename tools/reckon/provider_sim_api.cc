#include "provider_sim_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <random>
#include <utility>

#include "reckon/base/csv.h"
#include "reckon/distance/habits.h"

namespace reckon::cli {
namespace {

std::optional<double> number_of(const base::JsonNode& node) {
  if (node.is_number()) return node.number(-1e9, 1e9);
  return node.is_string() ? base::parse_number(node.string().value_or("")) : std::nullopt;
}

std::optional<geo::LatLng> place(std::optional<double> lat, std::optional<double> lon) {
  if (!lat || !lon) return std::nullopt;
  const auto made = geo::LatLng::from_degrees(*lat, *lon, "place");
  return made ? std::optional(*made) : std::nullopt;
}

// The first two numbers of a list with commas.
std::optional<std::array<double, 2>> two_numbers(std::string_view text) {
  const auto comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(comma + 1);
  const auto first = base::parse_number(text.substr(0, comma));
  const auto second = base::parse_number(rest.substr(0, rest.find(',')));
  if (!first || !second) return std::nullopt;
  return std::array{*first, *second};
}

bool leads_to(const SimPath& path, const SimRequest& request) {
  if (path.method != request.method) return false;
  return path.path.ends_with('/') ? request.path.starts_with(path.path) : request.path == path.path;
}

}  // namespace

std::string_view SimRequest::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string_view{} : found->second;
}

std::vector<std::string> SimRequest::parameters(std::string_view name) const {
  std::vector<std::string> values;
  for (std::string_view rest = query; !rest.empty();) {
    const auto end = rest.find('&');
    const auto pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name)
      values.push_back(decoded(pair.substr(equals + 1)));
  }
  return values;
}

std::string SimRequest::parameter(std::string_view name) const {
  auto values = parameters(name);
  return values.empty() ? std::string{} : std::move(values.front());
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<geo::LatLng> lon_lat_of(std::string_view text) {
  const auto pair = two_numbers(text);
  return pair ? place((*pair)[1], (*pair)[0]) : std::nullopt;
}

std::optional<geo::LatLng> lat_lon_of(std::string_view text) {
  const auto pair = two_numbers(text);
  return pair ? place((*pair)[0], (*pair)[1]) : std::nullopt;
}

std::optional<geo::LatLng> place_of(const base::JsonNode& object, std::string_view lat,
                                    std::string_view lon) {
  if (!object.is_object()) return std::nullopt;
  return place(number_of(object.optional(lat)), number_of(object.optional(lon)));
}

std::optional<Places> lon_lats_of(std::string_view text, char mark) {
  Places places;
  for (;;) {
    const auto end = text.find(mark);
    const auto one = lon_lat_of(text.substr(0, end));
    if (!one) return std::nullopt;
    places.push_back(*one);
    if (end == std::string_view::npos) return places;
    text.remove_prefix(end + 1);
  }
}

SimHabits::SimHabits(const road::Network& map, std::uint32_t seed, double closed_share)
    : network(map),
      router(
          network,
          [&] {
            std::mt19937 random(seed);
            return distance::draw_habits(network, random, closed_share);
          }(),
          distance::RouteFitOptions{}.max_snap_m) {}

SimTrip SimWorld::trip(const geo::LatLng& from, const geo::LatLng& to) {
  return trip(std::array{from, to});
}

SimTrip SimWorld::trip(std::span<const geo::LatLng> places) {
  SimTrip told;
  std::int64_t metres = 0, deciseconds = 0;
  for (std::size_t i = 0; i + 1 < places.size(); ++i) {
    const auto leg = map_.route(query_, vehicle_, places[i], places[i + 1]);
    if (!leg.from) return {SimTrip::Status::kNoRoadAtStart, 0, 0, {}};
    if (!leg.to) return {SimTrip::Status::kNoRoadAtEnd, 0, 0, {}};
    if (leg.status != road::RouteStatus::kOk) return {};
    if (i == 0) told.snaps.push_back(*leg.from);
    told.snaps.push_back(*leg.to);
    if (habits_ == nullptr) {
      metres += leg.distance.value;
      deciseconds += leg.duration_ds;
      continue;
    }
    const auto said = habits_->router.route(places[i], places[i + 1]);
    if (!said.found) return {};
    metres += std::llround(said.metres);
    deciseconds += std::llround(10 * said.seconds);
  }
  told.status = SimTrip::Status::kOk;
  told.metres = mischief_.constant_m.value_or(std::llround(static_cast<double>(metres) * mischief_.factor));
  told.seconds = static_cast<double>(deciseconds) / 10;
  return told;
}

std::optional<int> SimWorld::code() const {
  return mischief_.kind == SimFault::kCode ? std::optional(static_cast<int>(mischief_.arg)) : std::nullopt;
}

const std::vector<std::string>& sim_api_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const auto paths : {korean_sim_paths(), world_sim_paths()}) {
      for (const auto& path : paths) {
        if (std::ranges::find(found, path.api) == found.end()) found.emplace_back(path.api);
      }
    }
    return found;
  }();
  return names;
}

SimReply ProviderApi::answer(const SimRequest& request, const Mischief& mischief) {
  SimWorld world(map_, vehicle_, query_, habits_.get(), mischief);
  for (const auto paths : {korean_sim_paths(), world_sim_paths()}) {
    for (const auto& path : paths) {
      const bool spoken = std::ranges::find(apis_, path.api) != apis_.end();
      if (spoken && leads_to(path, request)) return path.answer(world, request);
    }
  }
  return {404, R"({"error":"no such path"})"};
}

}  // namespace reckon::cli
