// Which single roads a provider likes less than its paces tell.

#include <algorithm>
#include <array>
#include <iterator>

#include "reckon/distance/route_fitter.h"

namespace reckon::distance {
namespace {

constexpr std::size_t kMostPreferred = 40;  // edges of a path that are tried
constexpr std::int64_t kMostAddMs = 600'000;

}  // namespace

// For each trip that came out otherwise: without which edge of ours do we take a way of the provider's
// length? The cheapest such way is likely the provider's.
void RouteFitter::find_clues(int round) {
  clues_.clear();
  proven_.assign(std::size_t{network_.network().geometry->edge_count()} * 2, 0);
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (!alike_[i]) continue;
    for (const auto arc : paths_[i].arcs) ++proven_[graph_.arcs[arc].edge_dir];
  }
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (stopped()) return;
    if (alike_[i] || !paths_[i].found) continue;
    if (i % 64 == 0)
      tell("preferences", (round + static_cast<double>(i) / static_cast<double>(trips_.size())) /
                              options_.preference_rounds);
    const auto ours = paths_[i];
    Clue clue{i, {}, 0};
    for (const auto edge_dir : suspects(ours, kMostPreferred)) {
      const auto& other = path_without(i, std::array{edge_dir});
      if (!is_alike(other, trips_[i])) continue;
      const double dearer = static_cast<double>(other.cost_ms) - static_cast<double>(ours.cost_ms);
      if (clue.right.found && dearer >= clue.dearer_ms - 1) continue;
      clue.right = other;
      clue.dearer_ms = dearer;
    }
    if (clue.right.found) clues_.push_back(std::move(clue));
  }
}

// What is no closure is a preference: ours dearer by as much as is wanting, spread over what differs, least
// over what trips alike use.
void RouteFitter::prefer() {
  std::map<std::uint32_t, std::pair<double, int>> wanted;
  for (const auto& clue : clues_) {
    Edges ours, theirs, only_ours;
    for (const auto arc : paths_[clue.trip].arcs) ours.push_back(graph_.arcs[arc].edge_dir);
    for (const auto arc : clue.right.arcs) theirs.push_back(graph_.arcs[arc].edge_dir);
    std::ranges::sort(ours);
    std::ranges::sort(theirs);
    std::ranges::set_difference(ours, theirs, std::back_inserter(only_ours));
    double used = 0;
    for (const auto e : only_ours) used += 1.0 / (1 + proven_[e]);
    for (const auto e : only_ours) {
      auto& [sum, count] = wanted[e];
      sum += (clue.dearer_ms + 300) / (1 + proven_[e]) / used;
      ++count;
    }
  }
  for (const auto& [edge_dir, want] : wanted) {
    auto& now = changes_[edge_dir];
    if (now != road::kEdgeClosed)
      now = std::min<std::int64_t>(now + std::llround(want.first / want.second), kMostAddMs);
  }
}

}  // namespace reckon::distance
