#include "road/osm_reference.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <osmium/io/pbf_input.hpp>
#include <queue>
#include <set>
#include <unordered_map>

#include "reckon/geo/geodesic.h"
#include "reckon/road/turn_costs.h"
#include "reckon/road/way_rules.h"

namespace reckon::test {
namespace {

std::vector<road::Tag> tags_of(const osmium::TagList& list) {
  std::vector<road::Tag> tags;
  for (const auto& tag : list) tags.push_back({tag.key(), tag.value()});
  return tags;
}

template <class Object, class Take>
void each(const std::filesystem::path& pbf, osmium::osm_entity_bits::type bits, Take take) {
  osmium::io::Reader reader(osmium::io::File(pbf.string(), "pbf"), bits);
  while (const osmium::memory::Buffer buffer = reader.read()) {
    for (const auto& object : buffer.select<Object>()) take(object);
  }
  reader.close();
}

}  // namespace

OsmReference::OsmReference(const std::filesystem::path& pbf, base::Vehicle vehicle) : vehicle_(vehicle) {
  read(pbf, vehicle);
  find_next();
  find_usable();
}

void OsmReference::read(const std::filesystem::path& pbf, base::Vehicle vehicle) {
  const auto v = static_cast<std::size_t>(vehicle);
  std::unordered_map<std::int64_t, std::uint32_t> number_of;
  std::vector<bool> is_entrance;
  each<osmium::Node>(pbf, osmium::osm_entity_bits::node, [&](const osmium::Node& node) {
    if (!node.location().valid()) return;
    number_of.emplace(node.id(), static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back(node.location().y(), node.location().x());
    const auto tags = tags_of(node.tags());
    barred_.push_back((road::read_barrier(road::Tags(tags)) >> v & 1) != 0);
    signals_.push_back(road::read_signals(road::Tags(tags)));
    is_entrance.push_back(road::read_entrance(road::Tags(tags)));
  });
  segments_at_.resize(places_.size());
  rules_at_.resize(places_.size());
  const auto place = [&](std::uint32_t node) {
    return geo::LatLng::from_e7(places_[node].first, places_[node].second);
  };
  each<osmium::Way>(pbf, osmium::osm_entity_bits::way, [&](const osmium::Way& way) {
    const auto tags = tags_of(way.tags());
    const auto use = road::read_way(road::Tags(tags));
    std::vector<std::optional<std::uint32_t>> nodes;
    for (const auto& ref : way.nodes()) {
      const auto found = number_of.find(ref.ref());
      nodes.push_back(found == number_of.end() ? std::nullopt : std::optional(found->second));
    }
    const auto first = std::ranges::find_if(nodes, [](const auto& node) { return node.has_value(); });
    if (first == nodes.end()) return;
    if (vehicle == base::Vehicle::kMotorcycle && use.motor_only &&
        road::in_korea(places_[**first].first, places_[**first].second)) {
      return;
    }
    const auto begin = segments_.size();
    std::int64_t way_mm = 0;
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      if (!nodes[i - 1] || !nodes[i] || *nodes[i - 1] == *nodes[i]) continue;
      Segment segment{{*nodes[i - 1], *nodes[i]},
                      way.id(),
                      std::llround(geo::geodesic_m(place(*nodes[i - 1]), place(*nodes[i])) * 1000),
                      {}};
      segment.through_only = use.through_only;
      way_mm += segment.mm;
      for (int d = 0; d < 2; ++d) {
        const auto& from = use.by[v][static_cast<std::size_t>(d)];
        segment.lane[d] = {from.open() ? from.metres_per_hour : 0, from.ends_only};
      }
      segments_.push_back(segment);
    }
    if (use.ferry_duration_s == 0) return;
    for (auto s = begin; s < segments_.size(); ++s) {
      for (auto& lane : segments_[s].lane) {
        if (lane.speed != 0)
          lane.speed = static_cast<std::uint32_t>(
              std::clamp<std::int64_t>(way_mm * 36 / (use.ferry_duration_s * 10), 1000, 200'000));
      }
    }
  });
  std::erase_if(segments_, [](const Segment& s) { return s.lane[0].speed == 0 && s.lane[1].speed == 0; });
  for (std::uint32_t s = 0; s < segments_.size(); ++s) {
    for (const auto node : segments_[s].node) segments_at_[node].push_back(s);
  }
  read_rules(pbf, vehicle, number_of);
  read_buildings(pbf, is_entrance, number_of);
}

void OsmReference::read_buildings(const std::filesystem::path& pbf, const std::vector<bool>& is_entrance,
                                  const std::unordered_map<std::int64_t, std::uint32_t>& number_of) {
  each<osmium::Way>(pbf, osmium::osm_entity_bits::way, [&](const osmium::Way& way) {
    if (!way.is_closed() || !road::read_building(road::Tags(tags_of(way.tags())))) return;
    Building building;
    for (std::size_t i = 0; i + 1 < way.nodes().size(); ++i) {
      const auto node = number_of.find(way.nodes()[i].ref());
      if (node == number_of.end()) return;
      building.corners.push_back(node->second);
      if (is_entrance[node->second]) building.entrances.push_back(node->second);
    }
    if (!building.entrances.empty()) buildings_.push_back(building);
  });
}

// By how far the outline turns round the place; its corners are outside.
bool OsmReference::inside(const Building& building, double lat, double lng) const {
  double turned = 0;
  for (std::size_t i = 0; i < building.corners.size(); ++i) {
    const auto& a = places_[building.corners[i]];
    if (a.first == lat && a.second == lng) return false;
    const auto& b = places_[building.corners[(i + 1) % building.corners.size()]];
    const double from = std::atan2(a.first - lat, a.second - lng),
                 to = std::atan2(b.first - lat, b.second - lng);
    turned += std::remainder(to - from, 2 * std::numbers::pi);
  }
  return std::abs(turned) > std::numbers::pi;
}

void OsmReference::read_rules(const std::filesystem::path& pbf, base::Vehicle vehicle,
                              const std::unordered_map<std::int64_t, std::uint32_t>& number_of) {
  const auto v = static_cast<std::size_t>(vehicle);
  each<osmium::Relation>(pbf, osmium::osm_entity_bits::relation, [&](const osmium::Relation& relation) {
    const auto tags = tags_of(relation.tags());
    if (!road::Tags(tags).is("type", "restriction")) return;
    bool conditional = false;
    const auto rule = road::read_turn_rule(road::Tags(tags), conditional);
    if (!rule || (rule->vehicles >> v & 1) == 0) return;
    std::vector<std::int64_t> from, to, via, via_ways;
    for (const auto& member : relation.members()) {
      const std::string role = member.role();
      if (role == "via") (member.type() == osmium::item_type::way ? via_ways : via).push_back(member.ref());
      if (member.type() != osmium::item_type::way) continue;
      if (role == "from") from.push_back(member.ref());
      if (role == "to") to.push_back(member.ref());
    }
    if (via.empty() && !via_ways.empty()) {
      for (const auto f : from) {
        for (const auto t : to) {
          auto moves = moves_along(f, via_ways, t);
          if (!moves.empty())
            long_rules_.push_back({f, t, std::move(moves), rule->kind == road::TurnRuleKind::kOnly});
        }
      }
      return;
    }
    if (!via_ways.empty() || via.size() != 1 || !number_of.contains(via[0])) return;
    for (const auto f : from) {
      for (const auto t : to) {
        const bool only = rule->kind == road::TurnRuleKind::kOnly;
        const bool turning_round = rule->u_turn && f == t;
        if (only && turning_round) continue;
        rules_at_[number_of.at(via[0])].push_back({f, t, only, turning_round});
      }
    }
  });
}

// The one way to drive from a node of `from` over all via ways to a node of `to`; nothing if there are none
// or several, or if `to` cannot be entered there.
std::vector<std::uint32_t> OsmReference::moves_along(std::int64_t from, const std::vector<std::int64_t>& via,
                                                     std::int64_t to) const {
  std::vector<std::vector<std::uint32_t>> found;
  std::set<std::uint32_t> starts;
  for (const auto& segment : segments_) {
    if (segment.way != from) continue;
    for (const auto node : segment.node) starts.insert(node);
  }
  for (const auto node : starts) {
    std::vector<std::uint32_t> done;
    find_moves(via, 0, node, to, done, found);
  }
  return found.size() == 1 ? found[0] : std::vector<std::uint32_t>{};
}

bool OsmReference::touches(std::uint32_t node, std::int64_t way) const {
  return std::ranges::any_of(segments_at_[node], [&](auto s) { return segments_[s].way == way; });
}

void OsmReference::find_moves(const std::vector<std::int64_t>& via, std::size_t at, std::uint32_t node,
                              std::int64_t to, std::vector<std::uint32_t>& done,
                              std::vector<std::vector<std::uint32_t>>& found) const {
  const bool begun = !done.empty() && segments_[done.back() / 2].way == via[at];
  if (begun && at + 1 == via.size() && touches(node, to)) {
    const bool open = std::ranges::any_of(segments_at_[node], [&](auto s) {
      return segments_[s].way == to && segments_[s].lane[segments_[s].node[0] == node ? 0 : 1].speed != 0;
    });
    if (open) found.push_back(done);
    return;
  }
  if (begun && at + 1 < via.size() && touches(node, via[at + 1]))
    return find_moves(via, at + 1, node, to, done, found);
  for (const auto s : segments_at_[node]) {
    const std::uint32_t direction = segments_[s].node[0] == node ? 0 : 1;
    const bool seen = std::ranges::any_of(done, [&](auto move) { return move / 2 == s; });
    if (seen || segments_[s].way != via[at] || segments_[s].lane[direction].speed == 0) continue;
    done.push_back(s * 2 + direction);
    find_moves(via, at, segments_[s].node[1 - direction], to, done, found);
    done.pop_back();
  }
}

OsmReference::State OsmReference::plain(State state) const {
  const auto count = static_cast<State>(segments_.size() * 6);
  return state < count ? state : with_history_[state - count].first;
}

// What is under way after the move to `to`, or nothing when a long rule forbids it.
std::optional<OsmReference::History> OsmReference::move_on(const History& history, std::uint32_t from_segment,
                                                           State to) const {
  const auto move = to / 3;
  History under_way = history;
  const auto node = segments_[move / 2].node[move % 2];
  for (std::uint32_t r = 0; r < long_rules_.size(); ++r) {
    const auto first = long_rules_[r].moves.front();
    if (segments_[from_segment].way == long_rules_[r].from && segments_[first / 2].node[first % 2] == node)
      under_way.emplace_back(r, 0);
  }
  History after;
  bool bound = false, named = false;
  for (const auto& [r, done] : under_way) {
    const auto& rule = long_rules_[r];
    const bool last = done == rule.moves.size();
    const bool on_path = last ? segments_[move / 2].way == rule.to : rule.moves[done] == move;
    if (last && on_path && !rule.only) return std::nullopt;
    if (rule.only) bound = true, named = named || on_path;
    if (on_path && !last) after.emplace_back(r, done + 1);
  }
  if (bound && !named) return std::nullopt;
  std::ranges::sort(after);
  return after;
}

void OsmReference::find_next() {
  const auto count = static_cast<State>(segments_.size() * 6);
  std::map<std::pair<State, History>, State> numbers;
  next_.resize(count);
  for (State state = 0; state < next_.size(); ++state) {
    const auto at = plain(state);
    if (!exists(at)) continue;
    const History history = state < count ? History{} : with_history_[state - count].second;
    for (const auto to : after(at)) {
      const auto then = move_on(history, at / 6, to);
      if (!then) continue;
      State number = to;
      if (!then->empty()) {
        const auto [found, fresh] = numbers.try_emplace({to, *then}, static_cast<State>(next_.size()));
        number = found->second;
        if (fresh) {
          with_history_.emplace_back(to, *then);
          next_.emplace_back();
        }
      }
      next_[state].push_back(number);
    }
  }
}

bool OsmReference::exists(State state) const {
  const auto& lane = this->lane(state);
  return lane.speed != 0 && lane.ends_only == (state % 3 != kPublic);
}

bool OsmReference::touches_public(const std::vector<Position>& positions) const {
  return std::ranges::any_of(positions, [&](const Position& position) {
    const auto& lanes = segments_[position.segment].lane;
    return (lanes[0].speed != 0 && !lanes[0].ends_only) || (lanes[1].speed != 0 && !lanes[1].ends_only);
  });
}

std::int64_t OsmReference::time_ms(std::uint32_t segment, int direction, std::int64_t mm) const {
  const std::int64_t speed = segments_[segment].lane[direction].speed;
  return (mm * 3600 + speed / 2) / speed;
}

// The driving side of the maps in the tests is the right one.
std::int64_t OsmReference::turn_ms(State from, State to) const {
  const auto node = head(from);
  const auto direction = from / 3 % 2;
  const std::int64_t light = (signals_[node] >> direction & 1) != 0 ? road::kSignalMs : 0;
  const auto& in = segments_[from / 6];
  const auto& out = segments_[to / 6];
  if (from / 6 == to / 6) return light + road::u_turn_ms(vehicle_);
  if (segments_at_[node].size() <= 2) return light;
  const auto way = [&](const Segment& segment, std::uint32_t from_node) {
    const auto& a = places_[from_node];
    const auto& b = places_[segment.node[0] == from_node ? segment.node[1] : segment.node[0]];
    const double phi = static_cast<double>(places_[node].first) / 1e7 * std::numbers::pi / 180;
    const double e2 = 0.0066943799901413165, w = 1 - e2 * std::sin(phi) * std::sin(phi);
    return std::pair(static_cast<double>(b.second - a.second) * std::cos(phi),
                     static_cast<double>(b.first - a.first) * (1 - e2) / w);
  };
  const auto back = way(in, node), on = way(out, node);
  const double lengths = std::hypot(back.first, back.second) * std::hypot(on.first, on.second);
  if (lengths == 0) return light;
  const double cosine = -(back.first * on.first + back.second * on.second) / lengths;
  const auto whole = [&](const Segment& segment) {
    const auto& a = places_[node];
    const auto& b = places_[segment.node[0] == node ? segment.node[1] : segment.node[0]];
    return std::pair(std::int64_t{b.second} - a.second, std::int64_t{b.first} - a.first);
  };
  const bool left = whole(in).second * whole(out).first - whole(in).first * whole(out).second > 0;
  return light + road::bend_ms(vehicle_, cosine, left);
}

bool OsmReference::turn_allowed(std::uint32_t node, std::uint32_t from_segment,
                                std::uint32_t to_segment) const {
  const auto from_way = segments_[from_segment].way;
  const auto to_way = segments_[to_segment].way;
  bool bound = false;
  bool named = false;
  for (const auto& rule : rules_at_[node]) {
    if (rule.from != from_way) continue;
    // A rule about a way that the vehicle may not enter here says nothing to it.
    const bool enterable = std::ranges::any_of(segments_at_[node], [&](auto s) {
      const auto& segment = segments_[s];
      return segment.way == rule.to && segment.lane[segment.node[0] == node ? 0 : 1].speed != 0;
    });
    if (!enterable) continue;
    if (rule.only) {
      bound = true;
      named = named || rule.to == to_way;
    } else if (rule.turning_round ? from_segment == to_segment : rule.to == to_way) {
      return false;
    }
  }
  return !bound || named;
}

bool OsmReference::dead_end(State state) const {
  const auto node = head(state);
  if (barred_[node]) return true;
  for (const auto s : segments_at_[node]) {
    const auto& out = segments_[s].lane[segments_[s].node[0] == node ? 0 : 1];
    if (s != state / 6 && out.speed != 0 && (state % 3 != kPublic || !out.ends_only)) return false;
  }
  return true;
}

std::vector<OsmReference::State> OsmReference::after(State state) const {
  std::vector<State> next;
  const auto node = head(state);
  for (const auto s : segments_at_[node]) {
    const bool round = s == state / 6;
    if (round ? !dead_end(state) : barred_[node]) continue;
    if (!turn_allowed(node, state / 6, s)) continue;
    const std::uint32_t direction = segments_[s].node[0] == node ? 0 : 1;
    for (State phase = state % 3; phase <= kEntering; ++phase) {
      if (state % 3 == kLeaving && phase == kEntering) continue;  // through public road only
      const State to = (s * 2 + direction) * 3 + phase;
      if (exists(to)) next.push_back(to);
    }
  }
  return next;
}

// Kosaraju's algorithm: parts by length; then what is reached from the large ones, and what reaches them.
void OsmReference::find_usable() {
  const auto count = static_cast<State>(next_.size());
  const auto& next = next_;
  std::vector<std::vector<State>> previous(count);
  for (State s = 0; s < count; ++s) {
    for (const auto to : next[s]) previous[to].push_back(s);
  }
  const auto flood = [](const std::vector<std::vector<State>>& graph, State root, std::vector<bool>& seen,
                        auto leave) {
    std::vector<std::pair<State, std::size_t>> path{{root, 0}};
    seen[root] = true;
    while (!path.empty()) {
      auto& [state, at] = path.back();
      if (at == graph[state].size()) {
        leave(state);
        path.pop_back();
        continue;
      }
      const State to = graph[state][at++];
      if (seen[to]) continue;
      seen[to] = true;
      path.emplace_back(to, 0);
    }
  };
  std::vector<State> order;
  std::vector<bool> seen(count);
  for (State s = 0; s < count; ++s) {
    if (exists(plain(s)) && !seen[s]) flood(next, s, seen, [&](State left) { order.push_back(left); });
  }
  std::vector<std::vector<State>> parts;
  std::vector<std::int64_t> part_mm;
  seen.assign(count, false);
  for (auto root = order.rbegin(); root != order.rend(); ++root) {
    if (seen[*root]) continue;
    parts.emplace_back();
    part_mm.push_back(0);
    flood(previous, *root, seen, [&](State member) {
      parts.back().push_back(member);
      part_mm.back() += segments_[plain(member) / 6].mm;
    });
  }
  const auto longest = part_mm.empty() ? 0 : *std::ranges::max_element(part_mm);
  std::vector<bool> reached(count), reaching(count);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (part_mm[p] != longest && part_mm[p] < 20'000'000) continue;
    for (const auto member : parts[p]) {
      if (!reached[member]) flood(next, member, reached, [](State) {});
      if (!reaching[member]) flood(previous, member, reaching, [](State) {});
    }
  }
  usable_.resize(segments_.size());
  const auto plain_count = static_cast<State>(segments_.size() * 6);
  for (State s = plain_count; s < count; ++s) {  // what holds with a history holds for the road
    if (reached[s]) reached[plain(s)] = true;
    if (reaching[s]) reaching[plain(s)] = true;
  }
  std::vector<bool> usable_node(places_.size());
  for (std::uint32_t s = 0; s < segments_.size(); ++s) {
    const auto any = [&](const std::vector<bool>& flags) {
      return std::any_of(flags.begin() + s * 6, flags.begin() + s * 6 + 6, [](bool flag) { return flag; });
    };
    usable_[s] = any(reached) && any(reaching) && !segments_[s].through_only;
    for (const auto node : segments_[s].node) usable_node[node] = usable_node[node] || usable_[s];
  }
  for (std::size_t n = 0; n < places_.size(); ++n) {
    if (usable_node[n]) usable_nodes_.push_back(geo::LatLng::from_e7(places_[n].first, places_[n].second));
  }
}

std::vector<OsmReference::Position> OsmReference::snap(const geo::LatLng& place, double max_m) const {
  // Places are rounded to 1e-7 degree as the contract of snapping has it, then all is done in a plane.
  auto lat_e7 = std::llround(place.lat_deg() * 1e7);
  auto lng_e7 = std::llround(place.lng_deg() * 1e7);
  std::optional<double> nearest_m;
  for (const auto& building : buildings_) {
    if (!inside(building, static_cast<double>(lat_e7), static_cast<double>(lng_e7))) continue;
    for (const auto node : building.entrances) {
      const double metres =
          geo::geodesic_m(place, geo::LatLng::from_e7(places_[node].first, places_[node].second));
      if (nearest_m && metres >= *nearest_m) continue;
      nearest_m = metres;
      lat_e7 = places_[node].first;
      lng_e7 = places_[node].second;
    }
  }
  const double phi = static_cast<double>(lat_e7) / 1e7 * std::numbers::pi / 180;
  const double a = 6378137, e2 = 0.0066943799901413165;
  const double w = 1 - e2 * std::sin(phi) * std::sin(phi);
  const double x_scale = a * std::cos(phi) / std::sqrt(w) * std::numbers::pi / 180 / 1e7;
  const double y_scale = a * (1 - e2) / (w * std::sqrt(w)) * std::numbers::pi / 180 / 1e7;
  double best = max_m;
  std::vector<std::pair<double, Position>> near;
  for (std::uint32_t s = 0; s < segments_.size(); ++s) {
    if (!usable_[s]) continue;
    const auto& from = places_[segments_[s].node[0]];
    const auto& to = places_[segments_[s].node[1]];
    const double ax = static_cast<double>(from.second - lng_e7) * x_scale,
                 ay = static_cast<double>(from.first - lat_e7) * y_scale;
    const double bx = static_cast<double>(to.second - lng_e7) * x_scale,
                 by = static_cast<double>(to.first - lat_e7) * y_scale;
    const double dx = bx - ax, dy = by - ay;
    const double whole = dx * dx + dy * dy;
    double share = whole > 0 ? -(ax * dx + ay * dy) / whole : 0;
    double x = ax + share * dx, y = ay + share * dy;
    if (share <= 0) share = 0, x = ax, y = ay;
    if (share >= 1) share = 1, x = bx, y = by;
    const double distance = std::sqrt(x * x + y * y);
    if (distance > best + (near.empty() ? 0 : 1e-6)) continue;
    best = std::min(best, distance);
    near.push_back({distance, {s, std::llround(share * static_cast<double>(segments_[s].mm))}});
  }
  std::vector<Position> found;
  for (const auto& [distance, position] : near) {
    if (distance <= best + 1e-6) found.push_back(position);
  }
  return found;
}

std::vector<std::optional<ReferenceCost>> OsmReference::costs(
    const std::vector<Position>& from, const std::vector<std::vector<Position>>& targets) const {
  struct Goal {
    std::size_t target;
    std::int64_t past_mm;
    bool open;  ///< on a junction with public road: who enters an ends-only road has passed it already
  };
  std::unordered_map<std::uint32_t, std::vector<Goal>> goals;  // by segment
  for (std::size_t t = 0; t < targets.size(); ++t) {
    for (const auto& position : targets[t])
      goals[position.segment].push_back({t, position.past_mm, touches_public(targets[t])});
  }
  std::vector<std::optional<ReferenceCost>> best(targets.size());
  // Enters `state` at `at` having driven `start_mm` of it already: goals farther along are met.
  const auto meet = [&](State any, ReferenceCost at, std::int64_t start_mm) {
    const State state = plain(any);
    const auto here = goals.find(state / 6);
    if (here == goals.end()) return;
    const int direction = static_cast<int>(state / 3 % 2);
    for (const auto& goal : here->second) {
      if (goal.open && state % 3 == kEntering) continue;
      const auto along = direction == 0 ? goal.past_mm : segments_[state / 6].mm - goal.past_mm;
      if (along < start_mm) continue;
      const ReferenceCost cost{
          at.ms + time_ms(state / 6, direction, along) - time_ms(state / 6, direction, start_mm),
          at.mm + along - start_mm};
      if (!best[goal.target] || cost < *best[goal.target]) best[goal.target] = cost;
    }
  };
  using Entry = std::pair<ReferenceCost, State>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  std::vector<ReferenceCost> label(next_.size(), ReferenceCost{-1, -1});
  const auto offer = [&](State state, ReferenceCost cost) {
    if (label[state].ms >= 0 && label[state] <= cost) return;
    label[state] = cost;
    queue.emplace(cost, state);
  };
  const bool from_public = touches_public(from);
  for (const auto& position : from) {
    for (State d = 0; d < 2; ++d) {
      for (State phase = kLeaving; phase <= kEntering; ++phase) {
        const State state = (position.segment * 2 + d) * 3 + phase;
        if (!exists(state) || (from_public && phase == kLeaving)) continue;
        const int direction = static_cast<int>(d);
        const auto whole = segments_[position.segment].mm;
        const auto start_mm = d == 0 ? position.past_mm : whole - position.past_mm;
        meet(state, {0, 0}, start_mm);
        offer(state,
              {time_ms(position.segment, direction, whole) - time_ms(position.segment, direction, start_mm),
               whole - start_mm});
      }
    }
  }
  std::size_t settled = 0;
  while (!queue.empty()) {
    const auto [cost, state] = queue.top();
    queue.pop();
    if (label[state] < cost) continue;
    if (++settled % 1024 == 0) {
      const auto reached = cost;  // a binding cannot be captured under clang 14
      const bool done = std::ranges::all_of(best, [&](const auto& b) { return b && *b <= reached; });
      if (done) break;
    }
    for (const auto to : next_[state]) {
      const ReferenceCost turned{cost.ms + turn_ms(plain(state), plain(to)), cost.mm};
      meet(to, turned, 0);
      const auto segment = plain(to) / 6;
      const int direction = static_cast<int>(plain(to) / 3 % 2);
      offer(to, {turned.ms + time_ms(segment, direction, segments_[segment].mm),
                 turned.mm + segments_[segment].mm});
    }
  }
  return best;
}

}  // namespace reckon::test
