#pragma once

// Exact searches over one vehicle's arcs. Costs are (time, length) pairs in one integer, so all of them are
// plain shortest-path searches; see graph.h.

#include <cstdint>
#include <span>
#include <vector>

#include "reckon/road/graph.h"
#include "reckon/road/snap_index.h"

namespace reckon::road {

/// One arc over a place where a trip may begin or end.
struct Terminal {
  std::uint32_t arc = 0;
  Cost before = 0;             ///< from the arc's start to the place
  Cost after = 0;              ///< from the place to the arc's end
  std::uint32_t position = 0;  ///< which of the snap's positions
};

enum class TripEnd : std::uint8_t { kStart, kFinish };

/// All arcs over the positions of a snap, in both directions where both are open. Appends to `out`. A
/// junction that public road reaches is public: a trip that begins there does not begin inside the ends-only
/// road that it also touches (or it could pass through), one that ends there does not end inside.
void add_terminals(const EdgeGeometry& geometry, const ArcGraph& graph, const Snap& snap, TripEnd end,
                   std::vector<Terminal>& out);

/// A search's labels: for each arc a cost and where it came from. Clearing is O(1): a label of an older
/// search counts as none.
class Labels {
 public:
  void reset(std::size_t arcs) {
    if (labels_.size() < arcs) labels_.resize(arcs);
    if (++epoch_ == 0) {  // wrapped: old stamps could look new
      for (auto& label : labels_) label.epoch = 0;
      epoch_ = 1;
    }
  }
  Cost cost(std::uint32_t arc) const { return labels_[arc].epoch == epoch_ ? labels_[arc].cost : kNoCost; }
  std::uint32_t parent(std::uint32_t arc) const { return labels_[arc].parent; }
  void set(std::uint32_t arc, Cost cost, std::uint32_t parent) { labels_[arc] = {cost, parent, epoch_}; }

 private:
  struct Label {
    Cost cost = 0;
    std::uint32_t parent = 0;
    std::uint32_t epoch = 0;
  };
  std::vector<Label> labels_;
  std::uint32_t epoch_ = 0;
};

/// A 4-ary heap of (cost, arc), smallest first; outdated entries are the caller's to pass over.
class Heap {
 public:
  struct Entry {
    Cost cost;
    std::uint32_t arc;
  };
  void clear() { entries_.clear(); }
  bool empty() const { return entries_.empty(); }
  const Entry& top() const { return entries_.front(); }
  void push(Entry entry);
  void pop();

 private:
  std::vector<Entry> entries_;
};

inline constexpr std::uint32_t kNoArc = 0xffffffff;

/// A path found: its cost, and where its two halves meet.
struct Found {
  Cost cost = kNoCost;
  std::uint32_t meet_forward = kNoArc;   ///< last arc of the forward half; kNoArc: the path stays on one arc
  std::uint32_t meet_backward = kNoArc;  ///< first arc of the backward half
  std::uint32_t start = 0;               ///< where it stays on one arc: its terminals
  std::uint32_t finish = 0;
};

/// A path in full.
struct Path {
  std::vector<std::uint32_t> arcs;  ///< from the one it begins on to the one it ends on; not empty
  std::uint32_t start = 0;          ///< the terminals that it begins and ends at
  std::uint32_t finish = 0;
};

/// Working memory and algorithms; one thread at a time. Grows to the largest graph seen, then allocates
/// nothing.
class Search {
 public:
  /// Cheapest path from any of `from` to any of `to`; cost kNoCost when there is none. Bidirectional
  /// Dijkstra.
  Found shortest(const ArcGraph& graph, std::span<const Terminal> from, std::span<const Terminal> to);

  /// The path that the last call of `shortest`, with the same terminals, found.
  Path path(const Found& found, std::span<const Terminal> from, std::span<const Terminal> to) const;

  /// Cheapest cost from any of `from` to each target; `to[first[t]] .. to[first[t + 1])` are target t's
  /// terminals. One Dijkstra that ends when all targets are certain. Results go to `costs`, one for each
  /// target.
  void one_to_many(const ArcGraph& graph, std::span<const Terminal> from, std::span<const Terminal> to,
                   std::span<const std::uint32_t> first, std::span<Cost> costs);

 private:
  void settle_forward(const ArcGraph& graph, Found& best);
  void settle_backward(const ArcGraph& graph, Found& best);
  void index_targets(const ArcGraph& graph, std::span<const Terminal> to,
                     std::span<const std::uint32_t> first);
  void improve_targets(std::uint32_t arc, Cost at_start, std::span<const Terminal> to, std::span<Cost> costs);
  void relax_many(const ArcGraph& graph, const Heap::Entry& entry, std::span<const Terminal> to,
                  std::span<Cost> costs);

  Labels forward_, backward_;
  Heap forward_heap_, backward_heap_;
  Labels target_at_;  ///< by arc: parent is the first of the arc's entries in `target_chain_`
  struct TargetEntry {
    std::uint32_t terminal;
    std::uint32_t target;
    std::uint32_t next;  ///< in the chain, or kNoArc
  };
  std::vector<TargetEntry> target_chain_;
};

/// Cost of the cheapest path that stays on one arc, from a terminal of `from` onward to one of `to`; and that
/// arc.
Found along_one_arc(std::span<const Terminal> from, std::span<const Terminal> to);

}  // namespace reckon::road
