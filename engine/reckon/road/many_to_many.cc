#include "reckon/road/many_to_many.h"

#include <algorithm>

namespace reckon::road {

// All that one place reaches, each hub once, to `out`.
void ManyToMany::climb(const HierarchyEdges& edges, const HubLabels& labels, std::vector<HubCost>& out) {
  out.clear();
  climb_.run(edges, hierarchy_->labelled(), seeds_);
  for (const auto& step : climb_.unlabelled()) out.push_back({step.vertex, step.cost});
  const auto first_hub = out.size();
  for (const auto& step : climb_.labelled()) {
    for (const auto& entry : labels.of(step.vertex)) {
      auto& cost = at_hub_[entry.hub];
      if (cost == kUnreached) out.push_back({entry.hub, 0});
      cost = std::min(cost, step.cost + entry.cost());
    }
  }
  for (auto i = first_hub; i < out.size(); ++i) {
    out[i].cost = at_hub_[out[i].hub];
    at_hub_[out[i].hub] = kUnreached;
  }
}

void ManyToMany::add_target(std::uint32_t target) {
  seeds_.clear();
  for (auto t = first_[target]; t < first_[target + 1]; ++t) {
    seeds_.push_back({hierarchy_->vertex_of_arc[to_[t].arc], bias_ - to_[t].after});
    target_arcs_.push_back({to_[t].arc, target});
  }
  climb(hierarchy_->down, hierarchy_->in, reached_);
  for (const auto& [hub, cost] : reached_) entries_.push_back({hub, target, cost});
}

// A counting sort of the entries by vertex; within a bucket targets ascend.
void ManyToMany::fill_buckets(std::size_t vertices) {
  bucket_first_.assign(vertices + 2, 0);
  for (const auto& entry : entries_) ++bucket_first_[entry.vertex + 2];
  for (std::size_t v = 2; v < bucket_first_.size(); ++v) bucket_first_[v] += bucket_first_[v - 1];
  bucket_target_.resize(entries_.size());
  bucket_cost_.resize(entries_.size());
  for (const auto& entry : entries_) {
    const auto at = bucket_first_[entry.vertex + 1]++;
    bucket_target_[at] = entry.target;
    bucket_cost_[at] = entry.cost;
  }
}

void ManyToMany::set_targets(const ArcGraph& graph, const Hierarchy& hierarchy, std::span<const Terminal> to,
                             std::span<const std::uint32_t> first) {
  graph_ = &graph;
  hierarchy_ = &hierarchy;
  to_ = to;
  first_ = first;
  bias_ = 0;
  for (const auto& target : to) bias_ = std::max(bias_, target.after);
  if (at_hub_.size() < hierarchy.labelled()) at_hub_.resize(hierarchy.labelled(), kUnreached);
  entries_.clear();
  target_arcs_.clear();
  for (std::uint32_t t = 0; t + 1 < first.size(); ++t) add_target(t);
  std::ranges::sort(target_arcs_);
  fill_buckets(graph.arcs.size());
}

void ManyToMany::row(std::span<const Terminal> from, std::span<Cost> costs) {
  seeds_.clear();
  for (const auto& source : from) {
    seeds_.push_back({hierarchy_->vertex_of_arc[source.arc], source.after});
  }
  climb(hierarchy_->up, hierarchy_->out, reached_);
  std::ranges::fill(costs, kUnreached);
  for (const auto& [hub, there] : reached_) {
    for (auto i = bucket_first_[hub]; i < bucket_first_[hub + 1]; ++i) {
      auto& cost = costs[bucket_target_[i]];
      cost = std::min(cost, there + bucket_cost_[i]);
    }
  }
  for (auto& cost : costs) cost = cost >= kUnreached || !fits(cost - bias_) ? kNoCost : cost - bias_;
  correct_shared_arcs(from, costs);
}

// Where source and target share an arc, the climb's arithmetic may have let the trip run backwards along it.
void ManyToMany::correct_shared_arcs(std::span<const Terminal> from, std::span<Cost> costs) {
  for (const auto& source : from) {
    auto shared = std::ranges::lower_bound(target_arcs_, TargetArc{source.arc, 0});
    for (; shared != target_arcs_.end() && shared->arc == source.arc; ++shared) {
      const auto t = shared->target;
      costs[t] =
          pair_.shortest(*graph_, *hierarchy_, from, to_.subspan(first_[t], first_[t + 1] - first_[t]));
    }
  }
}

}  // namespace reckon::road
