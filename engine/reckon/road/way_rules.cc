#include "reckon/road/way_rules.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace reckon::road {
namespace {

using base::Vehicle;

constexpr std::uint32_t kKmh = 1000;
constexpr std::uint32_t kOpenedByTagKmh = 10;  ///< a class closed by default, opened by an explicit tag
constexpr std::uint32_t kFootKmh = 5;
constexpr std::uint32_t kPushedUpStepsKmh = 1;  ///< a bicycle

constexpr std::size_t index_of(Vehicle vehicle) {
  return static_cast<std::size_t>(vehicle);
}

// --- classes
// ----------------------------------------------------------------------------------------------------------

struct ClassRule {
  std::string_view highway;
  RoadClass road_class;
  std::array<std::uint32_t, 4> kmh;  ///< motorcycle, bicycle, foot, car; 0: closed unless a tag opens it
  std::uint32_t others_car_kmh = 0;  ///< a car's where it is closed here and on some maps is not
};

// Traffic-free speeds of urban delivery where no maxspeed is tagged.
constexpr ClassRule kClasses[] = {
    {"motorway", RoadClass::kMotorway, {90, 0, 0, 90}},
    {"motorway_link", RoadClass::kMotorwayLink, {45, 0, 0, 45}},
    {"trunk", RoadClass::kTrunk, {80, 16, 5, 85}},
    {"trunk_link", RoadClass::kTrunkLink, {40, 16, 5, 40}},
    {"primary", RoadClass::kPrimary, {60, 16, 5, 65}},
    {"primary_link", RoadClass::kPrimaryLink, {30, 16, 5, 30}},
    {"secondary", RoadClass::kSecondary, {50, 16, 5, 55}},
    {"secondary_link", RoadClass::kSecondaryLink, {25, 16, 5, 25}},
    {"tertiary", RoadClass::kTertiary, {40, 16, 5, 40}},
    {"tertiary_link", RoadClass::kTertiaryLink, {20, 16, 5, 20}},
    {"unclassified", RoadClass::kUnclassified, {30, 15, 5, 25}},
    {"residential", RoadClass::kResidential, {25, 15, 5, 25}},
    {"living_street", RoadClass::kLivingStreet, {10, 10, 5, 10}},
    {"service", RoadClass::kService, {15, 12, 5, 15}},
    {"road", RoadClass::kRoad, {20, 12, 5, 0}, 20},
    {"track", RoadClass::kTrack, {15, 12, 5, 0}, 15},
    {"pedestrian", RoadClass::kPedestrian, {0, 0, 5, 0}},
    {"footway", RoadClass::kFootway, {0, 0, 5, 0}},
    {"path", RoadClass::kPath, {0, 10, 5, 0}},
    {"cycleway", RoadClass::kCycleway, {0, 16, 5, 0}},
    {"bridleway", RoadClass::kBridleway, {0, 0, 5, 0}},
    {"steps", RoadClass::kSteps, {0, 0, 2, 0}},
};

const ClassRule* class_of(std::string_view highway) {
  const auto* found = std::ranges::find(kClasses, highway, &ClassRule::highway);
  return found == std::end(kClasses) ? nullptr : found;
}

// --- access
// -----------------------------------------------------------------------------------------------------------

enum class Access : std::uint8_t { kUnsaid = 0, kNo = 1, kPrivate = 2, kDestination = 3, kYes = 4 };

constexpr bool ends_only(Access access) {
  return access == Access::kPrivate || access == Access::kDestination;
}

bool one_of(std::string_view value, std::initializer_list<std::string_view> values) {
  return std::ranges::find(values, value) != values.end();
}

Access access_of_single(std::string_view value) {
  if (one_of(value, {"yes", "permissive", "designated", "official", "public"})) return Access::kYes;
  if (one_of(value, {"destination", "customers"})) return Access::kDestination;
  if (one_of(value, {"private", "delivery", "residents", "permit"})) return Access::kPrivate;
  if (one_of(value, {"no", "agricultural", "forestry", "emergency", "psv", "bus", "taxi", "military",
                     "use_sidepath", "dismount", "restricted"})) {
    return Access::kNo;
  }
  return Access::kUnsaid;
}

// The next element of a `;` list, trimmed; shortens `list`.
std::string_view next_of_list(std::string_view& list) {
  const auto cut = std::min(list.find(';'), list.size());
  auto item = list.substr(0, cut);
  list.remove_prefix(std::min(cut + 1, list.size()));
  while (item.starts_with(' ')) item.remove_prefix(1);
  while (item.ends_with(' ')) item.remove_suffix(1);
  return item;
}

// Of a list the most generous value holds: each names somebody who may pass.
Access access_of(std::string_view values) {
  auto best = Access::kUnsaid;
  while (!values.empty()) best = std::max(best, access_of_single(next_of_list(values)));
  return best;
}

struct Verdict {
  Access access = Access::kUnsaid;
  bool named_mode = false;  ///< a key of the vehicle's own family said it, not the general `access`
};

// Most specific key first: the first that says something decides.
std::span<const std::string_view> access_keys(Vehicle vehicle) {
  static constexpr std::string_view kMotorcycle[] = {"motorcycle", "motor_vehicle", "vehicle", "access"};
  static constexpr std::string_view kBicycle[] = {"bicycle", "vehicle", "access"};
  static constexpr std::string_view kFoot[] = {"foot", "access"};
  static constexpr std::string_view kCar[] = {"motorcar", "motor_vehicle", "vehicle", "access"};
  switch (vehicle) {
    case Vehicle::kMotorcycle:
      return kMotorcycle;
    case Vehicle::kBicycle:
      return kBicycle;
    case Vehicle::kFoot:
      return kFoot;
    case Vehicle::kCar:
      return kCar;
  }
  return kCar;
}

Verdict access_for(const Tags& tags, Vehicle vehicle, std::string_view suffix = {}) {
  for (const auto key : access_keys(vehicle)) {
    auto access = suffix.empty() ? Access::kUnsaid : access_of(tags.get(key, suffix));
    if (access == Access::kUnsaid) access = access_of(tags.get(key));
    if (access != Access::kUnsaid) return {access, key != "access"};
  }
  return {};
}

// --- directions
// -------------------------------------------------------------------------------------------------------

struct Ways {
  bool forward = true;
  bool backward = true;
};

std::optional<Ways> oneway_value(std::string_view value) {
  if (one_of(value, {"yes", "true", "1"})) return Ways{true, false};
  if (one_of(value, {"-1", "reverse"})) return Ways{false, true};
  if (one_of(value, {"no", "false", "0", "alternating"})) return Ways{true, true};
  if (value == "reversible") return Ways{false, false};  // which way it runs now is not in the map
  return std::nullopt;
}

bool round_junction(const Tags& tags) {
  return tags.is("junction", "roundabout") || tags.is("junction", "circular");
}

bool implied_oneway(const Tags& tags) {
  return tags.is("highway", "motorway") || round_junction(tags);
}

bool contraflow_for_bicycles(const Tags& tags) {
  for (const std::string_view key : {"cycleway", "cycleway:left", "cycleway:right", "cycleway:both"}) {
    if (tags.get(key).starts_with("opposite")) return true;
  }
  return tags.is("cycleway:left:oneway", "-1") || tags.is("cycleway:right:oneway", "-1") ||
         tags.is("cycleway:left:oneway", "no") || tags.is("cycleway:right:oneway", "no");
}

Ways directions_for(const Tags& tags, Vehicle vehicle) {
  const std::string_view own[] = {":motorcycle", ":bicycle", ":foot", ":motorcar"};
  if (const auto said = oneway_value(tags.get("oneway", own[index_of(vehicle)]))) return *said;
  if (vehicle == Vehicle::kFoot) return {};  // oneway binds vehicles
  if (vehicle != Vehicle::kBicycle) {
    if (const auto said = oneway_value(tags.get("oneway:motor_vehicle"))) return *said;
  }
  if (const auto said = oneway_value(tags.get("oneway:vehicle"))) return *said;
  if (vehicle == Vehicle::kBicycle && contraflow_for_bicycles(tags)) return {};
  if (const auto said = oneway_value(tags.get("oneway"))) return *said;
  return {true, !implied_oneway(tags)};
}

// --- speeds
// -----------------------------------------------------------------------------------------------------------

constexpr std::uint32_t kNoCapKmh = 200;

// A bicycle has no springs: it is slowed by what others hardly feel.
std::uint32_t surface_cap_kmh(const Tags& tags, Vehicle vehicle) {
  const auto surface = tags.get("surface");
  const bool bicycle = vehicle == Vehicle::kBicycle;
  if (surface == "paving_stones") return bicycle ? 13 : kNoCapKmh;
  if (one_of(surface, {"compacted", "fine_gravel"})) return bicycle ? 11 : 30;
  if (one_of(surface, {"cobblestone", "unhewn_cobblestone", "sett"})) return bicycle ? 9 : 30;
  if (one_of(surface, {"unpaved", "gravel", "pebblestone"})) return bicycle ? 8 : 30;
  if (one_of(surface, {"dirt", "earth", "ground", "grass", "rock", "wood"})) return bicycle ? 7 : 15;
  if (one_of(surface, {"sand", "mud"})) return bicycle ? 5 : 15;
  return kNoCapKmh;
}

std::uint32_t service_cap_kmh(const Tags& tags) {
  const auto service = tags.get("service");
  if (one_of(service, {"driveway", "parking_aisle", "drive-through", "slipway"})) return 10;
  return kNoCapKmh;
}

std::optional<std::uint32_t> tagged_maxspeed(const Tags& tags, Vehicle vehicle, std::string_view suffix) {
  const std::string_view own = vehicle == Vehicle::kMotorcycle ? ":motorcycle" : ":motorcar";
  if (const auto speed = parse_maxspeed(tags.get("maxspeed", own))) return speed;
  if (const auto speed = parse_maxspeed(tags.get("maxspeed", suffix))) return speed;
  if (const auto speed = parse_maxspeed(tags.get("maxspeed"))) return speed;
  for (const std::string_view key : {"maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic"}) {
    if (const auto speed = parse_maxspeed(tags.get(key))) return speed;
  }
  return std::nullopt;
}

std::optional<double> leading_number(std::string_view& text);

// A car waits for whoever comes the other way where there is one lane for both.
bool narrow_for_car(const Tags& tags) {
  constexpr double kOneCarM = 3;
  const auto directions = directions_for(tags, Vehicle::kCar);
  if (!directions.forward || !directions.backward) return false;
  auto width = tags.get("width");
  const auto metres = leading_number(width);
  const bool narrow = metres && *metres > 0 && *metres <= kOneCarM && (width.empty() || width == "m");
  return narrow || tags.is("lanes", "1");
}

// A limit is a ceiling: over a whole street with its junctions a vehicle makes about four fifths of it.
constexpr std::uint32_t kShareOfLimitPercent = 80;

std::uint32_t speed_for(const Tags& tags, Vehicle vehicle, std::uint32_t class_kmh, std::string_view suffix) {
  std::uint32_t speed = class_kmh * kKmh;
  if (vehicle == Vehicle::kFoot) return speed;
  const auto limit = tagged_maxspeed(tags, vehicle, suffix);
  if (vehicle == Vehicle::kBicycle) {
    if (limit) speed = std::min(speed, *limit);
  } else if (limit) {
    const std::uint32_t top = (vehicle == Vehicle::kMotorcycle ? 100u : 130u) * kKmh;
    speed = std::min(top, *limit / 100 * kShareOfLimitPercent);
  }
  if (vehicle == Vehicle::kCar && narrow_for_car(tags)) speed /= 2;
  speed = std::min(speed, surface_cap_kmh(tags, vehicle) * kKmh);
  return std::max(kKmh, std::min(speed, service_cap_kmh(tags) * kKmh));
}

// --- one vehicle
// ------------------------------------------------------------------------------------------------------

struct ClassSpeed {
  std::uint32_t kmh = 0;  ///< 0: closed
  bool unsure = false;    ///< LaneUse's
};

// Speed of the class for the vehicle once access is known.
ClassSpeed class_speed(const Tags& tags, Vehicle vehicle, const ClassRule& rule, Verdict verdict) {
  if (verdict.access == Access::kNo) return {};
  const auto kmh = rule.kmh[index_of(vehicle)];
  const bool opened = verdict.named_mode && verdict.access != Access::kUnsaid;
  if (kmh == 0 && opened) return {vehicle == Vehicle::kFoot ? kFootKmh : kOpenedByTagKmh};
  const bool slow = vehicle == Vehicle::kBicycle || vehicle == Vehicle::kFoot;
  if (slow && tags.is("motorroad", "yes") && !opened) return {};
  if (vehicle != Vehicle::kFoot && tags.is("area", "yes")) return {};  // an edge of a square is no lane
  const bool closed_to_cars = kmh == 0 && vehicle == Vehicle::kCar;
  const bool emergency = tags.is("service", "emergency_access") && !opened;
  return {closed_to_cars ? rule.others_car_kmh : kmh, closed_to_cars || emergency};
}

// Who may not ride gets off and walks: a bicycle that is pushed goes where people go, one-way streets
// included, but on roads that vehicles use not against a roundabout.
void push_bicycle(const Tags& tags, const ClassRule& rule, WayUse& use) {
  if (tags.is("bicycle", "no")) return;
  const bool round = round_junction(tags) && rule.kmh[index_of(Vehicle::kBicycle)] != 0;
  const auto ways = round ? directions_for(tags, Vehicle::kBicycle) : Ways{};
  const auto speed = rule.road_class == RoadClass::kSteps ? kPushedUpStepsKmh * kKmh : kPushedMetresPerHour;
  for (std::size_t d = 0; d < 2; ++d) {
    auto& bicycle = use.by[index_of(Vehicle::kBicycle)][d];
    const auto& foot = use.by[index_of(Vehicle::kFoot)][d];
    if (!(d == 0 ? ways.forward : ways.backward)) continue;
    if (!bicycle.open() && foot.open()) bicycle = {speed, foot.ends_only, foot.destination};
  }
}

void read_road(const Tags& tags, const ClassRule& rule, WayUse& use) {
  constexpr std::string_view kSuffix[] = {":forward", ":backward"};
  for (const auto vehicle : base::kAllVehicles) {
    const auto directions = directions_for(tags, vehicle);
    for (std::size_t d = 0; d < 2; ++d) {
      if (!(d == 0 ? directions.forward : directions.backward)) continue;
      const auto verdict = access_for(tags, vehicle, kSuffix[d]);
      const auto speed = class_speed(tags, vehicle, rule, verdict);
      if (speed.kmh == 0) continue;
      use.by[index_of(vehicle)][d] = {speed_for(tags, vehicle, speed.kmh, kSuffix[d]),
                                      ends_only(verdict.access), verdict.access == Access::kDestination,
                                      speed.unsure};
    }
  }
  push_bicycle(tags, rule, use);
  const bool to_a_door = rule.road_class == RoadClass::kService && service_cap_kmh(tags) < kNoCapKmh;
  use.road_class = to_a_door ? RoadClass::kDriveway : rule.road_class;
  use.motor_only = rule.highway.starts_with("motorway") || tags.is("motorroad", "yes");
  use.through_only = rule.highway.starts_with("motorway") || tags.is("tunnel", "yes");
}

// People always board; a vehicle only where the tags say that it is carried.
void read_ferry(const Tags& tags, WayUse& use) {
  constexpr std::uint32_t kFerryKmh = 10;
  use.road_class = RoadClass::kFerry;
  use.ferry_duration_s = parse_duration_s(tags.get("duration")).value_or(0);
  for (const auto vehicle : base::kAllVehicles) {
    const auto verdict = access_for(tags, vehicle);
    const bool motor = vehicle == Vehicle::kMotorcycle || vehicle == Vehicle::kCar;
    const bool carried =
        motor ? verdict.named_mode && verdict.access >= Access::kPrivate : verdict.access != Access::kNo;
    if (!carried) continue;
    const auto directions = oneway_value(tags.get("oneway")).value_or(Ways{});
    const LaneUse lane{kFerryKmh * kKmh, false};
    if (directions.forward) use.by[index_of(vehicle)][0] = lane;
    if (directions.backward) use.by[index_of(vehicle)][1] = lane;
  }
}

// --- numbers
// ----------------------------------------------------------------------------------------------------------

std::optional<double> leading_number(std::string_view& text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (text.starts_with(' ')) text.remove_prefix(1);
  return value;
}

std::optional<std::uint32_t> sane_speed(double metres_per_hour) {
  if (metres_per_hour < 1000 || metres_per_hour > 200'000) return std::nullopt;
  return static_cast<std::uint32_t>(std::lround(metres_per_hour));
}

// `CC:zone`, e.g. KR:urban. Korea's own values first (Road Traffic Act enforcement rule art. 19), then the
// common ones.
std::optional<std::uint32_t> national_speed(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != 2) return std::nullopt;
  const bool korea = text.starts_with("KR");
  auto zone = text.substr(colon + 1);
  if (zone == "urban") return 50 * kKmh;
  if (zone == "rural") return (korea ? 60 : 80) * kKmh;
  if (zone == "trunk") return (korea ? 90 : 100) * kKmh;
  if (zone == "motorway" || zone == "expressway") return (korea ? 100 : 120) * kKmh;
  if (zone == "living_street") return 10 * kKmh;
  if (zone == "school") return 30 * kKmh;
  for (const std::string_view prefix : {"zone:", "zone"}) {
    if (zone.starts_with(prefix)) zone.remove_prefix(prefix.size());
  }
  const auto number = leading_number(zone);
  return number && zone.empty() ? sane_speed(*number * 1000) : std::nullopt;
}

std::optional<std::int64_t> sane_duration(double seconds) {
  constexpr double kWeek = 7 * 86'400.0;
  if (!(seconds >= 1 && seconds <= kWeek)) return std::nullopt;
  return std::llround(seconds);
}

// PT1H30M, PT45M, PT90S
std::optional<std::int64_t> iso_duration_s(std::string_view text) {
  double seconds = 0;
  while (!text.empty()) {
    const auto number = leading_number(text);
    if (!number || text.empty()) return std::nullopt;
    const double unit = text[0] == 'H' ? 3600 : text[0] == 'M' ? 60 : text[0] == 'S' ? 1 : 0;
    if (unit == 0) return std::nullopt;
    seconds += *number * unit;
    text.remove_prefix(1);
  }
  return sane_duration(seconds);
}

// --- turn rules
// -------------------------------------------------------------------------------------------------------

constexpr std::uint8_t bit(Vehicle vehicle) {
  return static_cast<std::uint8_t>(1u << index_of(vehicle));
}

std::uint8_t vehicles_named(std::string_view name) {
  if (name == "motorcycle") return bit(Vehicle::kMotorcycle);
  if (name == "motorcar") return bit(Vehicle::kCar);
  if (name == "bicycle") return bit(Vehicle::kBicycle);
  if (name == "foot") return bit(Vehicle::kFoot);
  if (name == "motor_vehicle") return bit(Vehicle::kMotorcycle) | bit(Vehicle::kCar);
  if (name == "vehicle") return bit(Vehicle::kMotorcycle) | bit(Vehicle::kCar) | bit(Vehicle::kBicycle);
  return 0;
}

std::optional<TurnRuleTags> turn_rule_value(std::string_view value, std::uint8_t vehicles) {
  if (vehicles == 0) return std::nullopt;
  const bool u_turn = value.ends_with("_u_turn");
  if (value.starts_with("no_")) return TurnRuleTags{TurnRuleKind::kNo, u_turn, vehicles};
  if (value.starts_with("only_")) return TurnRuleTags{TurnRuleKind::kOnly, u_turn, vehicles};
  return std::nullopt;
}

std::uint8_t excepted(std::string_view list) {
  std::uint8_t bits = 0;
  while (!list.empty()) bits |= vehicles_named(next_of_list(list));
  return bits;
}

}  // namespace

