#include "reckon/road/arcs.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

namespace reckon::road {
namespace {

/// One end of an edge at a node.
struct Arm {
  std::uint32_t edge;
  bool at_end;  ///< the edge's last point; else its first

  std::uint32_t arriving() const { return edge * 2 + (at_end ? 0 : 1); }  ///< edge_dir of travel to the node
  std::uint32_t leaving() const { return edge * 2 + (at_end ? 1 : 0); }
  friend bool operator==(const Arm&, const Arm&) = default;
};

/// Arms by node.
class Arms {
 public:
  Arms(const EdgeSet& set, std::size_t node_count) : first_(node_count + 1) {
    for (const auto& edge : set.edges) {
      ++first_[edge.nodes.front() + 1];
      ++first_[edge.nodes.back() + 1];
    }
    for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
    arms_.resize(first_.back());
    auto fill = first_;
    for (std::uint32_t e = 0; e < set.edges.size(); ++e) {
      arms_[fill[set.edges[e].nodes.front()]++] = {e, false};
      arms_[fill[set.edges[e].nodes.back()]++] = {e, true};
    }
  }
  std::span<const Arm> at(std::uint32_t node) const {
    return std::span(arms_).subspan(first_[node], first_[node + 1] - first_[node]);
  }

 private:
  std::vector<std::uint32_t> first_;
  std::vector<Arm> arms_;
};

/// How far a trip has come along turns over ways: (rule, how many of its path's arcs are behind or under it).
using Progress = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// The turns over ways that bind a vehicle, as paths of directed edges.
class WayTurns {
 public:
  struct Path {
    std::uint32_t rule;  ///< into RoadData::way_turns
    std::uint32_t first_node, last_node;
    std::vector<std::uint32_t> edge_dirs;
  };

  /// @param found  by first node
  explicit WayTurns(std::vector<Path> found = {}) : paths(std::move(found)) {}

  bool empty() const { return paths.empty(); }

  /// What is under way after `from` -> `to` over `node`, when `before` was so on `from`.
  /// @param from_way,to_way  of the arms at the node
  /// @return nothing when a rule forbids the turn
  std::optional<Progress> turn(const RoadData& data, const Progress& before, std::uint32_t node,
                               std::int64_t from_way, std::uint32_t to, std::int64_t to_way) const {
    Progress after;
    bool bound = false;    // an only_ rule names what follows ...
    bool allowed = false;  // ... and it is this
    const auto lead = [&](std::uint32_t p, std::uint32_t done) {
      const auto& path = paths[p];
      const auto& rule = data.way_turns[path.rule];
      const bool last = done == path.edge_dirs.size();
      const bool follows = last ? to_way == rule.to : path.edge_dirs[done] == to;
      if (follows && !last) after.emplace_back(p, done + 1);
      if (rule.tags.kind == TurnRuleKind::kNo) return !(follows && last);
      bound = true;
      allowed = allowed || follows;
      return true;
    };
    for (const auto& [p, done] : before) {
      if (!lead(p, done)) return std::nullopt;
    }
    const auto first = std::ranges::lower_bound(paths, node, {}, &Path::first_node);
    for (auto p = first; p != paths.end() && p->first_node == node; ++p) {
      if (data.way_turns[p->rule].from != from_way) continue;
      if (!lead(static_cast<std::uint32_t>(p - paths.begin()), 0)) return std::nullopt;
    }
    if (bound && !allowed) return std::nullopt;
    std::ranges::sort(after);
    return after;
  }

  std::vector<Path> paths;
};

class ArcMaker {
 public:
  ArcMaker(const EdgeSet& set, const RoadData& data, base::Vehicle vehicle, DrivingSide side, RulesUsed& used)
      : set_(set),
        data_(data),
        kind_(vehicle),
        vehicle_(static_cast<std::size_t>(vehicle)),
        side_(side),
        bit_(static_cast<std::uint8_t>(1u << vehicle_)),
        used_(used),
        arms_(set, data.nodes.osm_ids.size()) {
    for (std::uint32_t r = 0; r < data.turn_rules.size(); ++r) {
      if ((data.turn_rules[r].tags.vehicles & bit_) != 0) rules_.push_back(r);
    }
    std::ranges::sort(rules_, {}, [&](auto r) { return std::pair(data.turn_rules[r].via, r); });
    std::vector<WayTurns::Path> paths;
    for (std::uint32_t r = 0; r < data.way_turns.size(); ++r) {
      if (auto path = path_of(r)) paths.push_back(std::move(*path));
    }
    std::ranges::stable_sort(paths, {}, &WayTurns::Path::first_node);
    way_turns_ = WayTurns(std::move(paths));
  }

