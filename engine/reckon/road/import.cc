#include "reckon/road/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <numeric>
#include <osmium/handler.hpp>
#include <osmium/io/pbf_input.hpp>
#include <osmium/visitor.hpp>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/road/way_turns.h"

namespace reckon::road {
namespace {

using base::ErrorCode;

/// More tags than any real road has; the rest of an object with more is passed over.
constexpr std::size_t kMaxTags = 256;

/// OpenStreetMap allows 255 characters, which take up to four bytes each.
constexpr std::size_t kMaxNameBytes = 1020;

class TagBuffer {
 public:
  Tags read(const osmium::TagList& list) {
    count_ = 0;
    for (const auto& tag : list) {
      if (count_ == tags_.size()) break;
      tags_[count_++] = {tag.key(), tag.value()};
    }
    return Tags(std::span(tags_).first(count_));
  }

 private:
  std::array<Tag, kMaxTags> tags_;
  std::size_t count_ = 0;
};

struct RawTurnRule {
  std::int64_t via, from, to;
  TurnRuleTags tags;
};

/// Outlines of buildings, of which only those with an entrance are of use.
struct RawBuilding {
  std::int64_t osm_id;
  std::vector<std::int64_t> refs;  ///< the first again at the end
};

/// Before all others: which nodes are entrances.
class EntrancePass : public osmium::handler::Handler {
 public:
  void node(const osmium::Node& node) {
    if (!node.tags().empty() && node.tags().has_key("entrance") && read_entrance(tags_.read(node.tags())))
      ids_.push_back(node.id());
  }

  std::vector<std::int64_t> sorted() {
    std::ranges::sort(ids_);
    return std::move(ids_);
  }

 private:
  std::vector<std::int64_t> ids_;
  TagBuffer tags_;
};

/// First pass: ways and turn restrictions; node ids are still OpenStreetMap's.
class WayPass : public osmium::handler::Handler {
 public:
  WayPass(RoadData& data, const std::vector<std::int64_t>& entrances) : data_(data), entrances_(entrances) {
    number_of("");
  }

  void way(const osmium::Way& way) {
    if (way.nodes().size() < 2 || way.id() <= 0) return;
    if (!entrances_.empty() && way.is_closed() && way.tags().has_key("building")) add_building(way);
    if (!way.tags().has_key("highway") && !way.tags().has_key("route")) return;
    const auto use = read_way(tags_.read(way.tags()));
    if (!use.used_by_any() || !seen_ways_.insert(way.id()).second) return;
    data_.ways.push_back({way.id(), refs_.size(), way.nodes().size(), use, number_of(name_of(way.tags()))});
    for (const auto& node : way.nodes()) refs_.push_back(node.ref());
  }

  void relation(const osmium::Relation& relation) {
    if (!relation.tags().has_tag("type", "restriction")) return;
    if (!seen_relations_.insert(relation.id()).second) return;
    bool conditional = false;
    const auto rule = read_turn_rule(tags_.read(relation.tags()), conditional);
    if (conditional) ++data_.counts.conditional_rules_ignored;
    if (rule) add_rule(relation, *rule);
  }

  std::vector<std::int64_t>& refs() { return refs_; }
  std::vector<RawTurnRule>& rules() { return rules_; }
  std::vector<RawBuilding>& buildings() { return buildings_; }

 private:
  // A road without a name goes by its number.
  static std::string_view name_of(const osmium::TagList& tags) {
    const char* name = tags.get_value_by_key("name");
    return std::string_view(name != nullptr ? name : tags.get_value_by_key("ref", ""))
        .substr(0, kMaxNameBytes);
  }

  std::uint32_t number_of(std::string_view name) {
    const auto [found, fresh] = names_.emplace(name, static_cast<std::uint32_t>(data_.names.size()));
    if (fresh) data_.names.emplace_back(name);
    return found->second;
  }

  void add_rule(const osmium::Relation& relation, const TurnRuleTags& tags) {
    std::vector<std::int64_t> from, to, via, via_ways;
    for (const auto& member : relation.members()) {
      const std::string_view role = member.role();
      const bool is_way = member.type() == osmium::item_type::way;
      if (role == "via" && is_way) via_ways.push_back(member.ref());
      if (role == "via" && member.type() == osmium::item_type::node) via.push_back(member.ref());
      if (role == "from" && is_way) from.push_back(member.ref());
      if (role == "to" && is_way) to.push_back(member.ref());
    }
    const bool over_node = via.size() == 1 && via_ways.empty();
    const bool over_ways = via.empty() && !via_ways.empty();
    if (!(over_node || over_ways) || from.empty() || to.empty()) {
      ++data_.counts.broken_rules_ignored;
      return;
    }
    for (const auto f : from) {
      for (const auto t : to) {
        if (over_node) rules_.push_back({via[0], f, t, tags});
        if (over_ways) data_.way_turns.push_back({f, via_ways, t, tags, {}});
      }
    }
  }

