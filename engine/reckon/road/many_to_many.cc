#include "reckon/road/many_to_many.h"

#include <algorithm>
#include <utility>

namespace reckon::road {
namespace {

Cost largest_after(std::span<const Terminal> terminals) {
  Cost largest = 0;
  for (const auto& terminal : terminals) largest = std::max(largest, terminal.after);
  return largest;
}

TripEnd other(TripEnd side) {
  return side == TripEnd::kStart ? TripEnd::kFinish : TripEnd::kStart;
}

}  // namespace

// All that one place reaches (a start) or is reached from (a finish), to `reached_`.
void ManyToMany::climb(const Hierarchy& hierarchy, TripEnd side, std::span<const Terminal> place, Cost bias) {
  if (at_hub_.size() < hierarchy.labelled()) at_hub_.resize(hierarchy.labelled(), kUnreached);
  const bool start = side == TripEnd::kStart;
  seeds_.clear();
  for (const auto& terminal : place) {
    seeds_.push_back({hierarchy.vertex_of_arc[terminal.arc], start ? terminal.after : bias - terminal.after});
  }
  climb_.run(start ? hierarchy.up : hierarchy.down, start ? hierarchy.down : hierarchy.up,
             hierarchy.labelled(), seeds_);
  const auto& labels = start ? hierarchy.out : hierarchy.in;
  for (const auto& step : climb_.labelled()) prefetch(labels.of(step.vertex));
  reached_.clear();
  for (const auto& step : climb_.unlabelled()) reached_.push_back({step.vertex, step.cost});
  const auto first_hub = reached_.size();
  for (const auto& step : climb_.labelled()) {
    for (const auto entry : labels.of(step.vertex)) {
      const auto hub = hierarchy.hub_of(entry);
      auto& cost = at_hub_[hub];
      if (cost == kUnreached) reached_.push_back({hub, 0});
      cost = std::min(cost, step.cost + entry.cost);
    }
  }
  for (auto i = first_hub; i < reached_.size(); ++i) {
    reached_[i].cost = std::exchange(at_hub_[reached_[i].hub], kUnreached);
  }
}

void ManyToMany::prepare(const ArcGraph& graph, const Hierarchy& hierarchy, TripEnd side,
                         std::span<const Terminal> terminals, std::span<const std::uint32_t> first,
                         PlaceBuckets& places) {
  places.side_ = side;
  places.terminals_.assign(terminals.begin(), terminals.end());
  places.first_.assign(first.begin(), first.end());
  places.bias_ = side == TripEnd::kFinish ? largest_after(places.terminals_) : 0;
  places.arcs_.clear();
  all_reached_.clear();
  for (std::uint32_t p = 0; p < places.size(); ++p) {
    const auto own = places.terminals(p);
    for (const auto& terminal : own) places.arcs_.push_back({terminal.arc, p});
    climb(hierarchy, side, own, places.bias_);
    for (const auto& [hub, cost] : reached_) {
      all_reached_.push_back({hub, {p, time_ms_of(cost), length_mm_of(cost)}});
    }
  }
  std::ranges::sort(places.arcs_);
  fill_buckets(graph.arcs.size(), places);
}

// A counting sort by vertex; within a bucket places ascend.
void ManyToMany::fill_buckets(std::size_t vertices, PlaceBuckets& places) const {
  auto& first = places.bucket_first_;
  first.assign(vertices + 2, 0);
  for (const auto& one : all_reached_) ++first[one.hub + 2];
  for (std::size_t v = 2; v < first.size(); ++v) first[v] += first[v - 1];
  places.entries_.resize(all_reached_.size());
  for (const auto& one : all_reached_) places.entries_[first[one.hub + 1]++] = one.entry;
}

void ManyToMany::row(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> one,
                     const PlaceBuckets& places, std::span<Cost> costs) {
  const auto side = other(places.side_);
  const Cost bias = side == TripEnd::kFinish ? largest_after(one) : places.bias_;
  climb(hierarchy, side, one, bias);
  std::ranges::fill(costs, kUnreached);
  for (const auto& [hub, there] : reached_) {
    for (auto i = places.bucket_first_[hub]; i < places.bucket_first_[hub + 1]; ++i) {
      const auto& entry = places.entries_[i];
      auto& cost = costs[entry.place];
      cost = std::min(cost, there + entry.cost());
    }
  }
  for (auto& cost : costs) cost = without_bias(cost, bias);
  correct_shared_arcs(graph, hierarchy, one, places, costs);
}

// Where both places are on one arc, the climb's arithmetic may have let the trip run backwards along it.
void ManyToMany::correct_shared_arcs(const ArcGraph& graph, const Hierarchy& hierarchy,
                                     std::span<const Terminal> one, const PlaceBuckets& places,
                                     std::span<Cost> costs) {
  for (const auto& terminal : one) {
    auto shared = std::ranges::lower_bound(places.arcs_, PlaceBuckets::ArcPlace{terminal.arc, 0});
    for (; shared != places.arcs_.end() && shared->arc == terminal.arc; ++shared) {
      const auto there = places.terminals(shared->place);
      costs[shared->place] = places.side_ == TripEnd::kFinish ? pair_.shortest(graph, hierarchy, one, there)
                                                              : pair_.shortest(graph, hierarchy, there, one);
    }
  }
}

}  // namespace reckon::road