  CompiledArcs make() {
    for (std::uint32_t e = 0; e < set_.edges.size(); ++e) add_arcs(e);
    base_first_.push_back(static_cast<std::uint32_t>(arcs_.size()));
    join_unsure();
    for (std::uint32_t arc = 0; arc < arcs_.size(); ++arc) vertices_.push_back({arc, 0});
    for (std::uint32_t v = 0; v < vertices_.size(); ++v) add_turns(v);  // grows as copies are met
    number();
    list_previous(out_);
    return std::move(out_);
  }

 private:
  /// An arc, or the copy of it for trips that turns over ways have led there.
  struct Vertex {
    std::uint32_t arc;
    std::uint32_t progress;  ///< into progress_; 0: none
    friend auto operator<=>(const Vertex&, const Vertex&) = default;
  };

  const LaneUse& lane(std::uint32_t edge_dir) const {
    return set_.uses[set_.edges[edge_dir / 2].use].by[vehicle_][edge_dir % 2];
  }

  // A rule along roads that the vehicle may not use, or into one, does not bind it.
  std::optional<WayTurns::Path> path_of(std::uint32_t r) {
    const auto& rule = data_.way_turns[r];
    if ((rule.tags.vehicles & bit_) == 0) return std::nullopt;
    WayTurns::Path path{r, rule.path.front().node, rule.path.back().node, {}};
    for (std::size_t at = 0; at + 1 < rule.path.size();) {
      const auto arms = arms_.at(rule.path[at].node);
      const auto found = std::ranges::find_if(arms, [&](const Arm& arm) {
        return way_of(arm) == rule.path[at].way && lane(arm.leaving()).open() &&
               leads_along(arm, rule.path, at);
      });
      if (found == arms.end()) return std::nullopt;
      path.edge_dirs.push_back(found->leaving());
      at += set_.edges[found->edge].nodes.size() - 1;
    }
    if (!has_exit(path.last_node, rule.to)) return std::nullopt;
    used_.over_ways[r] = true;
    return path;
  }

  bool leads_along(const Arm& arm, const std::vector<PathStep>& path, std::size_t at) const {
    const auto& nodes = set_.edges[arm.edge].nodes;
    if (nodes.size() > path.size() - at) return false;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (path[at + i].node != (arm.at_end ? nodes[nodes.size() - 1 - i] : nodes[i])) return false;
    }
    return true;
  }

  void add_arcs(std::uint32_t e) {
    base_first_.push_back(static_cast<std::uint32_t>(arcs_.size()));
    const auto& along = set_.edges[e].along_mm;
    for (std::uint32_t direction = 0; direction < 2; ++direction) {
      const auto use = lane(e * 2 + direction);
      if (!use.open_or_unsure()) continue;
      Arc arc{};
      arc.edge_dir = e * 2 + direction;
      arc.length_mm = along.back();
      arc.metres_per_hour = use.metres_per_hour & Arc::kMaxSpeed;
      arc.destination = use.destination;
      arc.unsure = use.unsure;
      const Arm in{e, direction == 0};
      arc.light =
          stopped_by_light(direction == 0 ? set_.edges[e].nodes.back() : set_.edges[e].nodes.front(), in);
      for (std::size_t i = 1; i < along.size(); ++i) {
        arc.time_ms += segment_time_ms(along[i] - along[i - 1], use.metres_per_hour);
      }
      const auto add = [&](ArcKind kind) {
        arc.kind = kind;
        if (use.unsure) {
          out_.unsure.push_back(arc);
        } else {
          arcs_.push_back(arc);
        }
      };
      if (use.ends_only) add(ArcKind::kEntry);
      add(use.ends_only ? ArcKind::kExit : ArcKind::kPublic);
    }
  }

  // At each node that unsure arcs meet: all arms that the vehicle uses or may be found to use.
  void join_unsure() {
    std::vector<std::uint32_t> nodes;
    for (const auto& arc : out_.unsure) {
      const auto& edge = set_.edges[arc.edge()];
      nodes.insert(nodes.end(), {edge.nodes.front(), edge.nodes.back()});
    }
    std::ranges::sort(nodes);
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    for (const auto node : nodes) {
      if ((data_.nodes.barred[node] & bit_) != 0) continue;
      std::optional<std::uint32_t> first;
      for (const auto& arm : arms_.at(node)) {
        if (!lane(arm.arriving()).open_or_unsure() && !lane(arm.leaving()).open_or_unsure()) continue;
        if (first) out_.joins.push_back({*first, arm.leaving()});
        if (!first) first = arm.leaving();
      }
    }
  }

