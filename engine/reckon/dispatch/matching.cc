#include "reckon/dispatch/matching.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <utility>

#include "reckon/base/result.h"

namespace reckon::dispatch {
namespace {

constexpr MatchCost kFar = std::numeric_limits<MatchCost>::max() / 4;
constexpr std::uint32_t kStep = 24;  // columns of a dense row, of which one is looked at for a first guess

// What a shortest path may come to next; at equal length, an end comes first.
enum class Step : std::uint8_t { kFreeColumn, kAlone, kColumn, kMoreEdges };

struct Entry {
  MatchCost length;
  Step step;
  std::uint32_t index;  // of a column, or of a row
  bool operator>(const Entry& other) const {
    if (length != other.length) return length > other.length;
    return step != other.step ? step > other.step : index > other.index;
  }
};

// What rows of one kind share.
struct Kind {
  std::vector<MatchEdge> edges;  // all with a cost below `limit`, cheapest first
  MatchCost limit = -kMaxMatchCost;
  std::uint32_t row = kUnmatched;  // one of them
  MatchCost offset = kFar;         // the least length minus price at which one was scanned in this search,
  std::uint32_t scanned = kUnmatched;  // and which
};

struct RowState {
  std::uint32_t kind = 0;
  MatchCost price = 0;
  std::uint32_t column = kUnmatched;
  bool alone = false;  // for good, at the price of it
};

bool cheaper(const MatchEdge& a, const MatchEdge& b) {
  return std::pair(a.cost, a.column) < std::pair(b.cost, b.column);
}

class Matcher {
 public:
  Matcher(const MatchSource& source, MatchCost alone) : source_(source), alone_(alone) {
    RECKON_CHECK(alone >= 0 && alone <= kMaxMatchCost);
    rows_.resize(source.rows());
    kinds_.resize(source.rows());
    prices_.assign(source.columns(), 0);
    row_of_.assign(source.columns(), kUnmatched);
    length_.assign(source.columns(), kFar);
    before_.assign(source.columns(), kUnmatched);
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      rows_[r].kind = source.kind(r);
      Kind& kind = kinds_[rows_[r].kind];
      if (kind.row != kUnmatched) continue;
      kind.row = r;
      grow(kind, std::min(alone_, source_.first_limit(r)));
    }
  }

  Matching run(const MatchStart& start) {
    begin(start);
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      if (rows_[r].column == kUnmatched && !rows_[r].alone) augment(r);
    }
    return result();
  }

 private:
  // All edges below `limit`; the first of the new ones is returned.
  std::size_t grow(Kind& kind, MatchCost limit) {
    const std::size_t first = kind.edges.size();
    if (limit <= kind.limit) return first;
    source_.collect(kind.row, {kind.limit, limit}, kind.edges);
    std::sort(kind.edges.begin() + static_cast<std::ptrdiff_t>(first), kind.edges.end(), cheaper);
    kind.limit = limit;
    return first;
  }
  // The next limit to ask for: half as far again from the cheapest edge as now, and never past being alone.
  MatchCost next_limit(const Kind& kind) const {
    const MatchCost spread = kind.edges.empty() ? std::abs(kind.limit) : kind.limit - kind.edges.front().cost;
    return std::min(alone_, kind.limit + spread / 2 + 1);
  }

  // The highest price that no edge of the row forbids.
  void set_price(std::uint32_t r) {
    Kind& kind = kinds_[rows_[r].kind];
    MatchCost least = alone_;
    std::size_t first = 0;
    for (;;) {
      for (; first < kind.edges.size(); ++first)
        least = std::min(least, kind.edges[first].cost - prices_[kind.edges[first].column]);
      rows_[r].price = least;
      if (least <= kind.limit || kind.limit >= alone_) return;
      grow(kind, next_limit(kind));
    }
  }

  bool is_tight(const RowState& row, std::uint32_t column) const {
    return std::ranges::any_of(edges_of(row), [&](const MatchEdge& e) {
      return e.column == column && e.cost == row.price + prices_[column];
    });
  }
  void match(std::uint32_t r, std::uint32_t column) {
    rows_[r].column = column;
    row_of_[column] = r;
  }

