#pragma once

// The cheapest matching of orders to riders, one each: rows to columns, any row may stay alone at a price.
// Sparse and exact: of each row only its cheapest columns are looked at, and more of them whenever the dual
// prices do not yet prove that the rest cannot matter. docs/dispatch.md, "One order each".

#include <cstdint>
#include <span>
#include <vector>

namespace reckon::dispatch {

using MatchCost = std::int64_t;

inline constexpr std::uint32_t kUnmatched = 0xffffffffU;
/// Costs and the price of staying alone lie within ± this: an edge is 8 bytes, and sums stay far from
/// overflow.
inline constexpr MatchCost kMaxMatchCost = 1'000'000'000;

struct MatchEdge {
  std::uint32_t column = 0;
  std::int32_t cost = 0;
};

/// Costs from `from` on, up to but without `below`.
struct MatchRange {
  MatchCost from = 0;
  MatchCost below = 0;
};

/// What the rows cost with the columns. Must give the same answers during one matching.
class MatchSource {
 public:
  virtual ~MatchSource() = default;
  virtual std::uint32_t rows() const = 0;
  virtual std::uint32_t columns() const = 0;
  /// Rows that cost the same with every column may be told by one number below rows(): they are then looked
  /// at as one. Orders of one shop often are such.
  virtual std::uint32_t kind(std::uint32_t row) const { return row; }
  /// Appends each column whose cost with `row` lies in `range`, once, in any sequence. Pairs that cannot be
  /// are in no range.
  virtual void collect(std::uint32_t row, MatchRange range, std::vector<MatchEdge>& out) const = 0;
  /// A cost below which the row has a handful of columns, as a guess: a bad one costs time, not quality.
  virtual MatchCost first_limit(std::uint32_t row) const = 0;
};

/// What is known from an earlier matching of nearly the same rows and columns. Anything is allowed here: what
/// does not fit is dropped.
struct MatchStart {
  std::span<const std::uint32_t> column_of = {};  ///< by row of now; kUnmatched where none is known
  std::span<const MatchCost> column_prices = {};  ///< by column of now, <= 0
};

struct Matching {
  std::vector<std::uint32_t> column_of;  ///< by row; kUnmatched: alone
  MatchCost cost = 0;                    ///< of all pairs and of those alone
  MatchCost bound = 0;                   ///< what the prices prove: no matching is cheaper; equals `cost`
  std::vector<MatchCost> row_prices;     ///< duals: price of row + price of column <= cost of every pair
  std::vector<MatchCost> column_prices;  ///< <= 0, and 0 for columns that nobody got
  std::size_t edges = 0;                 ///< pairs that were looked at
};

/// The cheapest matching; `alone` is what a row costs without a column. Deterministic; among equally cheap
/// ones any, but always the same for the same input.
/// Cost: O(rows x edges log edges) at worst; a few ms for 1,000 x 2,000 of a city (bench/dispatch).
/// Source: shortest augmenting paths, Jonker & Volgenant 1987 (docs/sources.md#dispatch).
Matching cheapest_matching(const MatchSource& source, MatchCost alone, const MatchStart& start = {});

/// Costs in one array, row after row.
class DenseMatchSource : public MatchSource {
 public:
  /// @param costs  rows x columns; must outlive the source
  /// @param kinds  by row, or empty; see kind()
  DenseMatchSource(std::span<const std::int32_t> costs, std::uint32_t columns,
                   std::span<const std::uint32_t> kinds = {})
      : costs_(costs), columns_(columns), kinds_(kinds) {}
  /// A pair that cannot be.
  static constexpr std::int32_t kForbidden = 0x7fffffff;

  std::uint32_t rows() const override {
    return columns_ == 0 ? 0 : static_cast<std::uint32_t>(costs_.size() / columns_);
  }
  std::uint32_t columns() const override { return columns_; }
  std::uint32_t kind(std::uint32_t row) const override { return kinds_.empty() ? row : kinds_[row]; }
  void collect(std::uint32_t row, MatchRange range, std::vector<MatchEdge>& out) const override;
  MatchCost first_limit(std::uint32_t row) const override;

 private:
  std::span<const std::int32_t> costs_;
  std::uint32_t columns_;
  std::span<const std::uint32_t> kinds_;
};

}  // namespace reckon::dispatch