std::string_view Tags::get(std::string_view key, std::string_view suffix) const {
  for (const auto& tag : tags_) {
    if (tag.key.size() == key.size() + suffix.size() && tag.key.starts_with(key) &&
        tag.key.ends_with(suffix)) {
      return tag.value;
    }
  }
  return {};
}

bool WayUse::open_to_any() const {
  return std::ranges::any_of(by, [](const auto& lanes) { return lanes[0].open() || lanes[1].open(); });
}

bool WayUse::used_by_any() const {
  return std::ranges::any_of(
      by, [](const auto& lanes) { return lanes[0].open_or_unsure() || lanes[1].open_or_unsure(); });
}

WayUse read_way(const Tags& tags) {
  WayUse use;
  if (const auto* rule = class_of(tags.get("highway"))) {
    read_road(tags, *rule, use);
  } else if (tags.is("route", "ferry") && tags.get("highway").empty()) {
    read_ferry(tags, use);
  }
  return use;
}

std::uint8_t read_barrier(const Tags& tags) {
  const auto barrier = tags.get("barrier");
  std::uint8_t shut = 0;  // by the kind of barrier
  constexpr auto kMotor = static_cast<std::uint8_t>(bit(Vehicle::kMotorcycle) | bit(Vehicle::kCar));
  constexpr auto kWheels = static_cast<std::uint8_t>(kMotor | bit(Vehicle::kBicycle));
  if (one_of(barrier, {"wall", "fence", "hedge", "ditch", "retaining_wall", "city_wall", "guard_rail"})) {
    shut = kWheels | bit(Vehicle::kFoot);
  } else if (one_of(barrier, {"stile", "turnstile", "full-height_turnstile", "kissing_gate", "horse_stile",
                              "jersey_barrier", "debris", "log"})) {
    shut = kWheels;
  } else if (barrier == "bus_trap" || barrier == "sump_buster") {
    shut = bit(Vehicle::kCar);
  } else if (barrier == "bollard" && tags.is("bollard", "rising")) {
    shut = 0;
  } else if (one_of(barrier, {"bollard", "block", "cycle_barrier", "motorcycle_barrier", "chain", "planter",
                              "barrier_board"})) {
    shut = kMotor;
  }
  for (const auto vehicle : base::kAllVehicles) {
    const auto access = access_for(tags, vehicle).access;
    if (access == Access::kNo) shut |= bit(vehicle);
    if (access >= Access::kPrivate) shut &= static_cast<std::uint8_t>(~bit(vehicle));
  }
  return shut;
}

