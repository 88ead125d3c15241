// How well any learner could do at best against a hidden provider (docs/parity.md): paces known exactly, and
// of the closed roads everything that 5,000 answers tell. A closed road tells of itself where opening it
// would change an answer; it is known up to the roads that, closed in its place, give the same answers to the
// metre and second. Only exchanges of one road for another are looked for, so that less is known in truth
// than is granted here. The estimate is the commonest of the samples, in each of which every such road stands
// where one of its possible places is. Prints a Markdown table; arguments: names of maps, else porto.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "distance/hidden_provider_fixture.h"
#include "reckon/distance/parity.h"
#include "reckon/distance/reach.h"
#include "reckon/road/map_builder.h"

using namespace reckon;
using distance::AnsweredTrip;
using distance::ModelRouter;
using distance::Parity;

namespace {

constexpr std::size_t kSeen = 5000, kOthers = 10'000;
constexpr double kClosedShare = 0.02;
constexpr std::uint32_t kSeeds[] = {1, 2};
constexpr int kSamples = 21;

using Roads = std::set<std::uint32_t>;  // edges

std::filesystem::path shared_data() {
  const char* told = std::getenv("RECKON_SHARED_DATA");
  return told != nullptr ? std::filesystem::path(told)
                         : std::filesystem::path(RECKON_SOURCE_DIR) / ".." / "shared" / "data";
}

road::RouteModel with_closed(road::RouteModel model, const Roads& closed) {
  model.edges.clear();
  for (const auto edge : closed) {
    model.edges.push_back({2 * edge, road::kEdgeClosed});
    model.edges.push_back({2 * edge + 1, road::kEdgeClosed});
  }
  return model;
}

bool gives(ModelRouter& router, const AnsweredTrip& trip) {
  const auto answer = router.route(trip.from, trip.to);
  return answer.found && std::round(answer.metres) == trip.metres &&
         std::round(answer.seconds) == trip.seconds;
}

class Knowable {
 public:
  Knowable(const road::RouteNetwork& network, const road::RouteModel& truth,
           std::span<const AnsweredTrip> seen)
      : network_(network), truth_(truth), seen_(seen) {
    for (const auto& change : truth.edges) closed_.insert(change.edge_dir / 2);
    find_touched();
    for (const auto& [road, trips] : touched_) find_places(road, trips);
  }
  /// Closed roads that an answer tells of, and where each could be as well; itself first.
  const std::map<std::uint32_t, std::vector<std::uint32_t>>& places() const { return places_; }

 private:
  ModelRouter router_with(const Roads& closed) const {
    return {network_, with_closed(truth_, closed), road::kDefaultMaxSnapM};
  }
  std::vector<std::uint32_t> edges_of(const road::ModelPath& path) const {
    std::vector<std::uint32_t> edges;
    for (const auto arc : path.arcs) edges.push_back(network_.network().graph.arcs[arc].edge());
    return edges;
  }

  // Trips that each closed road, opened, might serve.
  void find_touched() {
    const auto& graph = network_.network().graph;
    auto router = router_with(closed_);
    const auto open = router_with({});
    const auto costs = network_.costs(truth_), open_costs = network_.costs(with_closed(truth_, {}));
    distance::Reach there, onward;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const auto from = router.door(seen_[i].from, road::TripEnd::kStart),
                 to = router.door(seen_[i].to, road::TripEnd::kFinish);
      const auto& path = router.path(from, to);
      for (const auto edge : edges_of(path)) used_.insert(edge);
      const auto most = road::cost_of(static_cast<std::uint32_t>(path.cost_ms + 1), 0);
      there.from(network_, costs, from, most);
      onward.to(network_, costs, to, most);
      Roads touching;
      for (const auto edge : closed_) {
        for (auto arc = graph.edge_first_arc[edge]; arc < graph.edge_first_arc[edge + 1]; ++arc) {
          const auto own = road::cost_of(open_costs.arc_ms[arc], graph.arcs[arc].length_mm);
          if (distance::cost_by(network_, costs, there, onward, arc, own) <= most) touching.insert(edge);
        }
      }
      for (const auto& door : {open.door(seen_[i].from, road::TripEnd::kStart),
                               open.door(seen_[i].to, road::TripEnd::kFinish)}) {
        for (const auto& terminal : door.terminals) {
          const auto edge = graph.arcs[terminal.arc].edge();
          if (closed_.contains(edge)) touching.insert(edge);
        }
      }
      for (const auto edge : touching) touched_[edge].push_back(i);
    }
  }

  void find_places(std::uint32_t road, const std::vector<std::size_t>& trips) {
    auto others = closed_;
    others.erase(road);
    auto router = router_with(others);
    std::vector<std::size_t> changed;
    std::vector<std::uint32_t> candidates;  // on each changed trip's way, and on no trip's answer
    for (const auto i : trips) {
      if (gives(router, seen_[i])) continue;
      auto way = edges_of(router.path(router.door(seen_[i].from, road::TripEnd::kStart),
                                      router.door(seen_[i].to, road::TripEnd::kFinish)));
      std::ranges::sort(way);
      std::vector<std::uint32_t> both;
      if (changed.empty()) {
        std::ranges::copy_if(way, std::back_inserter(both), [&](auto edge) { return !used_.contains(edge); });
      } else {
        std::ranges::set_intersection(candidates, way, std::back_inserter(both));
      }
      candidates = std::move(both);
      changed.push_back(i);
    }
    if (changed.empty()) return;
    auto& places = places_[road];
    places.push_back(road);
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    for (const auto candidate : candidates) {
      if (closed_.contains(candidate)) continue;
      auto instead = others;
      instead.insert(candidate);
      auto then = router_with(instead);
      if (std::ranges::all_of(changed, [&](auto i) { return gives(then, seen_[i]); }))
        places.push_back(candidate);
    }
  }

