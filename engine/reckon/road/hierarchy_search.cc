#include "reckon/road/hierarchy_search.h"

#include <algorithm>

namespace reckon::road {
namespace {

/// With so few steps open, looking at their labels is cheaper than finding out which are not needed. Beyond
/// lie maps of a million junctions, where it thirds the time of a query.
constexpr std::size_t kFewSteps = 32;

bool ahead_on_one_arc(const Terminal& from, const Terminal& to) {
  return to.before >= from.before && length_mm_of(to.before) >= length_mm_of(from.before);
}

/// Where two climbs meet on the cheapest path: steps of each, and the hub of both steps' labels; where the
/// steps are one vertex, that vertex.
struct Meeting {
  Cost cost = kUnreached;
  std::uint32_t forward = 0;
  std::uint32_t backward = 0;
  std::uint32_t hub = 0;
};

// At vertices below the labels: both climbs have them by descending number.
Meeting meet_at_steps(const Climb& forward, const Climb& backward) {
  const auto ups = forward.unlabelled();
  const auto downs = backward.unlabelled();
  Meeting best;
  for (std::uint32_t f = 0, b = 0; f < ups.size() && b < downs.size();) {
    const auto up = ups[f].vertex;
    const auto down = downs[b].vertex;
    const Cost cost = ups[f].cost + downs[b].cost;
    if (up == down && cost < best.cost) best = {cost, f, b, up};
    f += up >= down;
    b += down >= up;
  }
  return best;
}

/// The path's edges, in the order of travel, and from them its arcs.
class Unpacker {
 public:
  explicit Unpacker(const Hierarchy& hierarchy) : hierarchy_(hierarchy) {}

  struct Leap {
    std::uint32_t from, to, middle;
  };

  /// Edges from the climb's seed to its step `at`, the last one first.
  static void add_steps(const HierarchyEdges& edges, std::span<const Climb::Step> steps, std::uint32_t at,
                        std::vector<Leap>& leaps) {
    for (; steps[at].parent != Climb::kNoStep; at = steps[at].parent) {
      leaps.push_back({steps[steps[at].parent].vertex, steps[at].vertex, edges.all[steps[at].edge].middle});
    }
  }

  /// Edges from a labelled vertex to a hub of its label, the first one first. A label's entry came over an
  /// edge, so the edge's other end has the same hub, as much nearer as the edge costs. False where none has.
  static bool add_label(const HierarchyEdges& edges, const HubLabels& labels, std::uint32_t vertex,
                        std::uint32_t hub, std::vector<Leap>& leaps) {
    if (vertex == hub) return true;  // perhaps one without labels
    auto left = find(labels, vertex, hub);
    while (vertex != hub) {
      const auto own = edges.of(vertex);
      const auto over = std::ranges::find_if(own, [&](const HierarchyEdge& edge) {
        if (edge.to < hub || edge.cost > left) return false;
        const Cost rest = find(labels, edge.to, hub);
        return rest != kNoCost && rest + edge.cost == left;
      });
      if (over == own.end()) return false;
      leaps.push_back({vertex, over->to, over->middle});
      left -= over->cost;
      vertex = over->to;
    }
    return true;
  }

  /// Appends the arcs after `leap.from` up to and including `leap.to`. False where the hierarchy contradicts
  /// itself.
  bool append(const Leap& leap, std::vector<std::uint32_t>& arcs) {
    const auto most = hierarchy_.arc_of_vertex.size();  // no cheapest path visits an arc twice
    todo_.assign(1, leap);
    while (!todo_.empty()) {
      const auto [a, b, m] = todo_.back();
      todo_.pop_back();
      if (m == kNoMiddle) {
        if (arcs.size() > most) return false;
        arcs.push_back(hierarchy_.arc_of_vertex[b]);
        continue;
      }
      if (m <= std::max(a, b) || m >= most) return false;
      const auto first = find(hierarchy_.down.of(m), a);
      const auto second = find(hierarchy_.up.of(m), b);
      if (first == nullptr || second == nullptr) return false;
      todo_.push_back({m, b, second->middle});
      todo_.push_back({a, m, first->middle});
    }
    return true;
  }

 private:
  static const HierarchyEdge* find(std::span<const HierarchyEdge> edges, std::uint32_t to) {
    const auto found = std::ranges::find(edges, to, &HierarchyEdge::to);
    return found == edges.end() ? nullptr : &*found;
  }

  static Cost find(const HubLabels& labels, std::uint32_t vertex, std::uint32_t hub) {
    for (const auto entry : labels.of(vertex)) {
      if (entry.hub >= hub) return entry.hub == hub ? entry.cost : kNoCost;
    }
    return kNoCost;
  }

