#include "reckon/distance/memory.h"

#include <algorithm>
#include <cmath>

#include "reckon/geo/local_frame.h"

namespace reckon::distance {
namespace {

// Cells at least kNearTripM wide up to 60 degrees of latitude, so that a near trip lies in a neighbouring
// one.
constexpr double kCellsPerDegreeLat = 111'000 / kNearTripM;
constexpr double kCellsPerDegreeLng = kCellsPerDegreeLat / 2;
constexpr double kShareADay = 0.0005;  // roads change: docs/providers.md#memory
constexpr double kMostAgeShare = 0.1;
constexpr double kMetresAMetre = 2;  // a door one metre on may be two metres on by road, there and back

}  // namespace

std::size_t AnswerMemory::CellHash::operator()(const Cell& cell) const {
  std::uint64_t hash = 0x9e3779b97f4a7c15;
  for (const auto part : {cell.from_row, cell.from_column, cell.to_row, cell.to_column})
    hash = (hash ^ static_cast<std::uint32_t>(part)) * 0xff51afd7ed558ccd + (hash >> 29);
  return hash;
}

AnswerMemory::Cell AnswerMemory::cell_of(const geo::LatLng& from, const geo::LatLng& to) {
  const auto row = [](const geo::LatLng& p) {
    return static_cast<std::int32_t>(std::floor(p.lat_deg() * kCellsPerDegreeLat));
  };
  const auto column = [](const geo::LatLng& p) {
    return static_cast<std::int32_t>(std::floor(p.lng_deg() * kCellsPerDegreeLng));
  };
  return {row(from), column(from), row(to), column(to)};
}

void AnswerMemory::remember(const PastAnswer& answer) {
  const std::lock_guard lock(mutex_);
  cells_[cell_of(answer.from, answer.to)].push_back(first_ + answers_.size());
  doors_[{answer.provider, answer.vehicle}].add(
      answer.from, answer.to, static_cast<double>(answer.metres.value), answer.at, first_ + answers_.size());
  answers_.push_back(answer);
  while (answers_.size() > most_) {
    const auto cell = cells_.find(cell_of(answers_.front().from, answers_.front().to));
    std::erase(cell->second, first_);
    if (cell->second.empty()) cells_.erase(cell);
    const auto& oldest = answers_.front();
    doors_[{oldest.provider, oldest.vehicle}].remove(oldest.from, oldest.to, first_);
    answers_.pop_front();
    ++first_;
  }
}

DoorGraph::Bounds AnswerMemory::bounds(std::string_view provider, base::Vehicle vehicle,
                                       const geo::LatLng& from, const geo::LatLng& to,
                                       base::WallTime since) const {
  const std::lock_guard lock(mutex_);
  const auto graph = doors_.find(std::pair(std::string(provider), vehicle));
  return graph == doors_.end() ? DoorGraph::Bounds{} : graph->second.bounds(from, to, since);
}

std::size_t AnswerMemory::size() const {
  const std::lock_guard lock(mutex_);
  return answers_.size();
}

std::optional<AnswerMemory::Recalled> AnswerMemory::recall(std::string_view provider, base::Vehicle vehicle,
                                                           const geo::LatLng& from, const geo::LatLng& to,
                                                           base::WallTime now, base::Seconds max_age) const {
  const std::lock_guard lock(mutex_);
  const auto home = cell_of(from, to);
  const PastAnswer* best = nullptr;
  double best_off = kNearTripM, best_from = 0, best_to = 0;
  for (std::int32_t i = 0; i < 81; ++i) {
    const Cell cell{home.from_row + i % 3 - 1, home.from_column + i / 3 % 3 - 1, home.to_row + i / 9 % 3 - 1,
                    home.to_column + i / 27 - 1};
    const auto found = cells_.find(cell);
    if (found == cells_.end()) continue;
    for (const auto number : found->second) {
      const auto& past = answers_[number - first_];
      if (past.provider != provider || past.vehicle != vehicle || now - past.at > max_age) continue;
      const double off_from = geo::near_distance_m(from, past.from),
                   off_to = geo::near_distance_m(to, past.to);
      const double off = off_from + off_to;
      if (off > best_off || (best != nullptr && off == best_off && past.at < best->at)) continue;
      best = &past;
      best_off = off;
      best_from = off_from;
      best_to = off_to;
    }
  }
  if (best == nullptr) return std::nullopt;
  const auto age = std::max(base::Seconds{0}, std::chrono::duration_cast<base::Seconds>(now - best->at));
  const double days = static_cast<double>(age.count()) / 86'400;
  const auto metres = static_cast<double>(best->metres.value);
  const bool same = best_from <= kSameDoorM && best_to <= kSameDoorM;
  const double half = metres * std::min(kMostAgeShare, kShareADay * days) + kMetresAMetre * best_off;
  return Recalled{{best->metres, base::Metres{std::llround(std::max(0.0, metres - half))},
                   base::Metres{std::llround(metres + half)}},
                  best->duration,
                  age,
                  same};
}

}  // namespace reckon::distance