  // The arcs over an edge in a direction.
  template <class Take>
  void each_arc(std::uint32_t edge_dir, Take take) const {
    for (auto arc = base_first_[edge_dir / 2]; arc < base_first_[edge_dir / 2 + 1]; ++arc) {
      if (arcs_[arc].edge_dir == edge_dir) take(arc);
    }
  }

  void add_turns(std::uint32_t vertex) {
    next_first_.push_back(static_cast<std::uint32_t>(next_.size()));
    const auto from = vertices_[vertex];
    const auto arc = arcs_[from.arc];
    const auto& edge = set_.edges[arc.edge()];
    const Arm in{arc.edge(), !arc.backward()};
    const auto node = in.at_end ? edge.nodes.back() : edge.nodes.front();
    const auto arms = arms_.at(node);
    const bool barred = (data_.nodes.barred[node] & bit_) != 0;
    const bool dead_end = barred || !goes_on(in, arc.kind, arms);
    const bool junction = std::ranges::count_if(arms, [&](const Arm& arm) { return used(arm); }) > 2;
    const auto corner = data_.nodes.places[node], before = place_beside(in);
    for (const auto& out : arms) {
      if (out == in ? !dead_end : barred) continue;
      if (forbidden(node, in, out)) continue;
      std::uint32_t progress = 0;
      if (!way_turns_.empty()) {
        const auto after =
            way_turns_.turn(data_, progress_[from.progress], node, way_of(in), out.leaving(), way_of(out));
        if (!after) continue;
        progress = number_of(*after);
      }
      const auto cost_ms =
          turn_ms(kind_, side_, {out == in, junction, arc.light, before, corner, place_beside(out)});
      each_arc(out.leaving(), [&](std::uint32_t to) {
        if (!may_follow(arc.kind, arcs_[to].kind)) return;
        next_.push_back(vertex_of({to, progress}));
        next_ms_.push_back(cost_ms);
      });
    }
  }

  bool used(Arm arm) const { return lane(arm.arriving()).open() || lane(arm.leaving()).open(); }

  // The node next to the one where the arm is.
  std::uint32_t node_beside(Arm arm) const {
    const auto& nodes = set_.edges[arm.edge].nodes;
    return arm.at_end ? nodes[nodes.size() - 2] : nodes[1];
  }
  geo::PlaceE7 place_beside(Arm arm) const { return data_.nodes.places[node_beside(arm)]; }

  // Whether a traffic light at the node is for those who come by the arm.
  bool stopped_by_light(std::uint32_t node, Arm in) const {
    const auto signals = data_.nodes.signals[node];
    if (signals == 0 || signals == 3) return signals != 0;
    const auto way = std::ranges::lower_bound(data_.ways, way_of(in), {}, &RoadWay::osm_id);
    const auto refs = std::span(data_.refs).subspan(way->first_ref, way->ref_count);
    const std::array pair{node_beside(in), node};
    // Not std::ranges::search: its subrange is more than clang 14 makes of this library's concepts.
    const bool forward = std::search(refs.begin(), refs.end(), pair.begin(), pair.end()) != refs.end();
    return (signals & (forward ? 1 : 2)) != 0;
  }

  std::uint32_t number_of(const Progress& progress) {
    const auto [found, fresh] = numbers_.emplace(progress, static_cast<std::uint32_t>(progress_.size()));
    if (fresh) progress_.push_back(progress);
    return found->second;
  }

  std::uint32_t vertex_of(Vertex vertex) {
    if (vertex.progress == 0) return vertex.arc;
    const auto [found, fresh] = copies_.emplace(vertex, static_cast<std::uint32_t>(vertices_.size()));
    if (fresh) vertices_.push_back(vertex);
    return found->second;
  }

  // Copies stand right behind their arcs.
  void number() {
    next_first_.push_back(static_cast<std::uint32_t>(next_.size()));
    std::vector<std::uint32_t> order(vertices_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, {}, [&](auto v) { return vertices_[v]; });
    std::vector<std::uint32_t> number_of_vertex(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) number_of_vertex[order[i]] = i;
    out_.edge_first_arc.assign(set_.edges.size() + 1, 0);
    for (const auto v : order) {
      out_.arcs.push_back(arcs_[vertices_[v].arc]);
      out_.arcs.back().copy = vertices_[v].progress != 0;
      ++out_.edge_first_arc[out_.arcs.back().edge() + 1];
      out_.next_first.push_back(static_cast<std::uint32_t>(out_.next.size()));
      for (auto i = next_first_[v]; i < next_first_[v + 1]; ++i) {
        out_.next.push_back(number_of_vertex[next_[i]]);
        out_.next_ms.push_back(next_ms_[i]);
      }
    }
    out_.next_first.push_back(static_cast<std::uint32_t>(out_.next.size()));
    for (std::size_t e = 1; e < out_.edge_first_arc.size(); ++e)
      out_.edge_first_arc[e] += out_.edge_first_arc[e - 1];
  }

