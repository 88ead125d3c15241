#include "reckon/road/custom_search.h"

#include <algorithm>

namespace reckon::road {
namespace {

constexpr auto kNone = Elimination::kNone;

/// A path's edges, in the order of travel, unpacked to its arcs: an edge is a turn, or the two edges over a
/// vertex below both ends that cost as much.
class CustomUnpacker {
 public:
  explicit CustomUnpacker(const CustomNetwork& network) : network_(network) {}

  /// Appends the arcs after `from` up to and including `to`. False where weights contradict the graph.
  bool append(std::uint32_t from, std::uint32_t to, std::vector<std::uint32_t>& arcs) {
    todo_.assign(1, {from, to});
    while (!todo_.empty()) {
      const auto [a, b] = todo_.back();
      todo_.pop_back();
      const auto middle = middle_of(a, b);
      if (!middle || arcs.size() > network_.shape->vertices()) return false;
      if (*middle == kNone) {
        arcs.push_back(network_.shape->arc_of(b));
      } else {
        todo_.push_back({*middle, b});
        todo_.push_back({a, *middle});
      }
    }
    return true;
  }

 private:
  struct Leap {
    std::uint32_t from, to;
  };

  Cost weight(std::uint32_t from, std::uint32_t to) const {
    const auto low = std::max(from, to), high = std::min(from, to);
    const auto i = network_.shape->edge_between(low, high) - network_.shape->first_edge(low);
    return from == low ? network_.weights->up(low)[i] : network_.weights->down(low)[i];
  }

  // kNone: a turn.
  std::optional<std::uint32_t> middle_of(std::uint32_t from, std::uint32_t to) const {
    const auto& shape = *network_.shape;
    const Cost whole = weight(from, to);
    if (network_.changed->cost_between(shape.arc_of(from), shape.arc_of(to), network_.weights->metric()) ==
        whole)
      return kNone;
    const auto ins = shape.below(from), outs = shape.below(to);
    for (std::size_t i = 0, o = 0; i < ins.size() && o < outs.size();) {
      const auto in = ins[i].vertex, out = outs[o].vertex;
      if (in == out) {
        const Cost first = network_.weights->down(in)[ins[i].edge - shape.first_edge(in)];
        const Cost second = network_.weights->up(in)[outs[o].edge - shape.first_edge(in)];
        if (first < kUnreached && second < kUnreached && first + second == whole) return in;
      }
      i += in <= out;
      o += out <= in;
    }
    return std::nullopt;
  }

