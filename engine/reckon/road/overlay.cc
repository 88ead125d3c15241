#include "reckon/road/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/geo/geodesic.h"
#include "reckon/road/way_rules.h"

namespace reckon::road {
namespace {

using base::JsonNode;
using base::JsonWriter;

constexpr std::size_t kMaxTextBytes = 500;
constexpr std::size_t kMaxIdBytes = 64;
constexpr std::int64_t kMaxVersion = 1'000'000'000;
constexpr std::int64_t kMaxWayId = std::int64_t{1} << 53;  // what JSON numbers hold exactly
constexpr std::int64_t kMaxLinkKmh = 200;

/// In the order of RoadClass.
constexpr std::array<std::string_view, kRoadClasses> kClassNames = {
    "motorway",      "motorway_link",  "trunk",     "trunk_link",    "primary",      "primary_link",
    "secondary",     "secondary_link", "tertiary",  "tertiary_link", "unclassified", "residential",
    "living_street", "service",        "road",      "track",         "pedestrian",   "footway",
    "path",          "cycleway",       "bridleway", "steps",         "ferry",        "driveway"};

std::optional<geo::LatLng> read_place(const JsonNode& node) {
  if (!node.present()) return std::nullopt;
  const auto parts = node.items(2);
  if (parts.size() != 2) {
    if (node.is_array()) node.fault("is not a place; [LAT, LON] in degrees is needed");
    return std::nullopt;
  }
  const auto lat = parts[0].number(), lng = parts[1].number();
  if (!lat || !lng) return std::nullopt;
  const auto place = geo::LatLng::from_degrees(*lat, *lng, "");
  if (!place) {
    node.fault(place.error().message);
    return std::nullopt;
  }
  if (geo::looks_swapped_in_korea(*lat, *lng)) {
    node.fault("latitude and longitude look swapped (the swapped pair lies in Korea); [LAT, LON] is needed");
    return std::nullopt;
  }
  return *place;
}

geo::LatLng place_or_zero(const JsonNode& node) {
  return read_place(node).value_or(geo::LatLng::from_e7(0, 0));
}

std::optional<base::WallTime> read_instant(const JsonNode& node) {
  const auto text = node.string(kMaxIdBytes);
  if (!text) return std::nullopt;
  const auto time = base::parse_rfc3339(*text, "");
  if (time) return *time;
  node.fault(time.error().message);
  return std::nullopt;
}

std::int64_t read_way_id(const JsonNode& node) {
  return node.integer(1, kMaxWayId).value_or(0);
}

std::optional<StreetName> read_street(const JsonNode& node) {
  const auto way = node.optional("way"), near = node.optional("near");
  if (way.present() && near.present()) {
    node.fault("names a street by both way and near; one of them is allowed");
    return std::nullopt;
  }
  if (way.present()) return read_way_id(way);
  if (near.present()) return place_or_zero(near);
  return std::nullopt;
}

CloseStreet read_close(const JsonNode& node) {
  CloseStreet close;
  if (const auto street = read_street(node)) {
    close.street = *street;
  } else if (!node.optional("way").present()) {
    node.fault("names no street; way (an OpenStreetMap way) or near ([LAT, LON]) is needed");
  }
  if (const auto heading = node.optional("heading"); heading.present())
    close.heading_deg = heading.number(0, 360);
  return close;
}

template <class Turn>
Turn read_turn(const JsonNode& node) {
  return {read_way_id(node.required("from_way")), read_way_id(node.required("to_way")),
          place_or_zero(node.required("at"))};
}

SetGate read_gate(const JsonNode& node) {
  return {place_or_zero(node.required("at")), node.required("open").boolean().value_or(true)};
}

AddLink read_link(const JsonNode& node) {
  AddLink link{place_or_zero(node.required("from")), place_or_zero(node.required("to"))};
  link.metres_per_hour =
      static_cast<std::uint32_t>(node.required("speed_kmh").integer(1, kMaxLinkKmh).value_or(1)) * 1000;
  if (const auto both = node.optional("both_ways"); both.present())
    link.both_ways = both.boolean().value_or(true);
  if (geo::geodesic_m(link.from, link.to) > kMaxLinkM)
    node.fault(fmt::format("is a road of more than {} m; a shorter one, or a new map, is needed", kMaxLinkM));
  return link;
}

std::optional<Box> read_area(const JsonNode& node) {
  const auto sides = node.items(4);
  if (sides.size() != 4) {
    if (node.is_array()) node.fault("is not an area; [WEST, SOUTH, EAST, NORTH] in degrees is needed");
    return std::nullopt;
  }
  const Box box{sides[1].number(-90, 90).value_or(0), sides[0].number(-180, 180).value_or(0),
                sides[3].number(-90, 90).value_or(0), sides[2].number(-180, 180).value_or(0)};
  if (box.south > box.north || box.west > box.east)
    node.fault(
        "is turned inside out; [WEST, SOUTH, EAST, NORTH] with WEST <= EAST, SOUTH <= NORTH is needed");
  return box;
}

ScaleSpeed read_speed(const JsonNode& node) {
  ScaleSpeed speed;
  speed.percent = static_cast<std::uint32_t>(
      node.required("percent").integer(kMinSpeedPerMille / 10, kMaxSpeedPerMille / 10).value_or(100));
  if (const auto name = node.optional("class"); name.present()) {
    const auto text = name.string();
    speed.road_class = road_class_from(text.value_or(""));
    if (text && !speed.road_class)
      name.fault(fmt::format("'{}' is no class of road; allowed: {}", *text, fmt::join(kClassNames, ", ")));
  }
  speed.street = read_street(node);
  if (const auto area = node.optional("area"); area.present()) speed.area = read_area(area);
  return speed;
}

std::vector<base::Vehicle> read_vehicles(const JsonNode& node) {
  std::vector<base::Vehicle> vehicles;
  if (!node.present()) return vehicles;
  const auto items = node.items(base::kAllVehicles.size());
  if (items.empty() && node.is_array()) node.fault("is empty; leave it out to mean all vehicles");
  for (const auto& item : items) {
    const auto name = item.string();
    if (!name) continue;
    const auto vehicle = base::vehicle_from(*name);
    if (!vehicle) {
      item.fault(fmt::format("'{}' is no vehicle; {}", *name, base::kVehiclesAllowed));
    } else if (std::ranges::find(vehicles, *vehicle) != vehicles.end()) {
      item.fault(fmt::format("'{}' is given twice; each may be given once", *name));
    } else {
      vehicles.push_back(*vehicle);
    }
  }
  return vehicles;
}

struct Kind {
  std::string_view name;
  std::initializer_list<std::string_view> keys;
  void (*read)(const JsonNode&, Correction&);
};
#define RECKON_COMMON_KEYS \
  "id", "kind", "vehicles", "by", "reason", "recorded", "from_time", "until_time", "daily"
const std::array<Kind, 6> kKinds = {{
    {"close",
     {RECKON_COMMON_KEYS, "way", "near", "heading"},
     [](const JsonNode& node, Correction& out) { out.what = read_close(node); }},
    {"forbid_turn",
     {RECKON_COMMON_KEYS, "from_way", "to_way", "at"},
     [](const JsonNode& node, Correction& out) { out.what = read_turn<ForbidTurn>(node); }},
    {"allow_turn",
     {RECKON_COMMON_KEYS, "from_way", "to_way", "at"},
     [](const JsonNode& node, Correction& out) { out.what = read_turn<AllowTurn>(node); }},
    {"gate",
     {RECKON_COMMON_KEYS, "at", "open"},
     [](const JsonNode& node, Correction& out) { out.what = read_gate(node); }},
    {"link",
     {RECKON_COMMON_KEYS, "from", "to", "speed_kmh", "both_ways"},
     [](const JsonNode& node, Correction& out) { out.what = read_link(node); }},
    {"speed",
     {RECKON_COMMON_KEYS, "percent", "class", "way", "near", "area"},
     [](const JsonNode& node, Correction& out) { out.what = read_speed(node); }},
}};
#undef RECKON_COMMON_KEYS

void read_kind(const JsonNode& node, Correction& out) {
  const auto kind = node.required("kind");
  const auto name = kind.string();
  if (!name) return;
  const auto known = std::ranges::find(kKinds, *name, &Kind::name);
  if (known == kKinds.end()) {
    std::vector<std::string_view> names;
    for (const auto& one : kKinds) names.push_back(one.name);
    kind.fault(fmt::format("'{}' is no kind of correction; allowed: {}", *name, fmt::join(names, ", ")));
    return;
  }
  node.allow_only(known->keys);
  known->read(node, out);
}

Correction read_correction(const JsonNode& node, std::set<std::string, std::less<>>& ids) {
  Correction out;
  const auto id = node.required("id");
  out.id = id.string(kMaxIdBytes).value_or("");
  if (id.is_string() && out.id.empty()) id.fault("is empty; a short name is needed");
  if (!out.id.empty() && !ids.insert(out.id).second)
    id.fault(fmt::format("'{}' is given twice; each correction needs an id of its own", out.id));
  read_kind(node, out);
  out.vehicles = read_vehicles(node.optional("vehicles"));
  const auto words = [&](std::string_view key) {
    const auto text = node.required(key);
    const auto said = text.string(kMaxTextBytes);
    if (said && said->empty()) text.fault("is empty; a few words are needed");
    return std::string(said.value_or(""));
  };
  out.by = words("by");
  out.reason = words("reason");
  out.recorded = read_instant(node.required("recorded"));
  if (const auto from = node.optional("from_time"); from.present()) out.from = read_instant(from);
  if (const auto until = node.optional("until_time"); until.present()) {
    out.until = read_instant(until);
    if (out.from && out.until && *out.until <= *out.from)
      until.fault("is not after from_time; a later instant is needed");
  }
  if (const auto daily = node.optional("daily"); daily.present()) out.daily = read_daily_hours(daily);
  return out;
}

void write_place(JsonWriter& out, std::string_view key, const geo::LatLng& place) {
  out.key(key).begin_array().number(place.lat_deg()).number(place.lng_deg()).end_array();
}

void write_street(JsonWriter& out, const StreetName& street) {
  if (const auto* way = std::get_if<std::int64_t>(&street)) {
    out.key("way").integer(*way);
  } else {
    write_place(out, "near", std::get<geo::LatLng>(street));
  }
}

template <class Turn>
void write_turn(JsonWriter& out, std::string_view kind, const Turn& turn) {
  out.string(kind).key("from_way").integer(turn.from_way).key("to_way").integer(turn.to_way);
  write_place(out, "at", turn.at);
}

struct WriteWhat {
  JsonWriter& out;

