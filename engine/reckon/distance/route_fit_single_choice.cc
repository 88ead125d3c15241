// What single roads and turns cost a provider that chooses apart from the times that it tells: lanes, routes
// for walkers, bends, all that our kinds of road do not tell. Its time says nothing of that; which way it
// took, and which other it passed by, does.

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "reckon/distance/part_choice.h"
#include "reckon/distance/route_fitter.h"

namespace reckon::distance {
namespace {

constexpr double kScaleMs = 5000;       // of the logit, where that of kinds alone has 20 s
constexpr double kRoadDeviation = 0.1;  // of a road's cost from its way's
constexpr double kWayDeviation = 0.2;  // of an OpenStreetMap way's cost from its kind's: its tags are its own
constexpr double kTurnDeviationMs = 2000;
constexpr double kLeastShare = 0.4;  // of what its kind costs a road costs
constexpr std::size_t kLeastPassedBy = 200;
constexpr double kMostDearer = 1.3;  // than ours the provider's way may be, by our costs
constexpr double kMostDearerMs = 10'000;
constexpr double kNearlyAlikeShare = 0.003;  // of a way's metres, before they are measured by the yardstick
constexpr int kMostVias = 30;                // ways of one trip that are looked at

}  // namespace

/// Roads, turns and OpenStreetMap ways as fit_part_choice takes them. A road's cost is that of its kind, more
/// by its way's share and its own.
class RouteFitter::ChoiceParts {
 public:
  ChoiceParts(const RouteFitter& fitter, road::ArcCosts usual)
      : fitter_(fitter), geometry_(*fitter.network_.network().geometry), usual_(std::move(usual)) {}

  PassedBy compare(const ModelPath& passed, const ModelPath& taken) {
    std::map<std::uint32_t, double> more, shares;
    for (const auto& [id, share] : fitter_.parts_of(passed)) more[id] += double{share};
    for (const auto& [id, share] : fitter_.parts_of(taken)) more[id] -= double{share};
    PassedBy row;
    for (const auto& [id, share] : more) {
      if (std::abs(share) < 1e-6) continue;
      const double ms = share * usual_ms(id);
      row.dearer_ms += ms;
      if (id >= first_turn()) {
        shares[number_of(turn_key(id - first_turn()), kTurnDeviationMs)] += share;
        continue;
      }
      shares[number_of(road_key(id / 2), kRoadDeviation)] += ms;
      each_way(id / 2, [&](std::int64_t way, double of) {
        shares[number_of(way_key(way), kWayDeviation)] += of * ms;
      });
    }
    for (const auto& [part, share] : shares) row.more.emplace_back(part, static_cast<float>(share));
    return row;
  }

  const std::vector<double>& deviations() const { return deviations_; }

  /// @param add  as fit_part_choice found it
  void write(const std::vector<double>& add, RouteModel& model) const {
    const auto found = [&](std::uint64_t key) {
      const auto at = number_.find(key);
      return at == number_.end() ? 0.0 : add[at->second];
    };
    model.edge_times.clear();
    model.turn_times.clear();
    for (std::uint32_t edge = 0; edge < geometry_.edge_count(); ++edge) {
      double share = found(road_key(edge));
      each_way(edge, [&](std::int64_t way, double of) { share += of * found(way_key(way)); });
      if (share == 0) continue;
      for (const auto edge_dir : {2 * edge, 2 * edge + 1}) {
        const double ms = std::max(share, kLeastShare - 1) * usual_ms(edge_dir);
        if (std::abs(ms) >= kTrifleMs)
          model.edge_times.push_back(
              {edge_dir, static_cast<std::int32_t>(std::min(std::round(ms), kMostMs))});
      }
    }
    for (std::uint32_t turn = 0; turn < usual_.turn_ms.size(); ++turn) {
      const double ms = std::clamp(std::round(found(turn_key(turn))), -kMostMs, kMostMs);
      if (std::abs(ms) >= kTrifleMs) model.turn_times.push_back({turn, static_cast<std::int32_t>(ms)});
    }
  }

 private:
  static std::uint64_t road_key(std::uint32_t edge) { return edge; }
  static std::uint64_t turn_key(std::uint32_t turn) { return std::uint64_t{1} << 62 | turn; }
  static std::uint64_t way_key(std::int64_t way) {
    return std::uint64_t{1} << 63 | static_cast<std::uint64_t>(way);
  }
  std::uint32_t first_turn() const { return geometry_.edge_count() * 2; }

  // Of a part of parts_of(); 0 where it is not used.
  double usual_ms(std::uint32_t part) const {
    if (part >= first_turn()) return usual_.turn_ms[part - first_turn()];
    double ms = 0;
    fitter_.graph_.each_arc_along(part, [&](std::uint32_t arc) {
      if (usual_.arc_ms[arc] != road::kClosedMs) ms = usual_.arc_ms[arc];
    });
    return ms;
  }
  // Calls `take(OpenStreetMap way, its share of the edge)`.
  template <class Take>
  void each_way(std::uint32_t edge, Take take) const {
    const auto runs = geometry_.runs_of(edge);
    const double all = std::max(1U, geometry_.length_mm(edge));
    for (std::size_t k = 0; k < runs.size(); ++k) {
      const auto end =
          k + 1 < runs.size() ? geometry_.along_mm[runs[k + 1].point] : geometry_.length_mm(edge);
      take(runs[k].way, (end - geometry_.along_mm[runs[k].point]) / all);
    }
  }
  std::uint32_t number_of(std::uint64_t key, double deviation) {
    const auto [at, fresh] = number_.emplace(key, static_cast<std::uint32_t>(deviations_.size()));
    if (fresh) deviations_.push_back(deviation);
    return at->second;
  }