  const Hierarchy& hierarchy_;
  std::vector<Leap> todo_;
};

// As spread and gather, but tells where; looks at each pair of steps.
Meeting find_hub(const Hierarchy& hierarchy, const Climb& forward, const Climb& backward) {
  Meeting best;
  const auto first_up = static_cast<std::uint32_t>(forward.unlabelled().size());
  const auto first_down = static_cast<std::uint32_t>(backward.unlabelled().size());
  for (auto f = first_up; f < forward.steps().size(); ++f) {
    for (auto b = first_down; b < backward.steps().size(); ++b) {
      const auto out = hierarchy.out.of(forward.steps()[f].vertex);
      const auto in = hierarchy.in.of(backward.steps()[b].vertex);
      const Cost ends = forward.steps()[f].cost + backward.steps()[b].cost;
      for (auto i = out.begin(), j = in.begin(); i != out.end() && j != in.end();) {
        const auto there = *i, back = *j;
        if (there.hub == back.hub) {
          const Cost cost = ends + there.cost + back.cost;
          if (cost < best.cost) best = {cost, f, b, there.hub};
        }
        if (there.hub <= back.hub) ++i;
        if (back.hub <= there.hub) ++j;
      }
    }
  }
  return best;
}

}  // namespace

// Keeps the open vertices ascending, each once with the cheapest of its costs. They are few.
void Climb::open(const Step& step) {
  auto at = open_.size();
  while (at > 0 && open_[at - 1].vertex > step.vertex) --at;
  if (at > 0 && open_[at - 1].vertex == step.vertex) {
    if (step.cost < open_[at - 1].cost) open_[at - 1] = step;
  } else {
    open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(at), step);
  }
}

// Source: docs/sources.md#contraction-hierarchies (stall-on-demand).
bool Climb::stalled(const HierarchyEdges& against, const Step& step) const {
  if (open_.size() <= kFewSteps) return false;
  return std::ranges::any_of(against.of(step.vertex), [&](const HierarchyEdge& edge) {
    const auto above = std::ranges::lower_bound(open_, edge.to, {}, &Step::vertex);
    return above != open_.end() && above->vertex == edge.to && above->cost + edge.cost <= step.cost;
  });
}

void Climb::run(const HierarchyEdges& edges, const HierarchyEdges& against, std::uint32_t labelled,
                std::span<const ClimbSeed> seeds) {
  open_.clear();
  steps_.clear();
  for (std::uint32_t i = 0; i < seeds.size(); ++i) open({seeds[i].cost, seeds[i].vertex, kNoStep, i});
  while (!open_.empty() && open_.back().vertex >= labelled) {
    const Step step = open_.back();
    open_.pop_back();
    if (stalled(against, step)) continue;
    const auto at = static_cast<std::uint32_t>(steps_.size());
    steps_.push_back(step);
    for (auto e = edges.first[step.vertex]; e < edges.first[step.vertex + 1]; ++e) {
      open({step.cost + edges.all[e].cost, edges.all[e].to, at, e});
    }
  }
  unlabelled_ = steps_.size();
  for (const auto& step : open_) {
    if (!stalled(against, step)) steps_.push_back(step);
  }
}

bool lies_behind(const Terminal& source, std::span<const Terminal> to) {
  return std::ranges::any_of(to, [&](const Terminal& target) {
    return target.arc == source.arc && !ahead_on_one_arc(source, target);
  });
}

std::uint32_t cheapest_terminal(std::span<const Terminal> terminals, std::uint32_t arc,
                                Cost Terminal::*cost) {
  std::uint32_t best = kNoArc;
  for (std::uint32_t i = 0; i < terminals.size(); ++i) {
    if (terminals[i].arc == arc && (best == kNoArc || terminals[i].*cost < terminals[best].*cost)) best = i;
  }
  return best;
}

void HierarchySearch::climb(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> from,
                            std::span<const Terminal> to) {
  seeds_.set(
      graph, from, to, [&](std::uint32_t arc) { return hierarchy.vertex_of_arc[arc]; },
      [&](std::uint32_t, std::uint32_t turn) { return graph.cost_of_turn(turn); });
  forward_.run(hierarchy.up, hierarchy.down, hierarchy.labelled(), seeds_.sources);
  backward_.run(hierarchy.down, hierarchy.up, hierarchy.labelled(), seeds_.targets);
}

// What the start reaches, to `at_hub_`.
void HierarchySearch::spread(const Hierarchy& hierarchy) {
  if (at_hub_.size() < hierarchy.labelled()) at_hub_.resize(hierarchy.labelled(), kUnreached);
  for (const auto& step : forward_.labelled()) {
    for (const auto entry : hierarchy.out.of(step.vertex)) {
      auto& cost = at_hub_[hierarchy.hub_of(entry)];
      cost = std::min(cost, step.cost + entry.cost);
    }
  }
}

Cost HierarchySearch::gather(const Hierarchy& hierarchy) const {
  Cost best = kUnreached;
  for (const auto& step : backward_.labelled()) {
    for (const auto entry : hierarchy.in.of(step.vertex)) {
      best = std::min(best, step.cost + entry.cost + at_hub_[hierarchy.hub_of(entry)]);
    }
  }
  return best;
}