  void operator()(const CloseStreet& close) const {
    out.string("close");
    write_street(out, close.street);
    if (close.heading_deg) out.key("heading").number(*close.heading_deg);
  }
  void operator()(const ForbidTurn& turn) const { write_turn(out, "forbid_turn", turn); }
  void operator()(const AllowTurn& turn) const { write_turn(out, "allow_turn", turn); }
  void operator()(const SetGate& gate) const {
    out.string("gate");
    write_place(out, "at", gate.at);
    out.key("open").boolean(gate.open);
  }
  void operator()(const AddLink& link) const {
    out.string("link");
    write_place(out, "from", link.from);
    write_place(out, "to", link.to);
    out.key("speed_kmh").integer(link.metres_per_hour / 1000).key("both_ways").boolean(link.both_ways);
  }
  void operator()(const ScaleSpeed& speed) const {
    out.string("speed").key("percent").integer(speed.percent);
    if (speed.road_class) out.key("class").string(to_string(*speed.road_class));
    if (speed.street) write_street(out, *speed.street);
    if (speed.area) {
      out.key("area").begin_array().number(speed.area->west).number(speed.area->south);
      out.number(speed.area->east).number(speed.area->north).end_array();
    }
  }
};

void write_instant(JsonWriter& out, std::string_view key, const std::optional<base::WallTime>& time) {
  if (time) out.key(key).string(base::format_rfc3339(*time));
}

std::string correction_text(const Correction& correction) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().key("id").string(correction.id).key("kind");
  std::visit(WriteWhat{out}, correction.what);
  if (!correction.vehicles.empty()) {
    out.key("vehicles").begin_array();
    for (const auto vehicle : correction.vehicles) out.string(base::to_string(vehicle));
    out.end_array();
  }
  write_instant(out, "from_time", correction.from);
  write_instant(out, "until_time", correction.until);
  if (correction.daily) write_daily_hours(out.key("daily"), *correction.daily);
  out.key("by").string(correction.by).key("reason").string(correction.reason);
  write_instant(out, "recorded", correction.recorded);
  out.end_object();
  return text;
}

}  // namespace

