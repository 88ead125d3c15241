#pragma once

// The contraction hierarchy over one vehicle's arcs, with hub labels for its upper part, as it stands in a
// map file and as queries read it.
//
// Its vertices are the arcs, numbered by importance: 0 is the most important. A vertex stands for its arc's
// end, so an edge from a to b costs what travelling along b costs. A cheapest path between two vertices
// climbs over `up` edges to its most important vertex and descends over `down` edges. The climb's upper part
// is written out: each of the first `labelled` vertices has two *hub labels*, all it reaches by climbing
// (`out`) and all that reach it by descending (`in`), less what a still more important vertex makes
// superfluous. Two labels of which one hub is common give the cheapest path between their vertices without a
// search.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "reckon/road/cost.h"

namespace reckon::road {

inline constexpr std::uint32_t kNoMiddle = 0xffffffff;

struct HierarchyEdge {
  Cost cost;
  std::uint32_t to;      ///< a more important vertex, so a lower number
  std::uint32_t middle;  ///< of a shortcut: the vertex it leaps over; kNoMiddle: a turn
};

/// Edges by vertex, ascending by `to`: those of v are all[first[v]] .. all[first[v + 1]]. In `down` they lead
/// from `to` to v, as travel goes.
struct HierarchyEdges {
  std::span<const std::uint32_t> first;
  std::span<const HierarchyEdge> all;

  std::span<const HierarchyEdge> of(std::uint32_t v) const {
    return all.subspan(first[v], first[v + 1] - first[v]);
  }
};

/// How 64 bits hold a label's entry: from the top milliseconds, millimetres, and how far the hub lies beyond
/// the entry's before (beyond -1 in the first one). Where that is more than its bits hold, they are 0, and
/// all the other bits are a part of the distance that the next entry adds to.
struct LabelBits {
  static constexpr std::uint32_t kMost = 31;  ///< of a time or length below kMaxWeight

  std::uint32_t time = 1, length = 1;  ///< in [1, kMost]

  std::uint32_t hub() const { return 64 - time - length; }
};

/// One vertex's label: entries ascending by hub, the last one the vertex itself at no cost.
class HubLabel {
 public:
  struct Entry {
    std::uint32_t hub;
    Cost cost;  ///< to the hub (`out`) or from it (`in`)
  };
  class Iterator {
   public:
    Iterator(const std::uint64_t* at, const std::uint64_t* end, LabelBits bits)
        : at_(at),
          end_(end),
          hub_bits_(bits.hub()),
          time_shift_(64 - bits.time),
          hub_mask_((std::uint64_t{1} << hub_bits_) - 1),
          length_mask_((std::uint64_t{1} << bits.length) - 1) {
      find();
    }
    Entry operator*() const { return {hub_, *at_ >> time_shift_ << 32 | (*at_ >> hub_bits_ & length_mask_)}; }
    Iterator& operator++() {
      ++at_;
      find();
      return *this;
    }
    bool operator!=(std::default_sentinel_t) const { return at_ != end_; }

   private:
    void find() {
      for (; at_ != end_; ++at_) {
        const std::uint64_t step = *at_ & hub_mask_;
        hub_ += static_cast<std::uint32_t>(step);
        if (step != 0) return;
        hub_ += static_cast<std::uint32_t>(*at_ >> hub_bits_);
      }
    }

    const std::uint64_t *at_, *end_;
    std::uint32_t hub_bits_, time_shift_;
    std::uint64_t hub_mask_, length_mask_;
    std::uint32_t hub_ = ~0u;
  };

  HubLabel(std::span<const std::uint64_t> words, LabelBits bits) : words_(words), bits_(bits) {}

  Iterator begin() const { return {words_.data(), words_.data() + words_.size(), bits_}; }
  static std::default_sentinel_t end() { return {}; }
  std::span<const std::uint64_t> words() const { return words_; }

 private:
  std::span<const std::uint64_t> words_;
  LabelBits bits_;
};

/// Labels by vertex.
struct HubLabels {
  std::span<const std::uint32_t> first;
  std::span<const std::uint64_t> all;
  LabelBits bits;

  HubLabel of(std::uint32_t v) const { return {all.subspan(first[v], first[v + 1] - first[v]), bits}; }
};

struct Hierarchy {
  std::span<const std::uint32_t> vertex_of_arc;
  std::span<const std::uint32_t> arc_of_vertex;
  HierarchyEdges up, down;
  HubLabels out, in;

  std::uint32_t labelled() const { return static_cast<std::uint32_t>(out.first.size()) - 1; }
  /// An entry's hub, whatever a damaged file says: labels may be in use before they have been checked.
  std::uint32_t hub_of(const HubLabel::Entry& entry) const { return std::min(entry.hub, labelled() - 1); }
};

/// The same, owning its memory.
struct CompiledHierarchy {
  struct Edges {
    std::vector<std::uint32_t> first;
    std::vector<HierarchyEdge> all;

    HierarchyEdges view() const { return {first, all}; }
  };
  struct Labels {
    std::vector<std::uint32_t> first;
    std::vector<std::uint64_t> all;
  };
  std::vector<std::uint32_t> vertex_of_arc, arc_of_vertex;
  Edges up, down;
  Labels out, in;
  LabelBits bits;

  HubLabels view(const Labels& labels) const { return {labels.first, labels.all, bits}; }
  Hierarchy view() const {
    return {vertex_of_arc, arc_of_vertex, up.view(), down.view(), view(out), view(in)};
  }
};

}  // namespace reckon::road
