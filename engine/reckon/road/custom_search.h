#pragma once

// Exact queries by customized weights. They find the very costs that `Search` finds under the same changes.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reckon/road/custom_weights.h"
#include "reckon/road/hierarchy_search.h"
#include "reckon/road/search.h"

namespace reckon::road {

/// What a query under corrections reads.
struct CustomNetwork {
  const ChangedGraph* changed = nullptr;
  const Elimination* shape = nullptr;
  const CustomWeights* weights = nullptr;
};

/// Working memory and algorithms; one thread at a time. Grows to the largest shape seen, then `shortest` and
/// `row` allocate nothing. Terminals lie on open arcs and cost what the weights' metric adds up.
class CustomSearch {
 public:
  /// Cost of the cheapest path from any of `from` to any of `to`, kNoCost when there is none.
  Cost shortest(const CustomNetwork& network, std::span<const Terminal> from, std::span<const Terminal> to);

  /// The same with the path, nothing when there is none.
  std::optional<Path> path(const CustomNetwork& network, std::span<const Terminal> from,
                           std::span<const Terminal> to);

  /// Costs from `from` to each target; `to[first[t]] .. to[first[t + 1])` are target t's terminals.
  /// `prepare_targets` comes first, with the same targets.
  /// Cost: of preparing some 10 us a target, of a row 10 us and some 100 ns a target.
  void prepare_targets(const CustomNetwork& network, std::span<const Terminal> to,
                       std::span<const std::uint32_t> first);
  void row(const CustomNetwork& network, std::span<const Terminal> from, std::span<const Terminal> to,
           std::span<const std::uint32_t> first, std::span<Cost> costs);

 private:
  /// A vertex reached, and how.
  struct Reached {
    Cost cost = kUnreached;
    std::uint32_t from = Elimination::kNone;  ///< vertex below it, or kNone: a seed, whose number `seed` is
    std::uint32_t seed = 0;
  };
  struct Side {
    std::vector<Reached> at;             ///< by vertex; unreached but during a query
    std::vector<std::uint32_t> visited;  ///< descending
    std::vector<std::uint32_t> heads;
  };
  struct Meeting {
    Cost cost = kUnreached;
    std::uint32_t vertex = Elimination::kNone;
  };
  /// What a prepared target reaches.
  struct Entry {
    std::uint32_t vertex;
    Cost cost;
  };

  void seed(const CustomNetwork& network, std::span<const Terminal> from, std::span<const Terminal> to);
  template <class Weights>
  void climb(const Elimination& shape, std::span<const ClimbSeed> seeds, Side& side, Weights weights_of);
  void climb_up(const CustomNetwork& network, std::span<const ClimbSeed> seeds);
  void climb_down(const CustomNetwork& network, std::span<const ClimbSeed> seeds);
  static void clear(Side& side);
  Meeting meet() const;

  TripSeeds seeds_;
  Side forward_, backward_;
  std::vector<std::uint32_t> entry_first_;
  std::vector<Entry> entries_;
  std::vector<Cost> entry_bias_;
};

}  // namespace reckon::road