  const RouteFitter& fitter_;
  const road::EdgeGeometry& geometry_;
  road::ArcCosts usual_;
  std::unordered_map<std::uint64_t, std::uint32_t> number_;
  std::vector<double> deviations_;
};

// From the ways that were taken and passed by. False: too few tell.
bool RouteFitter::learn_part_choice(RouteModel& model) {
  ChoiceParts parts(*this, network_.costs(of_kinds(model_)));
  std::vector<PassedBy> rows;
  for (const auto& [trip, path] : passed_by_) {
    if (path.arcs != known_[trip].arcs) rows.push_back(parts.compare(path, known_[trip]));
  }
  if (rows.size() < kLeastPassedBy) return false;
  const auto add = fit_part_choice(rows, parts.deviations(), kScaleMs, [this] {
    tell(stage_, done_);
    return stopped_;
  });
  if (add.empty()) return false;
  parts.write(add, model);
  return true;
}

// The way of a trip of unlike metres: of all ways that are cheapest to some road and on from there, the
// cheapest that has the provider's metres and seconds.
ModelPath RouteFitter::way_by_some_road(std::size_t trip) {
  const auto& doors = doors_[trip];
  const double most_ms = kMostDearer * static_cast<double>(paths_[trip].cost_ms) + kMostDearerMs;
  const auto most = road::cost_of(static_cast<std::uint32_t>(std::min(most_ms, 2e9)), 0);
  there_.from(network_, router_.costs_, doors.from, most);
  onward_.to(network_, router_.costs_, doors.to, most);
  const double off_m = kAlikeM + kNearlyAlikeShare * trips_[trip].metres;
  std::vector<std::pair<road::Cost, std::uint32_t>> vias;
  for (std::uint32_t arc = 0; arc < graph_.arcs.size(); ++arc) {
    const auto there = there_.cost(arc), onward = onward_.cost(arc);
    if (there == road::kNoCost || onward == road::kNoCost) continue;
    const auto own = road::cost_of(router_.costs_.arc_ms[arc], graph_.arcs[arc].length_mm);
    if (there < own || onward < own || there + onward - own > most)
      continue;  // a door lies on it, or too dear
    const auto whole = there + onward - own;
    if (std::abs(road::length_mm_of(whole) / 1000.0 - trips_[trip].metres) <= off_m)
      vias.emplace_back(whole, arc);
  }
  std::ranges::sort(vias);
  int looked_at = 0;
  for (std::size_t k = 0; k < vias.size() && looked_at < kMostVias; ++k) {
    if (k > 0 && vias[k].first == vias[k - 1].first) continue;  // the same way, by another of its roads
    ++looked_at;
    auto path = path_by(trip, vias[k].second, vias[k].first);
    if (matches(path, trip)) return path;
  }
  return {};
}

// By both reaches, at a cost that is known; not found where it uses a road twice.
ModelPath RouteFitter::path_by(std::size_t trip, std::uint32_t via, road::Cost whole) const {
  ModelPath path;
  for (auto arc = via; arc != road::kNoArc; arc = there_.next(arc)) path.arcs.push_back(arc);
  std::ranges::reverse(path.arcs);
  for (auto arc = onward_.next(via); arc != road::kNoArc; arc = onward_.next(arc)) path.arcs.push_back(arc);
  Edges edges;
  for (const auto arc : path.arcs) edges.push_back(graph_.arcs[arc].edge());
  std::ranges::sort(edges);
  if (std::ranges::adjacent_find(edges) != edges.end()) return path;
  path.found = true;
  path.cost_ms = road::time_ms_of(whole);
  path.length_mm = road::length_mm_of(whole);
  path.first_mm = road::least_mm(doors_[trip].from.terminals, path.arcs.front(), &road::Terminal::after);
  path.last_mm = road::least_mm(doors_[trip].to.terminals, path.arcs.back(), &road::Terminal::before);
  return path;
}

// The ways of trips as far as they are known: our own, or some other.
void RouteFitter::find_ways() {
  for (std::size_t i = 0; i < trips_.size() && !stopped(); ++i) {
    if (matches(paths_[i], i)) {
      known_[i] = paths_[i];
    } else if (!known_[i].found && paths_[i].found) {
      known_[i] = way_by_some_road(i);
    }
  }
}

// Each round routes by the costs of single roads and turns, which gives further ways that were passed by; the
// one by which most trips come out alike is kept, where those are clearly more.
void RouteFitter::fit_single_choice() {
  const auto before = model_;
  const auto alike_before = alike_;
  auto best = before;
  auto best_alike = alike();
  const bool kinds_only = before.edge_times.empty() && before.turn_times.empty();
  Trial trial;
  known_.assign(trips_.size(), {});
  passed_by_.clear();
  find_ways();
  if (!kinds_only) {  // single roads are learned anew, from what kinds tell
    take(of_kinds(before));
    route_all();
  }
  for (int round = 0, idle = 0; round < options_.time_rounds && idle < kMostIdle && !stopped_;
       ++round, ++idle) {
    tell("times", static_cast<double>(round) / options_.time_rounds);
    note_passed_by();
    auto model = model_;
    if (!learn_part_choice(model)) break;
    take(model);
    route_all();
    for (std::size_t i = 0; i < trips_.size(); ++i) {
      if (matches(paths_[i], i)) known_[i] = paths_[i];
    }
    if (stopped_ || alike() <= best_alike) continue;
    best = model_;
    best_alike = alike();
    trial = gain_over(alike_before);
    idle = -1;
  }
  take(kinds_only && !trial.clearly_better() ? before : best);
  route_all();
  fit_margin();
}

}  // namespace reckon::distance