bool read_entrance(const Tags& tags) {
  constexpr std::array<std::string_view, 8> kNoWayIn = {"",        "no",     "exit",    "emergency",
                                                        "service", "garage", "parking", "fire_exit"};
  return std::ranges::find(kNoWayIn, tags.get("entrance")) == kNoWayIn.end() && !tags.is("access", "no");
}

bool read_building(const Tags& tags) {
  return !tags.get("building").empty() && !tags.is("building", "no");
}

std::uint8_t read_signals(const Tags& tags) {
  if (!tags.is("highway", "traffic_signals")) return 0;
  const auto direction = tags.get("traffic_signals:direction");
  return direction == "forward" ? 1 : direction == "backward" ? 2 : 3;
}

std::optional<TurnRuleTags> read_turn_rule(const Tags& tags, bool& conditional) {
  conditional = !tags.get("day_on").empty() || !tags.get("hour_on").empty() ||
                !tags.get("restriction:conditional").empty();
  if (!tags.get("day_on").empty() || !tags.get("hour_on").empty()) return std::nullopt;
  const auto vehicles = static_cast<std::uint8_t>(vehicles_named("vehicle") & ~excepted(tags.get("except")));
  if (auto rule = turn_rule_value(tags.get("restriction"), vehicles)) return rule;
  std::optional<TurnRuleTags> found;
  for (const std::string_view mode :
       {"motorcycle", "motorcar", "bicycle", "foot", "motor_vehicle", "vehicle"}) {
    const auto rule = turn_rule_value(tags.get("restriction:", mode), vehicles_named(mode));
    if (!found) {
      found = rule;
    } else if (rule && rule->kind == found->kind && rule->u_turn == found->u_turn) {
      found->vehicles |= rule->vehicles;
    }
  }
  return found;
}

