#include "reckon/road/elimination.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "reckon/base/result.h"

namespace reckon::road {
namespace {

/// What a small change of weights copies for each place that it touches; more pages make the table of them
/// longer, which every change copies.
constexpr std::uint32_t kEdgesPerPage = 512;

}  // namespace

Elimination::Elimination(const ArcGraph& graph, std::span<const std::uint32_t> order)
    : arc_of_vertex_(order.begin(), order.end()), vertex_of_arc_(order.size(), kNone) {
  RECKON_CHECK(order.size() == graph.arcs.size());
  for (std::uint32_t v = 0; v < order.size(); ++v) vertex_of_arc_[order[v]] = v;
  join_neighbours(graph);
  list_below();
  lay_out_pages();
  find_turns(graph);
}

// A vertex hands all its upper neighbours on to the nearest of them, and so on upwards: that makes the same
// joins as contracting it does.
void Elimination::join_neighbours(const ArcGraph& graph) {
  const auto n = vertices();
  std::vector<std::vector<std::uint32_t>> above(n);  // descending: the nearest first
  for (std::uint32_t arc = 0; arc < n; ++arc) {
    for (const auto next : graph.after(arc)) {
      const auto a = vertex_of_arc_[arc], b = vertex_of_arc_[next];
      if (a != b) above[std::max(a, b)].push_back(std::min(a, b));
    }
  }
  std::size_t count = 0;
  for (auto v = n; v-- > 0;) {
    auto& own = above[v];
    std::ranges::sort(own, std::greater<>{});
    own.erase(std::unique(own.begin(), own.end()), own.end());
    count += own.size();
    if (own.empty()) continue;
    auto& parents = above[own.front()];
    parents.insert(parents.end(), own.begin() + 1, own.end());
  }
  first_.reserve(n + std::size_t{1});
  above_.reserve(count);
  first_.push_back(0);
  for (auto& own : above) {
    above_.insert(above_.end(), own.rbegin(), own.rend());
    first_.push_back(static_cast<std::uint32_t>(above_.size()));
    own = {};
  }
}

void Elimination::list_below() {
  first_below_.assign(vertices() + std::size_t{1}, 0);
  for (const auto high : above_) ++first_below_[high + 1];
  for (std::size_t v = 1; v < first_below_.size(); ++v) first_below_[v] += first_below_[v - 1];
  below_.resize(above_.size());
  auto next = first_below_;
  for (std::uint32_t v = 0; v < vertices(); ++v) {
    for (auto e = first_[v]; e < first_[v + 1]; ++e) below_[next[above_[e]]++] = {v, e};
  }
}

void Elimination::find_turns(const ArcGraph& graph) {
  slot_of_turn_.reserve(graph.next.size());
  for (std::uint32_t arc = 0; arc < vertices(); ++arc) {
    const auto from = vertex_of_arc_[arc];
    for (const auto next : graph.after(arc)) {
      const auto to = vertex_of_arc_[next];
      const auto low = std::max(from, to);
      const auto edge = from == to ? kNone : edge_between(low, std::min(from, to));
      const auto page = page_of(low);
      const auto down = low == from ? 0 : page_size(page);
      slot_of_turn_.push_back(edge == kNone ? kNone : page_first_edge(page) + edge + down);
    }
  }
}

void Elimination::lay_out_pages() {
  page_of_vertex_.reserve(vertices());
  std::uint32_t on_page = kEdgesPerPage + 1;  // the first vertex opens a page
  for (std::uint32_t v = 0; v < vertices(); ++v) {
    const auto own = static_cast<std::uint32_t>(above(v).size());
    if (on_page + own > kEdgesPerPage) {
      page_first_edge_.push_back(first_edge(v));
      on_page = 0;
    }
    on_page += own;
    page_of_vertex_.push_back(static_cast<std::uint32_t>(page_first_edge_.size()) - 1);
  }
  page_first_edge_.push_back(edges());
}

std::uint64_t Elimination::bytes() const {
  const auto numbers = arc_of_vertex_.size() * 2 + first_.size() + above_.size() + first_below_.size() +
                       slot_of_turn_.size() + page_of_vertex_.size() + page_first_edge_.size();
  return numbers * sizeof(std::uint32_t) + below_.size() * sizeof(Below);
}

std::uint32_t Elimination::edge_between(std::uint32_t low, std::uint32_t high) const {
  const auto own = above(low);
  const auto found = std::ranges::lower_bound(own, high);
  return found == own.end() || *found != high ? kNone
                                              : first_[low] + static_cast<std::uint32_t>(found - own.begin());
}

}  // namespace reckon::road
