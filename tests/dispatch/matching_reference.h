#pragma once

// The dense way to match, for tests and benches to compare with: the textbook Hungarian method over all
// pairs, with a column of his own for each row that may stay alone. O(rows^2 x columns).

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "reckon/dispatch/matching.h"

namespace reckon::dispatch::testing {

/// The cost of the cheapest matching of a DenseMatchSource with the same costs.
class HungarianReference {
 public:
  HungarianReference(std::span<const std::int32_t> costs, std::uint32_t columns, MatchCost alone)
      : costs_(costs),
        columns_(columns),
        alone_(alone),
        rows_(columns == 0 ? 0 : costs.size() / columns),
        row_price_(rows_ + 1),
        column_price_(columns + rows_ + 1),
        row_of_(columns + rows_ + 1) {}

  MatchCost cost() {
    for (std::size_t row = 1; row <= rows_; ++row) add(row);
    MatchCost sum = 0;
    for (std::size_t c = 1; c < row_of_.size(); ++c) {
      if (row_of_[c] != 0) sum += at(row_of_[c], c);
    }
    return sum;
  }

 private:
  static constexpr MatchCost kForbidden = 1'000'000'000'000'000;

  // Rows and columns count from 1; column 0 holds the row that is being added.
  MatchCost at(std::size_t row, std::size_t column) const {
    if (column > columns_) return column - columns_ == row ? alone_ : kForbidden;
    const auto cost = costs_[(row - 1) * columns_ + column - 1];
    return cost == DenseMatchSource::kForbidden ? kForbidden : cost;
  }

  void add(std::size_t row) {
    const std::size_t all = row_of_.size();
    std::vector<MatchCost> slack(all, std::numeric_limits<MatchCost>::max());
    std::vector<std::size_t> way(all);
    std::vector<bool> used(all);
    row_of_[0] = row;
    std::size_t at_column = 0;
    do {
      used[at_column] = true;
      const std::size_t from = row_of_[at_column];
      MatchCost delta = std::numeric_limits<MatchCost>::max();
      std::size_t next = 0;
      for (std::size_t c = 1; c < all; ++c) {
        if (used[c]) continue;
        const MatchCost reduced = at(from, c) - row_price_[from] - column_price_[c];
        if (reduced < slack[c]) {
          slack[c] = reduced;
          way[c] = at_column;
        }
        if (slack[c] < delta) {
          delta = slack[c];
          next = c;
        }
      }
      for (std::size_t c = 0; c < all; ++c) {
        if (used[c]) {
          row_price_[row_of_[c]] += delta;
          column_price_[c] -= delta;
        } else {
          slack[c] -= delta;
        }
      }
      at_column = next;
    } while (row_of_[at_column] != 0);
    for (; at_column != 0; at_column = way[at_column]) row_of_[at_column] = row_of_[way[at_column]];
  }

  std::span<const std::int32_t> costs_;
  std::size_t columns_;
  MatchCost alone_;
  std::size_t rows_;
  std::vector<MatchCost> row_price_;
  std::vector<MatchCost> column_price_;
  std::vector<std::size_t> row_of_;
};

}  // namespace reckon::dispatch::testing