std::optional<std::uint32_t> parse_maxspeed(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "none") return 130 * kKmh;
  if (text == "walk") return 7 * kKmh;
  if (const auto national = national_speed(text)) return national;
  std::optional<std::uint32_t> lowest;
  while (!text.empty()) {
    auto item = next_of_list(text);
    const auto number = leading_number(item);
    if (!number) return std::nullopt;
    const double unit = item.empty() || one_of(item, {"km/h", "kmh", "kph"}) ? 1000
                        : item == "mph"                                      ? 1609.344
                        : item == "knots"                                    ? 1852
                                                                             : 0;
    const auto speed = sane_speed(*number * unit);
    if (!speed) return std::nullopt;
    lowest = std::min(lowest.value_or(*speed), *speed);
  }
  return lowest;
}

std::optional<std::int64_t> parse_duration_s(std::string_view text) {
  if (text.starts_with("PT")) return iso_duration_s(text.substr(2));
  double parts[3] = {0, 0, 0};
  int count = 0;
  while (!text.empty() && count < 3) {
    const auto number = leading_number(text);
    if (!number || *number < 0) return std::nullopt;
    parts[count++] = *number;
    if (text.empty()) break;
    if (text[0] != ':') return std::nullopt;
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
  }
  if (!text.empty() || count == 0) return std::nullopt;
  if (count == 1) return sane_duration(parts[0] * 60);
  return sane_duration(parts[0] * 3600 + parts[1] * 60 + parts[2]);
}