std::string_view to_string(RoadClass road_class) {
  return kClassNames[static_cast<std::size_t>(road_class)];
}

std::optional<RoadClass> road_class_from(std::string_view name) {
  const auto found = std::ranges::find(kClassNames, name);
  if (found == kClassNames.end()) return std::nullopt;
  return static_cast<RoadClass>(found - kClassNames.begin());
}

base::Result<Overlay> parse_overlay(std::string_view bytes, std::string_view name) {
  const auto document = base::JsonDocument::parse(bytes, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const auto root = document->root(faults);
  root.allow_only({"version", "corrections"});
  Overlay overlay;
  overlay.version = root.required("version").integer(1, kMaxVersion).value_or(0);
  std::set<std::string, std::less<>> ids;
  for (const auto& item : root.required("corrections").items(kMaxCorrections))
    overlay.corrections.push_back(read_correction(item, ids));
  const auto links = std::ranges::count_if(
      overlay.corrections, [](const Correction& one) { return std::holds_alternative<AddLink>(one.what); });
  const auto areas = std::ranges::count_if(overlay.corrections, [](const Correction& one) {
    const auto* speed = std::get_if<ScaleSpeed>(&one.what);
    return speed != nullptr && speed->area;
  });
  if (static_cast<std::size_t>(areas) > kMaxAreas)
    faults.add("/corrections",
               fmt::format("{} areas are too many; at most {} are allowed", areas, kMaxAreas));
  if (static_cast<std::size_t>(links) > kMaxLinks)
    faults.add("/corrections",
               fmt::format("{} links are too many; at most {} are allowed", links, kMaxLinks));
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  return overlay;
}

std::string overlay_text(const Overlay& overlay) {
  std::string text = fmt::format("{{\"version\": {},\n \"corrections\": [", overlay.version);
  for (std::size_t i = 0; i < overlay.corrections.size(); ++i)
    text += (i == 0 ? "\n  " : ",\n  ") + correction_text(overlay.corrections[i]);
  return text + "\n ]}\n";
}

bool Correction::in_force_at(base::WallTime instant) const {
  return (!from || *from <= instant) && (!until || instant < *until) && (!daily || daily->hold_at(instant));
}

Overlay Overlay::at(base::WallTime instant) const {
  Overlay now{version, {}};
  std::ranges::copy_if(corrections, std::back_inserter(now.corrections),
                       [&](const Correction& one) { return one.in_force_at(instant); });
  return now;
}

std::optional<base::WallTime> Overlay::next_change(base::WallTime instant) const {
  std::optional<base::WallTime> next;
  const auto consider = [&](base::WallTime edge) {
    if (edge > instant && (!next || edge < *next)) next = edge;
  };
  for (const auto& one : corrections) {
    if (one.from) consider(*one.from);
    if (one.until) consider(*one.until);
    if (one.daily) consider(one.daily->next_change(instant));
  }
  return next;
}

std::string Overlay::release() const {
  return base::sha256(overlay_text(*this));
}

}  // namespace reckon::road