  void add_building(const osmium::Way& way) {
    const auto is_entrance = [&](const osmium::NodeRef& ref) {
      return std::ranges::binary_search(entrances_, ref.ref());
    };
    if (std::none_of(way.nodes().begin(), way.nodes().end(), is_entrance)) return;
    if (!read_building(tags_.read(way.tags())) || !seen_buildings_.insert(way.id()).second) return;
    buildings_.push_back({way.id(), {}});
    for (const auto& node : way.nodes()) buildings_.back().refs.push_back(node.ref());
  }

  RoadData& data_;
  const std::vector<std::int64_t>& entrances_;  ///< node ids, ascending
  std::vector<RawBuilding> buildings_;
  TagBuffer tags_;
  std::unordered_map<std::string, std::uint32_t> names_;  ///< numbers in RoadData::names
  std::vector<std::int64_t> refs_;
  std::vector<RawTurnRule> rules_;
  std::unordered_set<std::int64_t> seen_ways_, seen_buildings_;  ///< one way may be both
  std::unordered_set<std::int64_t> seen_relations_;
};

std::optional<std::uint32_t> index_of(const std::vector<std::int64_t>& sorted, std::int64_t id) {
  const auto found = std::ranges::lower_bound(sorted, id);
  if (found == sorted.end() || *found != id) return std::nullopt;
  return static_cast<std::uint32_t>(found - sorted.begin());
}

constexpr geo::PlaceE7 kNowhere{std::numeric_limits<std::int32_t>::max(), 0};

/// Second pass: places, barriers and traffic lights of the nodes that roads use.
class NodePass : public osmium::handler::Handler {
 public:
  NodePass(RoadNodes& nodes, std::vector<bool>& found,
           std::unordered_map<std::int64_t, geo::PlaceE7>& corners)
      : nodes_(nodes), found_(found), corners_(corners) {}

  void node(const osmium::Node& node) {
    if (!corners_.empty() && node.location().valid()) {
      const auto corner = corners_.find(node.id());
      if (corner != corners_.end()) corner->second = {node.location().y(), node.location().x()};
    }
    const auto index = index_of(nodes_.osm_ids, node.id());
    if (!index || found_[*index] || !node.location().valid()) return;
    found_[*index] = true;
    nodes_.places[*index] = {node.location().y(), node.location().x()};
    if (node.tags().empty()) return;
    const auto tags = tags_.read(node.tags());
    nodes_.barred[*index] = read_barrier(tags);
    nodes_.signals[*index] = read_signals(tags);
  }

