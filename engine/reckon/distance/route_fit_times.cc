// How much longer single roads and turns take a provider than paces and kinds of turns tell.

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "reckon/distance/part_times.h"
#include "reckon/distance/route_fitter.h"

namespace reckon::distance {
namespace {

constexpr double kRoadVarianceMs = 500;  // of a road beside that of its own time: its light, its bends
constexpr double kTurnVarianceMs = 1500;
constexpr double kLeastShare = 0.1;         // of its time by paces a road takes
constexpr double kMostPassedByMs = 20'000;  // beyond, a road is closed rather than slow

}  // namespace

// Parts: directed edges, then entries of ArcGraph::next.
std::size_t RouteFitter::part_count() const {
  return std::size_t{network_.network().geometry->edge_count()} * 2 + graph_.next.size();
}

std::vector<std::pair<std::uint32_t, float>> RouteFitter::parts_of(const ModelPath& path) const {
  const auto turns = network_.network().geometry->edge_count() * 2;
  std::map<std::uint32_t, float> shares;
  for (std::size_t k = 0; k < path.arcs.size(); ++k) {
    const auto& arc = graph_.arcs[path.arcs[k]];
    const double part = k == 0 ? path.first_mm : k + 1 == path.arcs.size() ? path.last_mm : arc.length_mm;
    if (arc.length_mm > 0) shares[arc.edge_dir] += static_cast<float>(part / arc.length_mm);
    if (k + 1 == path.arcs.size()) break;
    const auto nexts = graph_.after(path.arcs[k]);
    const auto turn = static_cast<std::uint32_t>(std::ranges::find(nexts, path.arcs[k + 1]) - nexts.begin());
    shares[turns + graph_.next_first[path.arcs[k]] + turn] += 1;
  }
  return {shares.begin(), shares.end()};
}

void RouteFitter::spread_part_times() {
  const auto turns = network_.network().geometry->edge_count() * 2;
  part_times_.assign(model_.edge_times.empty() && model_.turn_times.empty() ? 0 : part_count(), 0);
  for (const auto& [edge_dir, ms] : model_.edge_times) part_times_[edge_dir] = ms;
  for (const auto& [turn, ms] : model_.turn_times) part_times_[turns + turn] = ms;
}

double RouteFitter::part_times_ms(const ModelPath& path) const {
  if (part_times_.empty()) return 0;
  double ms = 0;
  for (const auto& [part, share] : parts_of(path)) ms += double{share} * part_times_[part];
  return ms;
}

// From the ways that are known. False: not worth it.
bool RouteFitter::learn_part_times(RouteModel& model, double& stiffness) {
  const auto usual = network_.costs(of_kinds(model_));
  const auto turns = network_.network().geometry->edge_count() * 2;
  std::vector<TimedWay> ways;
  std::unordered_map<std::uint32_t, std::uint32_t> number;
  std::vector<std::uint32_t> numbered;
  std::vector<Part> parts;
  const auto number_of = [&](std::uint32_t id, double variance, double least_ms) {
    const auto [at, fresh] = number.emplace(id, static_cast<std::uint32_t>(parts.size()));
    if (fresh) {
      numbered.push_back(id);
      parts.push_back({variance, least_ms});
    }
    return at->second;
  };
  const auto add = [&](std::size_t trip, const ModelPath& path, bool at_least) {
    auto& way = ways.emplace_back();
    way.at_least = at_least;
    way.off_ms = trips_[trip].seconds * 1000;
    for (const auto& [id, share] : parts_of(path)) {
      double ms = 0;
      if (id >= turns) {
        ms = usual.turn_ms[id - turns];
        way.parts.emplace_back(number_of(id, kTurnVarianceMs, -ms), share);
      } else {
        ms = usual.arc_ms[arc_of(id)];
        way.parts.emplace_back(number_of(id, ms + kRoadVarianceMs, (kLeastShare - 1) * ms), share);
      }
      way.off_ms -= double{share} * ms;
    }
  };
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (const auto* path = timed_way(i)) add(i, *path, false);
  }
  for (const auto& [trip, path] : passed_by_) add(trip, path, true);
  const auto found = fit_part_times(ways, parts, stiffness, [this] {
    tell(stage_, done_);
    return stopped_;
  });
  const auto& add_ms = found.add_ms;
  stiffness = found.stiffness;
  model.edge_times.clear();
  model.turn_times.clear();
  for (std::size_t p = 0; p < add_ms.size(); ++p) {
    if (std::abs(add_ms[p]) < kTrifleMs) continue;
    const auto ms = static_cast<std::int32_t>(std::clamp(std::round(add_ms[p]), -kMostMs, kMostMs));
    if (numbered[p] < turns) {
      model.edge_times.push_back({numbered[p], ms});
    } else {
      model.turn_times.push_back({numbered[p] - turns, ms});
    }
  }
  std::ranges::sort(model.edge_times, {}, &RouteModel::EdgeChange::edge_dir);
  std::ranges::sort(model.turn_times, {}, &RouteModel::TurnTime::turn);
  return !add_ms.empty();
}

// Ways of ours that the provider would have taken, were our costs its own: those that are faster than it was,
// by no more than single roads may explain; where it chooses apart, those that are cheaper than its own.
void RouteFitter::note_passed_by() {
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    if (alike_[i] || !paths_[i].found) continue;
    if (chooses_apart()) {
      if (!known_[i].found) continue;
    } else {
      const double dearer = is_timed(i) ? dearer_ms(i) : 0;
      if (dearer <= 0 || dearer > kMostPassedByMs) continue;
    }
    const bool noted = std::ranges::any_of(
        passed_by_, [&](const auto& one) { return one.first == i && one.second.arcs == paths_[i].arcs; });
    if (!noted) passed_by_.emplace_back(i, paths_[i]);
  }
}

RouteFitter::Trial RouteFitter::gain_over(const std::vector<bool>& alike_before) const {
  Trial trial;
  for (std::size_t i = 0; i < trips_.size(); ++i) {
    trial.gained += alike_[i] && !alike_before[i] ? 1U : 0U;
    trial.lost += !alike_[i] && alike_before[i] ? 1U : 0U;
  }
  return trial;
}

// Each round knows more ways, and more that were passed by; the one by which most trips come out alike is
// kept, where those are clearly more.
void RouteFitter::fit_single_times() {
  passed_by_.clear();
  double stiffness = 0;
  const auto before = model_;
  const auto alike_before = alike_;
  auto best = before;
  auto best_alike = alike();
  Trial trial;
  for (int round = 0, idle = 0; round < options_.time_rounds && idle < kMostIdle; ++round, ++idle) {
    tell("times", static_cast<double>(round) / options_.time_rounds);
    auto model = model_;
    if (stopped_ || !learn_part_times(model, stiffness)) break;
    take(model);
    route_all();
    fit_paces();
    fit_margin();
    note_passed_by();
    if (stopped_ || alike() <= best_alike) continue;
    best = model_;
    best_alike = alike();
    trial = gain_over(alike_before);
    idle = -1;
  }
  if (stiffness == 0) return;  // nothing was tried
  take(trial.clearly_better() ? best : before);
  route_all();
  fit_margin();
}

}  // namespace reckon::distance