bool in_korea(std::int32_t lat_e7, std::int32_t lng_e7) {
  // A rough outline in degrees (lng, lat): the land and its islands, without Tsushima, the Goto islands and
  // the land north of the armistice line. Coarse on purpose; no road crosses its edge.
  struct Corner {
    double lng, lat;
  };
  static constexpr Corner kOutline[] = {{124.0, 32.9},   {127.8, 32.9},  {128.9, 34.55}, {129.6, 35.2},
                                        {130.5, 36.5},   {132.1, 37.0},  {132.1, 37.6},  {130.6, 37.9},
                                        {128.45, 38.65}, {127.2, 38.35}, {126.6, 37.95}, {125.7, 37.75},
                                        {124.5, 38.1},   {124.0, 37.5}};
  const double lat = lat_e7 / 1e7;
  const double lng = lng_e7 / 1e7;
  bool inside = false;
  for (std::size_t i = 0, j = std::size(kOutline) - 1; i < std::size(kOutline); j = i++) {
    const auto& a = kOutline[i];
    const auto& b = kOutline[j];
    if ((a.lat > lat) != (b.lat > lat) && lng < (b.lng - a.lng) * (lat - a.lat) / (b.lat - a.lat) + a.lng)
      inside = !inside;
  }
  return inside;
}

}  // namespace reckon::road