void HierarchySearch::let_go(const Hierarchy& hierarchy) {
  for (const auto& step : forward_.labelled()) {
    for (const auto entry : hierarchy.out.of(step.vertex)) at_hub_[hierarchy.hub_of(entry)] = kUnreached;
  }
}

Cost HierarchySearch::shortest(const ArcGraph& graph, const Hierarchy& hierarchy,
                               std::span<const Terminal> from, std::span<const Terminal> to) {
  climb(graph, hierarchy, from, to);
  for (const auto& step : forward_.labelled()) prefetch(hierarchy.out.of(step.vertex));
  for (const auto& step : backward_.labelled()) prefetch(hierarchy.in.of(step.vertex));
  spread(hierarchy);
  const Cost best = std::min(meet_at_steps(forward_, backward_).cost, gather(hierarchy));
  let_go(hierarchy);
  return std::min(without_bias(best, seeds_.bias), along_one_arc(from, to).cost);
}

void HierarchySearch::hold(const Hierarchy& hierarchy, std::span<const Terminal> from) {
  seeds_.sources.clear();
  for (const auto& source : from)
    seeds_.sources.push_back({hierarchy.vertex_of_arc[source.arc], source.after});
  forward_.run(hierarchy.up, hierarchy.down, hierarchy.labelled(), seeds_.sources);
  spread(hierarchy);
}

Cost HierarchySearch::shortest_to(const ArcGraph& graph, const Hierarchy& hierarchy,
                                  std::span<const Terminal> from, std::span<const Terminal> to) {
  const auto behind = [&](const Terminal& source) { return lies_behind(source, to); };
  if (std::ranges::any_of(from, behind)) {  // such a trip begins elsewhere than what is held
    let_go(hierarchy);
    const Cost cost = shortest(graph, hierarchy, from, to);
    hold(hierarchy, from);
    return cost;
  }
  const Cost bias = seed_targets(
      to, [&](std::uint32_t arc) { return hierarchy.vertex_of_arc[arc]; }, seeds_.targets);
  backward_.run(hierarchy.down, hierarchy.up, hierarchy.labelled(), seeds_.targets);
  for (const auto& step : backward_.labelled()) prefetch(hierarchy.in.of(step.vertex));
  const Cost best = std::min(meet_at_steps(forward_, backward_).cost, gather(hierarchy));
  return std::min(without_bias(best, bias), along_one_arc(from, to).cost);
}

std::optional<Path> HierarchySearch::path(const ArcGraph& graph, const Hierarchy& hierarchy,
                                          std::span<const Terminal> from, std::span<const Terminal> to) {
  climb(graph, hierarchy, from, to);
  auto meeting = meet_at_steps(forward_, backward_);
  if (const auto at_hub = find_hub(hierarchy, forward_, backward_); at_hub.cost < meeting.cost)
    meeting = at_hub;
  const auto direct = along_one_arc(from, to);
  if (direct.cost != kNoCost && direct.cost <= meeting.cost - seeds_.bias) {
    return Path{{from[direct.start].arc}, direct.start, direct.finish};
  }
  if (meeting.cost >= kUnreached) return std::nullopt;

  std::vector<Unpacker::Leap> leaps, later;
  const auto ups = forward_.steps();
  const auto downs = backward_.steps();
  Unpacker::add_steps(hierarchy.up, ups, meeting.forward, leaps);
  std::ranges::reverse(leaps);
  const auto& up = ups[meeting.forward];
  const auto& down = downs[meeting.backward];
  if (!Unpacker::add_label(hierarchy.up, hierarchy.out, up.vertex, meeting.hub, leaps)) return std::nullopt;
  if (!Unpacker::add_label(hierarchy.down, hierarchy.in, down.vertex, meeting.hub, later))
    return std::nullopt;
  std::ranges::reverse(later);
  Unpacker::add_steps(hierarchy.down, downs, meeting.backward, later);
  for (auto& [a, b, middle] : later) std::swap(a, b);  // they were collected against travel
  leaps.insert(leaps.end(), later.begin(), later.end());

  auto root = meeting.forward;
  while (ups[root].parent != Climb::kNoStep) root = ups[root].parent;
  Path path;
  if (seeds_.left_arcs[ups[root].edge] != kNoArc) path.arcs.push_back(seeds_.left_arcs[ups[root].edge]);
  path.arcs.push_back(hierarchy.arc_of_vertex[ups[root].vertex]);
  Unpacker unpacker(hierarchy);
  for (const auto& leap : leaps) {
    if (!unpacker.append(leap, path.arcs)) return std::nullopt;
  }
  path.start = cheapest_terminal(from, path.arcs.front(), &Terminal::after);
  path.finish = cheapest_terminal(to, path.arcs.back(), &Terminal::before);
  if (path.start == kNoArc || path.finish == kNoArc) return std::nullopt;
  return path;
}

}  // namespace reckon::road
