#include "reckon/road/arcs.h"

#include <algorithm>
#include <array>
#include <span>

namespace reckon::road {
namespace {

enum class ArcKind : std::uint8_t {
  kPublic,
  kEntry,  ///< of an ends-only road: entered from public road, left to none
  kExit,   ///< of an ends-only road: left to public road, entered from none
};

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

class ArcMaker {
 public:
  ArcMaker(const EdgeSet& set, const RoadData& data, base::Vehicle vehicle, std::vector<bool>& rules_used)
      : set_(set),
        data_(data),
        vehicle_(static_cast<std::size_t>(vehicle)),
        bit_(static_cast<std::uint8_t>(1u << vehicle_)),
        rules_used_(rules_used),
        arms_(set, data.nodes.osm_ids.size()) {
    for (std::uint32_t r = 0; r < data.turn_rules.size(); ++r) {
      if ((data.turn_rules[r].tags.vehicles & bit_) != 0) rules_.push_back(r);
    }
    std::ranges::sort(rules_, {}, [&](auto r) { return std::pair(data.turn_rules[r].via, r); });
  }

  CompiledArcs make() {
    for (std::uint32_t e = 0; e < set_.edges.size(); ++e) add_arcs(e);
    out_.edge_first_arc.push_back(static_cast<std::uint32_t>(out_.arcs.size()));
    for (std::uint32_t arc = 0; arc < out_.arcs.size(); ++arc) {
      out_.next_first.push_back(static_cast<std::uint32_t>(out_.next.size()));
      add_turns(arc);
    }
    out_.next_first.push_back(static_cast<std::uint32_t>(out_.next.size()));
    turn_round();
    return std::move(out_);
  }

 private:
  const LaneUse& lane(std::uint32_t edge_dir) const {
    return set_.uses[set_.edges[edge_dir / 2].use].by[vehicle_][edge_dir % 2];
  }

  void add_arcs(std::uint32_t e) {
    out_.edge_first_arc.push_back(static_cast<std::uint32_t>(out_.arcs.size()));
    const auto& along = set_.edges[e].along_mm;
    for (std::uint32_t direction = 0; direction < 2; ++direction) {
      const auto use = lane(e * 2 + direction);
      if (!use.open()) continue;
      Arc arc{e * 2 + direction, 0, along.back(), use.metres_per_hour};
      for (std::size_t i = 1; i < along.size(); ++i) {
        arc.time_ms += segment_time_ms(along[i] - along[i - 1], use.metres_per_hour);
      }
      const auto add = [&](ArcKind kind) {
        out_.arcs.push_back(arc);
        kinds_.push_back(kind);
      };
      if (use.ends_only) add(ArcKind::kEntry);
      add(use.ends_only ? ArcKind::kExit : ArcKind::kPublic);
    }
  }

  // The arc of this kind over an edge in a direction, if there is one.
  template <class Take>
  void each_arc(std::uint32_t edge_dir, Take take) const {
    for (auto arc = out_.edge_first_arc[edge_dir / 2]; arc < out_.edge_first_arc[edge_dir / 2 + 1]; ++arc) {
      if (out_.arcs[arc].edge_dir == edge_dir) take(arc);
    }
  }

  void add_turns(std::uint32_t arc) {
    const auto edge_dir = out_.arcs[arc].edge_dir;
    const auto& edge = set_.edges[edge_dir / 2];
    const Arm in{edge_dir / 2, edge_dir % 2 == 0};
    const auto node = in.at_end ? edge.nodes.back() : edge.nodes.front();
    const auto arms = arms_.at(node);
    const bool barred = (data_.nodes.barred[node] & bit_) != 0;
    const bool dead_end = barred || !goes_on(in, kinds_[arc], arms);
    for (const auto& out : arms) {
      if (out == in ? !dead_end : barred) continue;
      if (forbidden(node, in, out)) continue;
      each_arc(out.leaving(), [&](std::uint32_t to) {
        if (may_follow(kinds_[arc], kinds_[to])) out_.next.push_back(to);
      });
    }
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
      rules_used_[r] = true;
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

  void turn_round() {
    out_.prev_first.assign(out_.arcs.size() + 1, 0);
    for (const auto to : out_.next) ++out_.prev_first[to + 1];
    for (std::size_t i = 1; i < out_.prev_first.size(); ++i) out_.prev_first[i] += out_.prev_first[i - 1];
    out_.prev.resize(out_.next.size());
    auto fill = out_.prev_first;
    for (std::uint32_t arc = 0; arc < out_.arcs.size(); ++arc) {
      for (auto i = out_.next_first[arc]; i < out_.next_first[arc + 1]; ++i)
        out_.prev[fill[out_.next[i]]++] = arc;
    }
  }

  const EdgeSet& set_;
  const RoadData& data_;
  std::size_t vehicle_;
  std::uint8_t bit_;
  std::vector<bool>& rules_used_;
  Arms arms_;
  std::vector<std::uint32_t> rules_;  ///< those that bind the vehicle, by via node
  std::vector<ArcKind> kinds_;
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

CompiledArcs make_arcs(const EdgeSet& set, const RoadData& data, base::Vehicle vehicle,
                       std::vector<bool>& rules_used) {
  return ArcMaker(set, data, vehicle, rules_used).make();
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
