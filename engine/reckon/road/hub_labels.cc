#include "reckon/road/hub_labels.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include "reckon/road/hierarchy_search.h"

namespace reckon::road {
namespace {

/// One of so many vertices gets labels; see docs/adr/0021-hierarchy.md.
constexpr std::size_t kVerticesPerLabel = 2;

/// Few maps' labels are longer on the average; longer ones only make the memory grow by copying.
constexpr std::size_t kUsualEntries = 300;

using Labels = CompiledHierarchy::Labels;
using Entries = std::vector<HubLabel::Entry>;

/// Packs labels as tightly as the costs met so far allow; the farthest come first, so it seldom packs anew.
class Packer {
 public:
  explicit Packer(CompiledHierarchy& hierarchy) : hierarchy_(hierarchy) {}

  void append(const Entries& label, Labels& labels) {
    std::uint32_t time = 0, length = 0;
    for (const auto& entry : label) {
      time |= time_ms_of(entry.cost);
      length |= length_mm_of(entry.cost);
    }
    const auto& bits = hierarchy_.bits;
    const LabelBits wanted{std::max(bits.time, width(time)), std::max(bits.length, width(length))};
    if (wanted.time != bits.time || wanted.length != bits.length) pack_anew(wanted);
    pack(label, labels);
  }

 private:
  static std::uint32_t width(std::uint32_t most) { return static_cast<std::uint32_t>(std::bit_width(most)); }

  void pack(const Entries& label, Labels& labels) const {
    const auto bits = hierarchy_.bits;
    const auto farthest = (std::uint64_t{1} << bits.hub()) - 1;
    std::uint32_t before = ~0u;
    for (const auto& [hub, cost] : label) {
      std::uint64_t step = hub - before;
      if (step > farthest) {
        labels.all.push_back((step - 1) << bits.hub());
        step = 1;
      }
      labels.all.push_back(std::uint64_t{time_ms_of(cost)} << (64 - bits.time) |
                           std::uint64_t{length_mm_of(cost)} << bits.hub() | step);
      before = hub;
    }
    labels.first.push_back(static_cast<std::uint32_t>(labels.all.size()));
  }

  void pack_anew(LabelBits bits) {
    const auto before = std::exchange(hierarchy_.bits, bits);
    for (auto* labels : {&hierarchy_.out, &hierarchy_.in}) {
      const auto old = std::exchange(*labels, {});
      labels->all.reserve(old.all.capacity());
      labels->first.push_back(0);
      const HubLabels view{old.first, old.all, before};
      for (std::uint32_t v = 0; v + 1 < old.first.size(); ++v) {
        label_.clear();
        for (const auto entry : view.of(v)) label_.push_back(entry);
        pack(label_, *labels);
      }
    }
  }

  CompiledHierarchy& hierarchy_;
  Entries label_;
};

class LabelMaker {
 public:
  explicit LabelMaker(CompiledHierarchy& hierarchy)
      : hierarchy_(hierarchy),
        labelled_((hierarchy.arc_of_vertex.size() + kVerticesPerLabel - 1) / kVerticesPerLabel),
        cost_(labelled_, kUnreached),
        packer_(hierarchy) {}

  // From the top down: a label is what the labels of the more important neighbours hold, one edge farther.
  void run(std::uint32_t entries) {
    hierarchy_.bits = {};
    for (auto* labels : {&hierarchy_.out, &hierarchy_.in}) {
      labels->first.assign(1, 0);
      labels->all.clear();
      labels->all.reserve(labelled_ * std::min<std::size_t>(entries, kUsualEntries));  // untouched until used
    }
    const auto most =
        std::min<std::size_t>(std::size_t{entries} * hierarchy_.arc_of_vertex.size(),
                              std::numeric_limits<std::uint32_t>::max());  // `first` counts them
    for (std::uint32_t v = 0; v < labelled_; ++v) {
      if (hierarchy_.out.all.size() + hierarchy_.in.all.size() > most) break;
      add(v, hierarchy_.up.view(), hierarchy_.out, hierarchy_.in);
      add(v, hierarchy_.down.view(), hierarchy_.in, hierarchy_.out);
    }
  }

 private:
  void add(std::uint32_t v, const HierarchyEdges& edges, Labels& labels, const Labels& opposite) {
    for (const auto& edge : edges.of(v)) {
      for (const auto entry : hierarchy_.view(labels).of(edge.to))
        offer(entry.hub, plus(entry.cost, edge.cost));
    }
    std::ranges::sort(reached_);
    label_.clear();
    for (const auto hub : reached_) {
      if (!superfluous(hub, opposite)) label_.push_back({hub, cost_[hub]});
    }
    label_.push_back({v, 0});
    packer_.append(label_, labels);
    for (const auto hub : reached_) cost_[hub] = kUnreached;
    reached_.clear();
  }

  void offer(std::uint32_t hub, Cost cost) {
    if (cost == kNoCost) return;
    if (cost_[hub] == kUnreached) reached_.push_back(hub);
    cost_[hub] = std::min(cost_[hub], cost);
  }

  // Whether a hub above `hub` lies on a path that is as cheap. A label's last entry is the hub itself.
  bool superfluous(std::uint32_t hub, const Labels& opposite) {
    const Cost own = std::exchange(cost_[hub], kUnreached);
    bool found = false;
    for (const auto entry : hierarchy_.view(opposite).of(hub)) {
      const Cost over = cost_[entry.hub] + entry.cost;
      if (over > own || !fits(over)) continue;
      found = true;
      break;
    }
    cost_[hub] = own;
    return found;
  }

  CompiledHierarchy& hierarchy_;
  std::size_t labelled_;
  std::vector<Cost> cost_;  ///< by hub, of the label in work; else kUnreached
  std::vector<std::uint32_t> reached_;
  Entries label_;
  Packer packer_;
};

}  // namespace

void add_hub_labels(CompiledHierarchy& hierarchy, std::uint32_t entries) {
  LabelMaker(hierarchy).run(entries);
}

}  // namespace reckon::road