  // Whether another arm leaves the node; on a public road only public arms count, for whoever follows a
  // public road to a private gate may turn round before it.
  bool goes_on(Arm in, ArcKind kind, std::span<const Arm> arms) const {
    return std::ranges::any_of(arms, [&](const Arm& out) {
      const auto& use = lane(out.leaving());
      return out != in && use.open() && (kind != ArcKind::kPublic || !use.ends_only);
    });
  }

  std::int64_t way_of(Arm arm) const {
    const auto& edge = set_.edges[arm.edge];
    return arm.at_end ? edge.last_way : edge.first_way;
  }

  std::span<const std::uint32_t> rules_at(std::uint32_t node) const {
    // Not equal_range: its subrange is more than clang 14 makes of this library's concepts.
    const auto via = [&](auto r) { return data_.turn_rules[r].via; };
    return {std::ranges::lower_bound(rules_, node, {}, via), std::ranges::upper_bound(rules_, node, {}, via)};
  }

  bool forbidden(std::uint32_t node, Arm in, Arm out) {
    bool only = false;     // some only_ rule binds this arm ...
    bool allowed = false;  // ... and one of them names this turn
    bool no = false;
    for (const auto r : rules_at(node)) {
      const auto& rule = data_.turn_rules[r];
      if (rule.from != way_of(in) || !has_exit(node, rule.to)) continue;
      // A U-turn rule from a way to itself is about turning round on the arm; as "only" it cannot be followed
      // exactly.
      const bool turning_round = rule.tags.u_turn && rule.from == rule.to;
      if (turning_round && rule.tags.kind == TurnRuleKind::kOnly) continue;
      used_.over_nodes[r] = true;
      const bool names_turn = turning_round ? in == out : rule.to == way_of(out);
      if (rule.tags.kind == TurnRuleKind::kNo) {
        no = no || names_turn;
      } else {
        only = true;
        allowed = allowed || names_turn;
      }
    }
    return no || (only && !allowed);
  }

  // An "only" turn into a road that the vehicle may not use would lock it in: such a rule does not bind it.
  bool has_exit(std::uint32_t node, std::int64_t way) const {
    return std::ranges::any_of(
        arms_.at(node), [&](const Arm& arm) { return way_of(arm) == way && lane(arm.leaving()).open(); });
  }

  const EdgeSet& set_;
  const RoadData& data_;
  base::Vehicle kind_;
  std::size_t vehicle_;  ///< its number
  DrivingSide side_;
  std::uint8_t bit_;
  RulesUsed& used_;
  Arms arms_;
  std::vector<std::uint32_t> rules_;  ///< those that bind the vehicle, by via node
  WayTurns way_turns_;
  std::vector<Arc> arcs_;                  ///< without copies
  std::vector<std::uint32_t> base_first_;  ///< of `arcs_`, by edge
  std::vector<Progress> progress_{{}};     ///< each that occurs; first the empty one
  std::map<Progress, std::uint32_t> numbers_{{{}, 0}};
  std::vector<Vertex> vertices_;  ///< all arcs, then the copies
  std::map<Vertex, std::uint32_t> copies_;
  std::vector<std::uint32_t> next_first_, next_;  ///< by vertex
  std::vector<std::uint16_t> next_ms_;            ///< parallel to `next_`
  CompiledArcs out_;
};

/// Tarjan's algorithm without recursion: each arc's strongly connected part.
class Parts {
 public:
  explicit Parts(const ArcGraph& graph)
      : graph_(graph), state_(graph.arcs.size()), part_(graph.arcs.size(), kOpen) {
    for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
      if (state_[arc].number == 0) visit(arc);
    }
  }
  const std::vector<std::uint32_t>& part_of() const { return part_; }
  std::uint32_t count() const { return count_; }

 private:
  static constexpr std::uint32_t kOpen = 0xffffffff;
  struct Visit {
    std::uint32_t number = 0;  ///< 0: not seen yet
    std::uint32_t low = 0;
    std::uint32_t next = 0;  ///< continuations already looked at
  };

  void enter(std::uint32_t arc) {
    state_[arc] = {++counter_, counter_, 0};
    path_.push_back(arc);
    open_.push_back(arc);
  }