  // Prices of old, the pairs of old that are still tight, and any other tight pair.
  void try_prices(std::span<const std::uint32_t> wanted) {
    std::ranges::fill(row_of_, kUnmatched);
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      RowState& row = rows_[r];
      set_price(r);
      row.column = kUnmatched;
      row.alone = row.price >= alone_;
      const std::uint32_t column = r < wanted.size() ? wanted[r] : kUnmatched;
      if (!row.alone && column < row_of_.size() && row_of_[column] == kUnmatched && is_tight(row, column))
        match(r, column);
    }
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      RowState& row = rows_[r];
      if (row.alone || row.column != kUnmatched) continue;
      const auto& edges = edges_of(row);
      const auto tight = std::ranges::find_if(edges, [&](const MatchEdge& e) {
        return row_of_[e.column] == kUnmatched && e.cost == row.price + prices_[e.column];
      });
      if (tight != edges.end()) match(r, tight->column);
    }
  }

  bool is_left_over(std::uint32_t column) const {
    return row_of_[column] == kUnmatched && prices_[column] < 0;
  }

  void begin(const MatchStart& start) {
    for (std::size_t c = 0; c < std::min(prices_.size(), start.column_prices.size()); ++c)
      prices_[c] = std::clamp<MatchCost>(start.column_prices[c], -kMaxMatchCost, 0);
    try_prices(start.column_of);
    std::vector<std::uint32_t> left_over;
    for (std::uint32_t c = 0; c < prices_.size(); ++c) {
      if (is_left_over(c)) left_over.push_back(c);
    }
    if (left_over.size() > rows_.size() / 4) {  // too much has changed: as if nothing were known
      std::ranges::fill(prices_, 0);
      try_prices({});
      return;
    }
    for (const auto c : left_over) {
      while (is_left_over(c)) offer_columns();
    }
  }

  // A column that nobody has must have no price: the cheapest way to hand one of them out, or to find that
  // nobody wants it for nothing. Dijkstra from a rider for whom no row is worth anything, who takes any
  // column off its row; each is as far away from him as its price is high.
  void offer_columns() {
    start_ = kUnmatched;
    shortest_end_ = kFar;
    queue_.clear();
    as_near_.clear();
    nearest_ = 0;
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      if (rows_[r].alone) scan(r, 0);
    }
    for (std::uint32_t c = 0; c < prices_.size(); ++c) {
      if (row_of_[c] != kUnmatched || prices_[c] < 0) reach(c, -prices_[c], kUnmatched);
    }
    end_of_offer(shortest_way());
  }

  void end_of_offer(const Entry& end) {
    for (std::uint32_t c = 0; c < prices_.size(); ++c) {
      if (prices_[c] < 0) prices_[c] += std::min(length_[c], end.length);
    }
    for (auto& row : rows_) row.price -= end.length;
    for (const auto& [r, length] : scanned_) rows_[r].price += end.length - length;
    forget_search();
    for (std::uint32_t column = end.index; column != kUnmatched;) {
      const std::uint32_t row = before_[column];
      if (row == kUnmatched) {
        row_of_[column] = kUnmatched;
        return;
      }
      rows_[row].alone = false;
      const std::uint32_t left = rows_[row].column;
      match(row, column);
      column = left;
    }
  }

  // The cheapest way to give row `r` a column, others moving over or one of them staying alone: Dijkstra over
  // reduced costs, in which a row's unseen edges stand as one entry of the queue until it is their turn.
  void augment(std::uint32_t r) {
    start_ = r;
    shortest_end_ = kFar;
    queue_.clear();
    as_near_.clear();
    nearest_ = 0;
    scan(r, 0);
    finish(shortest_way());
  }

  Entry shortest_way() {
    for (;;) {
      const Entry next = take_nearest();
      const bool is_column = next.step == Step::kFreeColumn || next.step == Step::kColumn;
      if (is_column && next.length != length_[next.index]) continue;
      if (next.step == Step::kColumn) {
        scan(row_of_[next.index], next.length);
      } else if (next.step == Step::kMoreEdges) {
        look_further(next);
      } else {
        return next;
      }
    }
  }

  // Steps as near as the last one wait in no heap: where many pairs cost the same, most steps are such.
  Entry take_nearest() {
    if (!as_near_.empty() && as_near_.back().length < shortest_end_) {
      const Entry next = as_near_.back();
      as_near_.pop_back();
      return next;
    }
    as_near_.clear();
    RECKON_CHECK(!queue_.empty());  // being alone, or free, is always a way
    std::ranges::pop_heap(queue_, std::greater<>());
    const Entry next = queue_.back();
    queue_.pop_back();
    nearest_ = next.length;
    return next;
  }

  void scan(std::uint32_t r, MatchCost length) {
    scanned_.emplace_back(r, length);
    Kind& kind = kinds_[rows_[r].kind];
    const MatchCost offset = length - rows_[r].price;
    if (offset >= kind.offset) return;  // another row of the kind has been everywhere at least as cheaply
    kind.offset = offset;
    kind.scanned = r;
    if (start_ != kUnmatched) push({offset + alone_, Step::kAlone, r});
    relax(r, offset, 0);
    if (kind.limit < alone_) push({offset + kind.limit, Step::kMoreEdges, r});
  }

  void relax(std::uint32_t r, MatchCost offset, std::size_t first) {
    const auto& edges = edges_of(rows_[r]);
    for (std::size_t i = first; i < edges.size(); ++i) {
      const auto& edge = edges[i];
      const MatchCost least = offset + edge.cost;
      if (least >= shortest_end_) return;  // prices of columns make nothing cheaper
      reach(edge.column, least - prices_[edge.column], r);
    }
  }

  void reach(std::uint32_t column, MatchCost length, std::uint32_t before) {
    if (length >= length_[column] || length >= shortest_end_) return;
    const bool is_free = row_of_[column] == kUnmatched;
    if (is_free && start_ == kUnmatched && prices_[column] == 0) return;  // that is where we come from
    if (length_[column] == kFar) touched_.push_back(column);
    length_[column] = length;
    before_[column] = before;
    push({length, is_free ? Step::kFreeColumn : Step::kColumn, column});
  }

  void push(const Entry& entry) {
    if (entry.length >= shortest_end_) return;
    if (entry.step == Step::kFreeColumn || entry.step == Step::kAlone) {
      shortest_end_ = entry.length;
    } else if (entry.length == nearest_) {
      as_near_.push_back(entry);
      return;
    }
    queue_.push_back(entry);
    std::ranges::push_heap(queue_, std::greater<>());
  }

  void look_further(const Entry& entry) {
    Kind& kind = kinds_[rows_[entry.index].kind];
    if (kind.scanned != entry.index) return;  // another row of the kind has the same edges nearer
    const std::size_t first = grow(kind, next_limit(kind));
    relax(entry.index, kind.offset, first);
    if (kind.limit < alone_) push({kind.offset + kind.limit, Step::kMoreEdges, entry.index});
  }

  // Prices first, while each scanned row still has the column it was reached by; then everyone moves over.
  void finish(const Entry& end) {
    for (const auto& [r, length] : scanned_) {
      rows_[r].price += end.length - length;
      if (r != start_) prices_[rows_[r].column] -= end.length - length;
    }
    forget_search();
    std::uint32_t column = end.index;
    if (end.step == Step::kAlone) {
      rows_[end.index].alone = true;
      if (end.index == start_) return;
      column = std::exchange(rows_[end.index].column, kUnmatched);
    }
    for (std::uint32_t row = kUnmatched; row != start_;) {
      row = before_[column];
      const std::uint32_t left = rows_[row].column;
      match(row, column);
      column = left;
    }
  }

  void forget_search() {
    for (const auto& [r, length] : scanned_) kinds_[rows_[r].kind].offset = kFar;
    for (const auto column : touched_) length_[column] = kFar;
    touched_.clear();
    scanned_.clear();
  }

  Matching result() const {
    Matching out;
    for (const auto& row : rows_) {
      out.column_of.push_back(row.column);
      out.row_prices.push_back(row.price);
      out.bound += row.price;
      out.cost += row.column == kUnmatched ? alone_ : cost_of(row);
    }
    for (const auto& kind : kinds_) out.edges += kind.edges.size();
    for (const auto price : prices_) out.bound += price;
    out.column_prices = prices_;
    RECKON_CHECK(out.bound == out.cost);
    return out;
  }
  const std::vector<MatchEdge>& edges_of(const RowState& row) const { return kinds_[row.kind].edges; }
  MatchCost cost_of(const RowState& row) const {
    return std::ranges::find(edges_of(row), row.column, &MatchEdge::column)->cost;
  }

  const MatchSource& source_;
  MatchCost alone_;
  std::vector<RowState> rows_;
  std::vector<Kind> kinds_;
  std::vector<MatchCost> prices_;      // by column
  std::vector<std::uint32_t> row_of_;  // by column
  // Of the path being looked for:
  std::uint32_t start_ = kUnmatched;    // a row, or none when left-over columns are offered
  MatchCost shortest_end_ = kFar;       // of the ends seen so far; what is longer need not be queued
  std::vector<Entry> queue_;            // a heap
  MatchCost nearest_ = 0;               // length of the last step
  std::vector<Entry> as_near_;          // steps of that length
  std::vector<MatchCost> length_;       // by column
  std::vector<std::uint32_t> before_;   // by column: the row that the path came from
  std::vector<std::uint32_t> touched_;  // columns with a length
  std::vector<std::pair<std::uint32_t, MatchCost>> scanned_;  // rows
};

}  // namespace

Matching cheapest_matching(const MatchSource& source, MatchCost alone, const MatchStart& start) {
  return Matcher(source, alone).run(start);
}

void DenseMatchSource::collect(std::uint32_t row, MatchRange range, std::vector<MatchEdge>& out) const {
  const auto costs = costs_.subspan(std::size_t{row} * columns_, columns_);
  const auto from = static_cast<std::int32_t>(std::max<MatchCost>(range.from, -kForbidden));
  const auto below = static_cast<std::int32_t>(std::min<MatchCost>(range.below, kForbidden));
  for (std::uint32_t c = 0; c < columns_; ++c) {
    if (costs[c] >= from && costs[c] < below) out.push_back({c, costs[c]});
  }
}

// The cheapest of every few: a handful of all are below it.
MatchCost DenseMatchSource::first_limit(std::uint32_t row) const {
  const auto costs = costs_.subspan(std::size_t{row} * columns_, columns_);
  std::int32_t least = kForbidden;
  for (std::uint32_t c = row % kStep; c < columns_; c += kStep) least = std::min(least, costs[c]);
  return MatchCost{least} + 1;
}

}  // namespace reckon::dispatch
