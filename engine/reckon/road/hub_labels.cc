#include "reckon/road/hub_labels.h"

#include <algorithm>

namespace reckon::road {
namespace {

/// One of so many vertices gets labels; see docs/adr/0021-hierarchy.md.
constexpr std::size_t kVerticesPerLabel = 4;

/// Entries for each vertex, labelled or not, beyond which no further vertex is labelled: on large maps labels
/// grow longer, and memory would grow faster than the map. Cities stay below it.
constexpr std::size_t kMostEntriesPerVertex = 60;

/// A city's labels are shorter on the average; longer ones only make the memory grow by copying.
constexpr std::size_t kUsualEntries = 100;

using Labels = CompiledHierarchy::Labels;

class LabelMaker {
 public:
  explicit LabelMaker(CompiledHierarchy& hierarchy)
      : hierarchy_(hierarchy),
        labelled_((hierarchy.arc_of_vertex.size() + kVerticesPerLabel - 1) / kVerticesPerLabel),
        cost_(labelled_, kNoCost) {}

  // From the top down: a label is what the labels of the more important neighbours hold, one edge farther.
  void run() {
    for (auto* labels : {&hierarchy_.out, &hierarchy_.in}) {
      labels->first.assign(1, 0);
      labels->all.clear();
      labels->all.reserve(labelled_ * kUsualEntries);  // what is not used stays untouched by the system
    }
    const auto most = kMostEntriesPerVertex * hierarchy_.arc_of_vertex.size();
    for (std::uint32_t v = 0; v < labelled_; ++v) {
      if (hierarchy_.out.all.size() + hierarchy_.in.all.size() > most) break;
      add(v, hierarchy_.up.view(), hierarchy_.out, hierarchy_.in);
      add(v, hierarchy_.down.view(), hierarchy_.in, hierarchy_.out);
    }
  }

 private:
  void add(std::uint32_t v, const HierarchyEdges& edges, Labels& labels, const Labels& opposite) {
    for (const auto& edge : edges.of(v)) {
      for (const auto& entry : labels.view().of(edge.to)) offer(entry.hub, plus(entry.cost(), edge.cost));
    }
    std::ranges::sort(reached_);
    for (const auto hub : reached_) {
      if (superfluous(hub, opposite)) continue;
      labels.all.push_back({hub, length_mm_of(cost_[hub]), time_ms_of(cost_[hub])});
    }
    labels.all.push_back({v, 0, 0});
    labels.first.push_back(static_cast<std::uint32_t>(labels.all.size()));
    for (const auto hub : reached_) cost_[hub] = kNoCost;
    reached_.clear();
  }

  void offer(std::uint32_t hub, Cost cost) {
    if (cost == kNoCost) return;
    if (cost_[hub] == kNoCost) reached_.push_back(hub);
    cost_[hub] = std::min(cost_[hub], cost);
  }

  // Whether a hub above `hub` lies on a path that is as cheap. A label's last entry is its own vertex.
  bool superfluous(std::uint32_t hub, const Labels& opposite) const {
    for (auto i = opposite.first[hub]; i + 1 < opposite.first[hub + 1]; ++i) {
      const auto& entry = opposite.all[i];
      const Cost there = cost_[entry.hub];
      if (there != kNoCost && plus(there, entry.cost()) <= cost_[hub]) return true;
    }
    return false;
  }

  CompiledHierarchy& hierarchy_;
  std::size_t labelled_;
  std::vector<Cost> cost_;  ///< by hub, of the label in work
  std::vector<std::uint32_t> reached_;
};

}  // namespace

void add_hub_labels(CompiledHierarchy& hierarchy) {
  LabelMaker(hierarchy).run();
}

}  // namespace reckon::road