  const road::RouteNetwork& network_;
  const road::RouteModel& truth_;
  std::span<const AnsweredTrip> seen_;
  Roads closed_, used_;
  std::map<std::uint32_t, std::vector<std::size_t>> touched_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> places_;
};

std::vector<double> metres_under(const road::RouteNetwork& network, const road::RouteModel& truth,
                                 const Roads& closed, std::span<const AnsweredTrip> trips) {
  ModelRouter router(network, with_closed(truth, closed), road::kDefaultMaxSnapM);
  std::vector<double> metres;
  for (const auto& trip : trips) metres.push_back(router.route(trip.from, trip.to).metres);
  return metres;
}

// By trip one of the metres that most samples price alike.
std::vector<double> commonest(const std::vector<std::vector<double>>& samples, double step_m) {
  std::vector<double> metres;
  for (std::size_t k = 0; k < samples.front().size(); ++k) {
    std::map<std::int64_t, int> votes;
    for (const auto& sample : samples) ++votes[distance::started_steps(sample[k], step_m)];
    const auto most =
        std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; })->first;
    const auto one = std::ranges::find_if(
        samples, [&](const auto& sample) { return distance::started_steps(sample[k], step_m) == most; });
    metres.push_back((*one)[k]);
  }
  return metres;
}

// Of metres that are known already, in the trips' order.
Parity parity_of(std::span<const AnsweredTrip> trips, const std::vector<double>& metres) {
  std::size_t next = 0;
  return distance::measure_parity(trips, [&](const auto&, const auto&) {
    const base::Metres one{std::llround(metres[next++])};
    return distance::Estimate{one, one, one};
  });
}

void print_limit(const std::string& name, const road::RouteNetwork& network, std::uint32_t seed) {
  test::HiddenProvider provider(network, seed, kClosedShare);
  const auto trips = provider.trips(kSeen + kOthers, test::TripLengths::kMarket);
  if (trips.size() <= kSeen) return fmt::print("SKIPPED: {} has too few trips\n", name);
  const auto& truth = provider.model();
  const auto seen = std::span(trips).first(kSeen), others = std::span(trips).subspan(kSeen);
  const Knowable knowable(network, truth, seen);
  Roads exactly;
  std::size_t certain = 0;
  for (const auto& [road, places] : knowable.places()) {
    exactly.insert(road);
    certain += places.size() == 1 ? 1U : 0U;
  }
  std::mt19937 random(seed);
  std::vector<std::vector<double>> samples;
  for (int s = 0; s < kSamples; ++s) {
    Roads closed;
    for (const auto& [road, places] : knowable.places()) closed.insert(places[random() % places.size()]);
    samples.push_back(metres_under(network, truth, closed, others));
  }
  const auto known = parity_of(others, metres_under(network, truth, exactly, others));
  const auto best = parity_of(others, commonest(samples, 100)),
             best_500 = parity_of(others, commonest(samples, 500));
  fmt::print("| {}-hidden-{} | {} | {} | {} | {:.1f} | {:.1f} | {:.0f} | {:.1f} | {:.1f} | {:.0f} |\n", name,
             seed, truth.edges.size() / 2, exactly.size(), certain, 100 * known.share(known.same_100),
             100 * known.share(known.same_500), known.error_won, 100 * best.share(best.same_100),
             100 * best_500.share(best_500.same_500), best.error_won);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> maps(argv + 1, argv + argc);
  if (maps.empty()) maps = {"porto"};
  fmt::print(
      "| provider | closed roads | that answers tell of | of them certain | all told of known: 100 m, % | "
      "500 m, % | "
      "error, won | as far as can be known: 100 m, % | 500 m, % | error, won "
      "|\n|---|---|---|---|---|---|---|---|---|---|\n");
  for (const auto& name : maps) {
    const auto extract = shared_data() / "maps" / (name + ".osm.pbf");
    if (!std::filesystem::exists(extract)) {
      fmt::print("SKIPPED: {} is not there\n", extract.string());
      continue;
    }
    const auto file = std::filesystem::temp_directory_path() / fmt::format("reckon-limit-{}.rmap", getpid());
    const auto made = road::build_map({{extract}, file, {base::Vehicle::kCar}, {}});
    const auto map = made ? road::RoadMap::open(file) : base::fail(made.error());
    std::filesystem::remove(file);
    if (!map) {
      fmt::print("SKIPPED: {}: {}\n", map.error().where, map.error().message);
      continue;
    }
    const road::RouteNetwork network(map->network(base::Vehicle::kCar));
    for (const auto seed : kSeeds) print_limit(name, network, seed);
  }
}