  void visit(std::uint32_t root) {
    enter(root);
    while (!path_.empty()) {
      const auto arc = path_.back();
      auto& state = state_[arc];
      const auto after = graph_.after(arc);
      if (state.next < after.size()) {
        const auto to = after[state.next++];
        if (state_[to].number == 0) {
          enter(to);
        } else if (part_[to] == kOpen) {
          state.low = std::min(state.low, state_[to].number);
        }
        continue;
      }
      leave(arc);
    }
  }

  void leave(std::uint32_t arc) {
    path_.pop_back();
    if (!path_.empty()) state_[path_.back()].low = std::min(state_[path_.back()].low, state_[arc].low);
    if (state_[arc].low != state_[arc].number) return;
    for (;;) {
      const auto member = open_.back();
      open_.pop_back();
      part_[member] = count_;
      if (member == arc) break;
    }
    ++count_;
  }

  const ArcGraph graph_;
  std::vector<Visit> state_;
  std::vector<std::uint32_t> part_, path_, open_;
  std::uint32_t counter_ = 0;
  std::uint32_t count_ = 0;
};

std::vector<bool> in_large_part(const ArcGraph& graph) {
  const Parts parts(graph);
  std::vector<std::uint64_t> length_mm(parts.count());
  for (std::size_t arc = 0; arc < graph.arcs.size(); ++arc)
    length_mm[parts.part_of()[arc]] += graph.arcs[arc].length_mm;
  const auto longest = length_mm.empty() ? 0 : *std::ranges::max_element(length_mm);
  std::vector<bool> large(graph.arcs.size());
  for (std::size_t arc = 0; arc < graph.arcs.size(); ++arc) {
    const auto length = length_mm[parts.part_of()[arc]];
    large[arc] = length == longest || length >= kLargePartMm;
  }
  return large;
}

// All arcs that `neighbours` leads to from those in `start`, themselves included.
template <class Neighbours>
std::vector<bool> reached(std::vector<bool> start, Neighbours neighbours) {
  std::vector<std::uint32_t> todo;
  for (std::uint32_t arc = 0; arc < start.size(); ++arc) {
    if (start[arc]) todo.push_back(arc);
  }
  while (!todo.empty()) {
    const auto arc = todo.back();
    todo.pop_back();
    for (const auto to : neighbours(arc)) {
      if (start[to]) continue;
      start[to] = true;
      todo.push_back(to);
    }
  }
  return start;
}

}  // namespace

void list_previous(CompiledArcs& arcs) {
  arcs.prev_first.assign(arcs.arcs.size() + 1, 0);
  for (const auto to : arcs.next) ++arcs.prev_first[to + 1];
  for (std::size_t i = 1; i < arcs.prev_first.size(); ++i) arcs.prev_first[i] += arcs.prev_first[i - 1];
  arcs.prev.resize(arcs.next.size());
  arcs.prev_ms.resize(arcs.next.size());
  auto fill = arcs.prev_first;
  for (std::uint32_t arc = 0; arc < arcs.arcs.size(); ++arc) {
    for (auto i = arcs.next_first[arc]; i < arcs.next_first[arc + 1]; ++i) {
      const auto at = fill[arcs.next[i]]++;
      arcs.prev[at] = arc;
      arcs.prev_ms[at] = arcs.next_ms[i];
    }
  }
}

bool may_follow(ArcKind from, ArcKind to) {
  switch (from) {
    case ArcKind::kPublic:
      return to != ArcKind::kExit;
    case ArcKind::kEntry:
      return to == ArcKind::kEntry;
    case ArcKind::kExit:
      return to != ArcKind::kEntry;
  }
  return false;
}

CompiledArcs make_arcs(const EdgeSet& set, const RoadData& data, base::Vehicle vehicle, DrivingSide side,
                       RulesUsed& used) {
  return ArcMaker(set, data, vehicle, side, used).make();
}

std::vector<bool> usable_edges(const CompiledArcs& arcs, std::uint32_t edge_count) {
  const ArcGraph graph = arcs.view();
  const auto large = in_large_part(graph);
  const auto from_large = reached(large, [&](auto arc) { return graph.after(arc); });
  const auto to_large = reached(large, [&](auto arc) { return graph.before(arc); });
  std::vector<bool> usable(edge_count);
  for (std::uint32_t e = 0; e < edge_count; ++e) {
    bool ends = false;
    bool begins = false;
    for (auto arc = graph.edge_first_arc[e]; arc < graph.edge_first_arc[e + 1]; ++arc) {
      ends = ends || from_large[arc];
      begins = begins || to_large[arc];
    }
    usable[e] = ends && begins;
  }
  return usable;
}

}  // namespace reckon::road