  const CustomNetwork& network_;
  std::vector<Leap> todo_;
};

}  // namespace

void CustomSearch::seed(const CustomNetwork& network, std::span<const Terminal> from,
                        std::span<const Terminal> to) {
  const auto metric = network.weights->metric();
  seeds_.set(
      network.changed->graph(), from, to, [&](std::uint32_t arc) { return network.shape->vertex_of(arc); },
      [&](std::uint32_t arc, std::uint32_t turn) {
        return network.changed->cost_of_turn(arc, turn, metric);
      });
}

// Up the elimination tree, from all seeds at once: each vertex after all below it.
template <class Weights>
void CustomSearch::climb(const Elimination& shape, std::span<const ClimbSeed> seeds, Side& side,
                         Weights weights_of) {
  if (side.at.size() < shape.vertices()) side.at.resize(shape.vertices());
  side.visited.clear();
  side.heads.clear();
  for (std::uint32_t i = 0; i < seeds.size(); ++i) {
    auto& at = side.at[seeds[i].vertex];
    if (seeds[i].cost < at.cost) at = {seeds[i].cost, kNone, i};
    side.heads.push_back(seeds[i].vertex);
  }
  auto& heads = side.heads;
  while (!heads.empty()) {
    const auto v = heads.size() == 1 ? heads.front() : std::ranges::max(heads);
    side.visited.push_back(v);
    const auto parent = shape.parent(v);
    std::size_t kept = 0;
    bool passed_on = parent == kNone;
    for (const auto head : heads) {
      if (head != v) {
        heads[kept++] = head;
      } else if (!passed_on) {
        heads[kept++] = parent;
        passed_on = true;
      }
    }
    heads.resize(kept);
    const Cost cost = side.at[v].cost;
    if (cost >= kUnreached) continue;
    const auto above = shape.above(v);
    const Cost* weights = weights_of(v);
    for (std::size_t i = 0; i < above.size(); ++i) {
      auto& at = side.at[above[i]];
      const Cost there = cost + weights[i];
      if (there >= at.cost || !fits(there)) continue;
      at.cost = there;
      at.from = v;
    }
  }
}

void CustomSearch::climb_up(const CustomNetwork& network, std::span<const ClimbSeed> seeds) {
  climb(*network.shape, seeds, forward_, [&](std::uint32_t v) { return network.weights->up(v); });
}

void CustomSearch::climb_down(const CustomNetwork& network, std::span<const ClimbSeed> seeds) {
  climb(*network.shape, seeds, backward_, [&](std::uint32_t v) { return network.weights->down(v); });
}

void CustomSearch::clear(Side& side) {
  for (const auto v : side.visited) side.at[v] = {};
}

CustomSearch::Meeting CustomSearch::meet() const {
  Meeting best;
  for (const auto v : backward_.visited) {
    const Cost back = backward_.at[v].cost;
    if (v >= forward_.at.size() || back >= kUnreached) continue;
    const Cost whole = forward_.at[v].cost + back;
    if (whole < best.cost) best = {whole, v};
  }
  return best;
}

Cost CustomSearch::shortest(const CustomNetwork& network, std::span<const Terminal> from,
                            std::span<const Terminal> to) {
  seed(network, from, to);
  climb_up(network, seeds_.sources);
  climb_down(network, seeds_.targets);
  const auto best = meet().cost;
  clear(forward_);
  clear(backward_);
  const Cost whole = without_bias(best, seeds_.bias);
  return std::min(whole, along_one_arc(from, to).cost);
}

std::optional<Path> CustomSearch::path(const CustomNetwork& network, std::span<const Terminal> from,
                                       std::span<const Terminal> to) {
  seed(network, from, to);
  climb_up(network, seeds_.sources);
  climb_down(network, seeds_.targets);
  const auto meeting = meet();
  std::vector<std::uint32_t> vertices;  // from the seed to the meeting and on
  std::uint32_t root = 0;
  if (meeting.cost < kUnreached) {
    auto v = meeting.vertex;
    for (; forward_.at[v].from != kNone; v = forward_.at[v].from) vertices.push_back(v);
    vertices.push_back(v);
    root = forward_.at[v].seed;
    std::ranges::reverse(vertices);
    for (v = meeting.vertex; backward_.at[v].from != kNone;) {
      v = backward_.at[v].from;
      vertices.push_back(v);
    }
  }
  clear(forward_);
  clear(backward_);
  const auto direct = along_one_arc(from, to);
  if (direct.cost != kNoCost && (meeting.cost >= kUnreached || direct.cost <= meeting.cost - seeds_.bias))
    return Path{{from[direct.start].arc}, direct.start, direct.finish};
  if (meeting.cost >= kUnreached) return std::nullopt;

  Path path;
  if (seeds_.left_arcs[root] != kNoArc) path.arcs.push_back(seeds_.left_arcs[root]);
  path.arcs.push_back(network.shape->arc_of(vertices.front()));
  CustomUnpacker unpacker(network);
  for (std::size_t i = 1; i < vertices.size(); ++i) {
    if (!unpacker.append(vertices[i - 1], vertices[i], path.arcs)) return std::nullopt;
  }
  path.start = cheapest_terminal(from, path.arcs.front(), &Terminal::after);
  path.finish = cheapest_terminal(to, path.arcs.back(), &Terminal::before);
  if (path.start == kNoArc || path.finish == kNoArc) return std::nullopt;
  return path;
}

void CustomSearch::prepare_targets(const CustomNetwork& network, std::span<const Terminal> to,
                                   std::span<const std::uint32_t> first) {
  entries_.clear();
  entry_first_.assign(1, 0);
  entry_bias_.clear();
  const auto vertex_of = [&](std::uint32_t arc) { return network.shape->vertex_of(arc); };
  for (std::size_t t = 0; t + 1 < first.size(); ++t) {
    const auto own = to.subspan(first[t], first[t + 1] - first[t]);
    entry_bias_.push_back(seed_targets(own, vertex_of, seeds_.targets));
    climb_down(network, seeds_.targets);
    for (const auto v : backward_.visited) {
      if (backward_.at[v].cost < kUnreached) entries_.push_back({v, backward_.at[v].cost});
    }
    clear(backward_);
    entry_first_.push_back(static_cast<std::uint32_t>(entries_.size()));
  }
}

void CustomSearch::row(const CustomNetwork& network, std::span<const Terminal> from,
                       std::span<const Terminal> to, std::span<const std::uint32_t> first,
                       std::span<Cost> costs) {
  seed(network, from, {});
  climb_up(network, seeds_.sources);
  for (std::size_t t = 0; t < costs.size(); ++t) {
    Cost best = kUnreached;
    for (auto i = entry_first_[t]; i < entry_first_[t + 1]; ++i) {
      const auto& entry = entries_[i];
      best = std::min(best, forward_.at[entry.vertex].cost + entry.cost);
    }
    const Cost bias = entry_bias_[t];
    costs[t] = without_bias(best, bias);
  }
  clear(forward_);
  // Ends that share an arc are the exception: the sum above may run backwards along it.
  for (std::size_t t = 0; t < costs.size(); ++t) {
    const auto own = to.subspan(first[t], first[t + 1] - first[t]);
    const bool shared = std::ranges::any_of(own, [&](const Terminal& target) {
      return std::ranges::any_of(from, [&](const Terminal& source) { return source.arc == target.arc; });
    });
    if (shared) costs[t] = shortest(network, from, own);
  }
}

}  // namespace reckon::road