 private:
  RoadNodes& nodes_;
  std::vector<bool>& found_;
  std::unordered_map<std::int64_t, geo::PlaceE7>& corners_;  ///< of buildings, kNowhere until met
  TagBuffer tags_;
};

base::Error not_pbf(const std::filesystem::path& path, std::string_view why) {
  return {
      ErrorCode::kInvalidInput, path.string(),
      fmt::format("cannot be read as an OpenStreetMap extract ({}); a whole .osm.pbf file is needed", why)};
}

/// Runs `handler` over the objects of kind `bits`, in file order.
template <class Handler>
base::Result<void> pass(const std::filesystem::path& path, osmium::osm_entity_bits::type bits,
                        Handler& handler, const BuildProgress& progress, std::string_view stage) {
  try {
    osmium::io::Reader reader(osmium::io::File(path.string(), "pbf"), bits);
    const double size = std::max(1.0, static_cast<double>(reader.file_size()));
    while (const osmium::memory::Buffer buffer = reader.read()) {
      osmium::apply(buffer, handler);
      if (progress) progress(stage, static_cast<double>(reader.offset()) / size);
    }
    reader.close();
    return {};
  } catch (const std::bad_alloc&) {
    return base::fail(ErrorCode::kLimit, path.string(),
                      "needs more memory than this machine gives; a smaller extract is needed");
  } catch (const std::exception& fault) {
    return base::fail(not_pbf(path, fault.what()));
  }
}

base::Result<MapSource> describe(const std::filesystem::path& path) {
  std::error_code fault;
  if (std::filesystem::is_directory(path, fault)) {
    return base::fail(ErrorCode::kInvalidInput, path.string(), "is a folder; a .osm.pbf file is needed");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return base::fail(ErrorCode::kEnvironment, path.string(),
                      "cannot be opened; a readable .osm.pbf file is needed");
  base::Sha256 hash;
  std::vector<char> block(std::size_t{1} << 20);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    hash.update(std::as_bytes(std::span(block).first(static_cast<std::size_t>(file.gcount()))));
  }
  if (file.bad()) return base::fail(ErrorCode::kEnvironment, path.string(), "cannot be read to its end");
  MapSource source{path.filename().string(), hash.finish(), ""};
  try {
    osmium::io::Reader reader(osmium::io::File(path.string(), "pbf"), osmium::osm_entity_bits::nothing);
    source.timestamp = reader.header().get("osmosis_replication_timestamp");
    reader.close();
  } catch (const std::exception& wrong) {
    return base::fail(not_pbf(path, wrong.what()));
  }
  return source;
}

// Ways by ascending id, so that the order of objects in the extract does not show in the map.
void sort_ways(RoadData& data, std::vector<std::int64_t>& refs) {
  std::ranges::sort(data.ways, {}, &RoadWay::osm_id);
  std::vector<std::int64_t> ordered;
  ordered.reserve(refs.size());
  for (auto& way : data.ways) {
    const auto first = refs.begin() + static_cast<std::ptrdiff_t>(way.first_ref);
    way.first_ref = ordered.size();
    ordered.insert(ordered.end(), first, first + static_cast<std::ptrdiff_t>(way.ref_count));
  }
  refs = std::move(ordered);
}

// Names in the order of their first way, for the same reason.
void sort_names(RoadData& data) {
  constexpr std::uint32_t kUnseen = 0xffffffff;
  std::vector<std::uint32_t> number(data.names.size(), kUnseen);
  std::vector<std::string> names{""};
  number[0] = 0;
  for (auto& way : data.ways) {
    if (number[way.name] == kUnseen) {
      number[way.name] = static_cast<std::uint32_t>(names.size());
      names.push_back(std::move(data.names[way.name]));
    }
    way.name = number[way.name];
  }
  data.names = std::move(names);
}

void number_nodes(RoadData& data, const std::vector<std::int64_t>& refs) {
  auto& nodes = data.nodes;
  nodes.osm_ids = refs;
  std::ranges::sort(nodes.osm_ids);
  nodes.osm_ids.erase(std::unique(nodes.osm_ids.begin(), nodes.osm_ids.end()), nodes.osm_ids.end());
  nodes.osm_ids.shrink_to_fit();
  nodes.places.resize(nodes.osm_ids.size());
  nodes.barred.resize(nodes.osm_ids.size());
  nodes.signals.resize(nodes.osm_ids.size());
}

void number_refs(RoadData& data, const std::vector<std::int64_t>& refs, const std::vector<bool>& found) {
  data.refs.reserve(refs.size());
  for (const auto ref : refs) {
    const auto index = *index_of(data.nodes.osm_ids, ref);
    data.refs.push_back(found[index] ? index : kMissingNode);
    if (!found[index]) ++data.counts.missing_nodes;
  }
}

void number_rules(RoadData& data, const std::vector<RawTurnRule>& rules) {
  for (const auto& rule : rules) {
    if (const auto via = index_of(data.nodes.osm_ids, rule.via)) {
      data.turn_rules.push_back({*via, rule.from, rule.to, rule.tags});
    } else {
      ++data.counts.broken_rules_ignored;
    }
  }
}

std::unordered_map<std::int64_t, geo::PlaceE7> corners_of(const std::vector<RawBuilding>& buildings) {
  std::unordered_map<std::int64_t, geo::PlaceE7> corners;
  for (const auto& building : buildings) {
    for (const auto ref : building.refs) corners.emplace(ref, kNowhere);
  }
  return corners;
}

// By ascending id. An outline of which a corner is missing is left out.
void place_buildings(std::vector<RawBuilding> raw,
                     const std::unordered_map<std::int64_t, geo::PlaceE7>& corners,
                     const std::vector<std::int64_t>& entrances, RoadData& data) {
  std::ranges::sort(raw, {}, &RawBuilding::osm_id);
  for (auto& one : raw) {
    one.refs.pop_back();
    Building building;
    for (const auto ref : one.refs) {
      const auto corner = corners.at(ref);
      building.corners.push_back(corner);
      if (std::ranges::binary_search(entrances, ref)) building.entrances.push_back(corner);
    }
    if (std::ranges::find(building.corners, kNowhere) != building.corners.end()) continue;
    data.buildings.push_back(std::move(building));
  }
}

}  // namespace

base::Result<RoadData> import_extracts(const std::vector<std::filesystem::path>& inputs,
                                       const BuildProgress& progress) {
  RoadData data;
  for (const auto& path : inputs) {
    auto source = describe(path);
    if (!source) return base::fail(std::move(source.error()));
    data.sources.push_back(std::move(*source));
  }
  EntrancePass doors;
  for (const auto& path : inputs) {
    const auto done = pass(path, osmium::osm_entity_bits::node, doors, progress, "reading entrances");
    if (!done) return base::fail(done.error());
  }
  const auto entrances = doors.sorted();
  WayPass ways(data, entrances);
  for (const auto& path : inputs) {
    const auto done = pass(path, osmium::osm_entity_bits::way | osmium::osm_entity_bits::relation, ways,
                           progress, "reading ways");
    if (!done) return base::fail(done.error());
  }
  auto refs = std::move(ways.refs());
  sort_ways(data, refs);
  sort_names(data);
  number_nodes(data, refs);
  std::vector<bool> found(data.nodes.osm_ids.size());
  auto corners = corners_of(ways.buildings());
  NodePass nodes(data.nodes, found, corners);
  for (const auto& path : inputs) {
    const auto done = pass(path, osmium::osm_entity_bits::node, nodes, progress, "reading nodes");
    if (!done) return base::fail(done.error());
  }
  number_refs(data, refs, found);
  number_rules(data, ways.rules());
  place_buildings(std::move(ways.buildings()), corners, entrances, data);
  resolve_way_turns(data);
  return data;
}

}  // namespace reckon::road
