#include "reckon/dispatch/vroom_parts.h"

#include <algorithm>
#include <string>
#include <utility>

namespace reckon::dispatch {
namespace {

using base::JsonNode;

constexpr std::int64_t kMaxSkill = 4'294'967'295;
constexpr std::size_t kMaxSkills = 1000;

}  // namespace

std::vector<std::uint32_t> read_skills(const JsonNode& node) {
  std::vector<std::uint32_t> out;
  const auto numbers = node.integers(kMaxSkills, 0, kMaxSkill);
  if (!numbers) return out;
  for (const auto number : *numbers) out.push_back(static_cast<std::uint32_t>(number));
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::optional<TimeWindow> read_window(const JsonNode& node) {
  const auto ends = node.integers(2, 0, kMaxTimeS);
  if (!ends) return std::nullopt;
  if (ends->size() == 2 && (*ends)[0] <= (*ends)[1]) return TimeWindow{(*ends)[0], (*ends)[1]};
  node.fault("is not a time window; allowed: [start, end] with start <= end");
  return std::nullopt;
}

std::vector<TimeWindow> read_windows(const JsonNode& node) {
  if (!node.present()) return {TimeWindow{}};
  std::vector<TimeWindow> out;
  for (const JsonNode& item : node.items(kMaxWindows)) {
    if (const auto one = read_window(item)) out.push_back(*one);
  }
  if (out.empty() && node.is_array() && node.items(kMaxWindows).empty()) {
    node.fault("is empty; allowed: at least one time window, or no such key");
  }
  return out.empty() ? std::vector{TimeWindow{}} : merged(std::move(out));
}

std::int64_t read_seconds(const JsonNode& node) {
  return node.integer(0, kMaxActionS).value_or(0);
}

std::optional<geo::LatLng> read_coordinates(const JsonNode& node) {
  const auto pair = node.items(2);
  if (!node.is_array()) return std::nullopt;
  if (pair.size() != 2) {
    node.fault("is not a place; allowed: [longitude, latitude] in degrees");
    return std::nullopt;
  }
  const auto lng = pair[0].number(-360, 360);
  const auto lat = pair[1].number(-360, 360);
  if (!lng || !lat) return std::nullopt;
  const auto place = geo::LatLng::from_degrees(*lat, *lng, node.pointer());
  if (place) return *place;
  node.fault(place.error().message + "; the order here is [longitude, latitude]");
  return std::nullopt;
}

WireName read_name(const JsonNode& node) {
  WireName wire;
  wire.id = node.required("id").integer(0, kMaxWireId).value_or(0);
  if (const auto text = node.optional("description").string(kMaxDescription))
    wire.description = std::string(*text);
  return wire;
}

}  // namespace reckon::dispatch
