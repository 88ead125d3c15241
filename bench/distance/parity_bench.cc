// How often the local estimate gives the provider's own fee, before and after learning from its answers:
// docs/parity.md. Data: answers of a real provider (provider-answers/porto-car.csv of the shared data), and
// of hidden providers made on its maps, with speeds, turn costs and 2 % closed roads that nobody tells (seeds
// below). The first 5,000 trips are learned from, the others are in the outage. Prints a Markdown table;
// words that follow the program's name choose rows whose name contains one of them. Answers of one's own:
// RECKON_BENCH_ANSWERS (a CSV in order of asking), RECKON_BENCH_PBF (the extract, default Porto) and
// RECKON_BENCH_VEHICLE (default car) give a row of that file and no other.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "distance/hidden_provider_fixture.h"
#include "reckon/base/file.h"
#include "reckon/base/limits.h"
#include "reckon/distance/lesson.h"
#include "reckon/distance/memory.h"
#include "reckon/distance/pairs.h"
#include "reckon/distance/plausibility.h"
#include "reckon/geo/geodesic.h"
#include "reckon/road/map_builder.h"

using namespace reckon;
using distance::AnsweredTrip;
using distance::Parity;

namespace {

constexpr std::size_t kSeen = 5000;
constexpr std::size_t kOthers = 10'000;
constexpr double kClosedShare = 0.02;
constexpr std::uint32_t kSeeds[] = {1, 2};
constexpr const char* kMaps[] = {"porto", "seoul-central", "seoul-dongjak", "gangnam-arterials", "monaco"};

std::filesystem::path shared_data() {
  const char* told = std::getenv("RECKON_SHARED_DATA");
  return told != nullptr ? std::filesystem::path(told)
                         : std::filesystem::path(RECKON_SOURCE_DIR) / ".." / "shared" / "data";
}

std::filesystem::path extract_of(const std::string& name) {
  return shared_data() / "maps" / (name + ".osm.pbf");
}

std::shared_ptr<const road::RoadMap> built(const std::filesystem::path& extract, base::Vehicle vehicle) {
  if (!std::filesystem::exists(extract)) {
    fmt::print("SKIPPED: {} is not there\n", extract.string());
    return nullptr;
  }
  const auto file = std::filesystem::temp_directory_path() / fmt::format("reckon-parity-{}.rmap", getpid());
  const auto made = road::build_map({{extract}, file, {vehicle}, {}});
  auto map = made ? road::RoadMap::open(file) : base::fail(made.error());
  std::filesystem::remove(file);
  if (!map) {
    fmt::print("SKIPPED: {}: {}\n", map.error().where, map.error().message);
    return nullptr;
  }
  return std::make_shared<const road::RoadMap>(std::move(*map));
}

// Without the answers that are shorter than the straight line by more than snapping explains: the ladder
// takes none of them, so none is learned from, and their trips cost the same whether the provider is there or
// not. What is too long or too fast stays.
std::vector<AnsweredTrip> believable(std::span<const AnsweredTrip> trips) {
  constexpr double kUsualMps = 8;
  std::vector<AnsweredTrip> kept;
  for (const auto& trip : trips) {
    const base::Metres said{std::llround(trip.metres)};
    const base::Seconds usual{std::llround(trip.metres / kUsualMps)};
    if (!distance::implausible({said, usual}, {geo::geodesic_m(trip.from, trip.to), said}))
      kept.push_back(trip);
  }
  return kept;
}

// As many trips with the market's road lengths: log-normal, median 1.8 km, 95 % below 5 km; the same trip may
// stand for several.
std::vector<AnsweredTrip> as_market(std::span<const AnsweredTrip> trips) {
  std::vector<AnsweredTrip> sorted(trips.begin(), trips.end()), drawn;
  std::ranges::stable_sort(sorted, {}, &AnsweredTrip::metres);
  std::mt19937 random(20261126);
  std::normal_distribution<double> normal(std::log(1800), std::log(5000.0 / 1800) / 1.6449);
  constexpr std::size_t kNeighbours = 25;  // any of the nearest in length
  while (drawn.size() < kOthers && sorted.size() > 2 * kNeighbours) {
    const auto at = std::ranges::lower_bound(sorted, std::exp(normal(random)), {}, &AnsweredTrip::metres) -
                    sorted.begin();
    const auto first =
        std::clamp<std::ptrdiff_t>(at - static_cast<std::ptrdiff_t>(kNeighbours), 0,
                                   static_cast<std::ptrdiff_t>(sorted.size() - 2 * kNeighbours));
    drawn.push_back(sorted[static_cast<std::size_t>(first) + random() % (2 * kNeighbours)]);
  }
  return drawn;
}

void print_row(const std::string& who, std::string_view what, const Parity& parity, double seconds) {
  std::string held, bias;
  for (const auto& bin : parity.bins) {
    held += fmt::format("{}{:.1f}", held.empty() ? "" : " ",
                        100.0 * static_cast<double>(bin.inside) / static_cast<double>(bin.pairs));
    bias += fmt::format("{}{:+.1f}", bias.empty() ? "" : " ", 100 * bin.bias);
  }
  fmt::print("| {} | {} | {} | {:.1f} | {:.1f} | {:.1f} | {:+.1f} | {:.2f} | {} | {} | {} |\n", who, what,
             parity.pairs, 100 * parity.share(parity.same_100), 100 * parity.share(parity.same_500),
             parity.error_won, parity.bias_won, 100 * parity.median_error, held, bias,
             seconds > 0 ? fmt::format("{:.0f} s", seconds) : "");
  std::fflush(stdout);
}

/// What 90 % intervals held in one bin of straight lines.
struct Held {
  std::string who;
  Parity::Bin bin;
  std::size_t told = 0;  ///< answers of the bin that the interval was made from

  double share() const { return static_cast<double>(bin.inside) / static_cast<double>(bin.pairs); }
  double exact() const { return static_cast<double>(bin.exact) / static_cast<double>(bin.pairs); }
  /// Standard deviation of the share that a split conformal interval of nine in ten holds of these trips: by
  /// the answers that it was made from and the trips that it is tried on (Beta-binomial; Vovk 2012).
  double deviation() const {
    return std::sqrt(0.09 / static_cast<double>(told + 2) + 0.09 / static_cast<double>(bin.pairs));
  }
  /// Whether it says nothing of the interval: the estimate alone holds that much.
  bool by_exact() const { return exact() >= kLeastHeld; }
  static constexpr double kLeastHeld = 0.885, kMostHeld = 0.915;
  bool in_bar() const { return share() >= kLeastHeld && share() <= kMostHeld; }
};
std::vector<Held> all_held;

// Of the answers those that an interval is made from.
constexpr double kChecked = 1.0 / distance::kCheckedShare;
constexpr double kToldShare = (1 - kChecked) / distance::kHeldOut + kChecked;

void note_intervals(const std::string& who, const Parity& parity, std::span<const AnsweredTrip> seen) {
  for (const auto& bin : parity.bins) {
    const auto* const upper =
        std::ranges::find_if(distance::kParityBinsM, [&](double bound) { return bin.up_to_m <= bound; });
    const double above = upper == distance::kParityBinsM.begin() ? -1 : *(upper - 1);
    const auto of_bin = std::ranges::count_if(seen, [&](const auto& trip) {
      const double straight = geo::geodesic_m(trip.from, trip.to);
      return straight > above && straight <= *upper;
    });
    all_held.push_back(
        {who, bin, static_cast<std::size_t>(std::lround(kToldShare * static_cast<double>(of_bin)))});
  }
}

// Each bin of the road map's intervals, and whether those that miss the bar (88.5 to 91.5 %) miss it by more
// than chance does, where it is not the exact ones that make them hold more.
void print_intervals() {
  if (all_held.empty()) return;
  fmt::print(
      "\n| provider | straight line up to, m | trips | interval made from | holds, % | exact, % | chance, 95 "
      "% | |\n"
      "|---|---|---|---|---|---|---|---|\n");
  std::size_t in_bar = 0, exact = 0, by_chance = 0, judged = 0;
  double sum = 0, squares = 0;
  for (const auto& held : all_held) {
    const double off = (held.share() - 0.9) / held.deviation();
    const bool chance = std::abs(off) <= 1.96;
    const auto* const why = held.in_bar() ? "" : held.by_exact() ? "exact" : chance ? "chance" : "neither";
    if (!held.by_exact()) {
      ++judged;
      sum += off;
      squares += off * off;
    }
    in_bar += held.in_bar() ? 1U : 0U;
    exact += !held.in_bar() && held.by_exact() ? 1U : 0U;
    by_chance += !held.in_bar() && !held.by_exact() && chance ? 1U : 0U;
    fmt::print("| {} | {:.0f} | {} | {} | {:.1f} | {:.1f} | {:.1f} to {:.1f} | {} |\n", held.who,
               held.bin.up_to_m, held.bin.pairs, held.told, 100 * held.share(), 100 * held.exact(),
               100 * (0.9 - 1.96 * held.deviation()), 100 * std::min(1.0, 0.9 + 1.96 * held.deviation()),
               why);
  }
  fmt::print(
      "\n{} bins: {} hold 88.5 to 91.5 %; {} more, as that many estimates are exact; {} are off by no more "
      "than chance; "
      "{} by more.\n",
      all_held.size(), in_bar, exact, by_chance, all_held.size() - in_bar - exact - by_chance);
  if (judged > 1) {
    const auto n = static_cast<double>(judged);
    fmt::print(
        "Of the {} that are not exact: {:+.2f} standard deviations in the mean, spread {:.2f} (chance: 0, "
        "1).\n",
        judged, sum / n, std::sqrt(squares / n));
  }
}

enum class Lengths : std::uint8_t { kAsTheyAre, kAlsoMarket };

// @return what was learned; null where nothing was
std::shared_ptr<const distance::Learned> compare(const std::string& who,
                                                 const std::shared_ptr<const road::RoadMap>& map,
                                                 base::Vehicle vehicle, std::span<const AnsweredTrip> trips,
                                                 Lengths lengths) {
  const auto answered = std::min(kSeen, trips.size() / 2);
  const auto seen = believable(trips.first(answered));
  fmt::print("{}: {} of {} answers are shorter than the straight line, and not learned from\n", who,
             answered - seen.size(), answered);
  const auto others = trips.subspan(answered, std::min(kOthers, trips.size() - answered));
  road::Roads::Query query;
  const auto measure = [&](const road::RoadMap* own, const distance::Learned* learned,
                           std::span<const AnsweredTrip> list) {
    return distance::measure_parity(list, [&](const geo::LatLng& from, const geo::LatLng& to) {
      auto local = distance::local_estimate(own, query, vehicle, from, to);
      if (learned != nullptr) learned->improve(local, vehicle, from, to);
      return local.estimate;
    });
  };
  print_row(who, "usual detour", measure(nullptr, nullptr, others), 0);
  print_row(who, "map alone", measure(map.get(), nullptr, others), 0);
  const auto began = std::chrono::steady_clock::now();
  const auto lesson = distance::learn("provider", vehicle, map, seen);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const auto learned =
      lesson ? distance::Learned::make(map, (*lesson)->calibration) : base::fail(lesson.error());
  if (!learned) {
    fmt::print("| {} | not learned: {} |\n", who, learned.error().message);
    return nullptr;
  }
  print_row(who, "learned detour", measure(nullptr, learned->get(), others), 0);
  const auto parity = measure(map.get(), learned->get(), others);
  print_row(who, "map and answers", parity, took);
  note_intervals(who, parity, seen);
  const auto without_short = [&](const std::string& name, std::span<const AnsweredTrip> list) {
    const auto kept = believable(list);
    if (kept.size() < list.size())
      print_row(name + ", none shorter than the straight line", "map and answers",
                measure(map.get(), learned->get(), kept), 0);
  };
  without_short(who, others);
  if (lengths == Lengths::kAsTheyAre) return *learned;
  const auto market = as_market(others);
  print_row(who + ", market", "map alone", measure(map.get(), nullptr, market), 0);
  print_row(who + ", market", "map and answers", measure(map.get(), learned->get(), market), 0);
  without_short(who + ", market", market);
  return *learned;
}

// The same outage where one trip in three is one that was asked before, its doors up to three metres from
// where they were (a geocoder's own scatter): the answers to the same doors are remembered, as the ladder
// does.
void compare_repeated(const std::string& who, const std::shared_ptr<const road::RoadMap>& map,
                      const distance::Learned& learned, test::HiddenProvider& provider,
                      std::span<const AnsweredTrip> seen, std::span<const AnsweredTrip> unseen) {
  constexpr base::Vehicle kVehicle = base::Vehicle::kCar;
  constexpr std::int32_t kScatterE7 = 270;  // three metres of latitude
  const base::WallTime now{};
  distance::AnswerMemory memory;
  for (const auto& trip : seen)
    memory.remember({"provider", kVehicle, trip.from, trip.to, base::Metres{std::llround(trip.metres)},
                     base::Seconds{std::llround(trip.seconds)}, now});
  std::mt19937 random(20261127);
  const auto near_by = [&](const geo::LatLng& place) {
    const auto at = geo::PlaceE7::nearest(place);
    const auto off = [&] { return static_cast<std::int32_t>(random() % (2 * kScatterE7)) - kScatterE7; };
    return geo::LatLng::from_e7(at.lat + off(), at.lng + off());
  };
  std::vector<AnsweredTrip> trips;
  for (std::size_t i = 0; i < unseen.size(); ++i) {
    auto trip = unseen[i];
    if (i % 3 == 0) {
      const auto& before = seen[random() % seen.size()];
      trip.from = near_by(before.from);
      trip.to = near_by(before.to);
      if (!provider.answer(trip)) continue;
    }
    trips.push_back(trip);
  }
  road::Roads::Query query;
  const auto parity = distance::measure_parity(trips, [&](const geo::LatLng& from, const geo::LatLng& to) {
    const auto past = memory.recall("provider", kVehicle, from, to, now, std::chrono::hours{1});
    if (past && past->same_doors) return past->estimate;
    auto local = distance::local_estimate(map.get(), query, kVehicle, from, to);
    learned.improve(local, kVehicle, from, to);
    return local.estimate;
  });
  print_row(who + ", one in three asked before", "map, answers and memory", parity, 0);
}

// Delivery instances with full matrices of road metres: their matrices are the provider, and there is no map.
std::vector<AnsweredTrip> trips_of_instance(const std::filesystem::path& folder) {
  std::vector<geo::LatLng> places;
  std::vector<AnsweredTrip> trips;
  std::string line;
  std::ifstream locations(folder / "tbl_locations.csv"), travel(folder / "tbl_truck_travel_data_PG.csv");
  for (std::getline(locations, line); std::getline(locations, line);) {
    double lat = 0, lon = 0;
    if (std::sscanf(line.c_str(), "%*d, %*d, %lf, %lf", &lat, &lon) != 2) continue;
    places.push_back(geo::LatLng::from_degrees(lat, lon, "instance").value());
  }
  for (std::getline(travel, line); std::getline(travel, line);) {
    std::size_t from = 0, to = 0;
    double seconds = 0, metres = 0;
    if (std::sscanf(line.c_str(), "%zu, %zu, %lf, %lf", &from, &to, &seconds, &metres) != 4) continue;
    if (from != to && from < places.size() && to < places.size())
      trips.push_back({places[from], places[to], metres, seconds});
  }
  return trips;
}

// 30,000 answers are remembered; of the others those whose way back was not asked either. In the delivery
// mix: lengths drawn as the market's.
void compare_without_map() {
  const auto folder = shared_data() / "korea-delivery" / "Seoul" / "101";
  if (!std::filesystem::exists(folder)) return fmt::print("SKIPPED: {} is not there\n", folder.string());
  std::vector<std::filesystem::path> instances;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) instances.push_back(entry.path());
  std::ranges::sort(instances);
  std::vector<AnsweredTrip> trips;
  for (const auto& one : instances) {
    const auto some = trips_of_instance(one);
    trips.insert(trips.end(), some.begin(), some.end());
  }
  std::mt19937 random(20261126);
  std::ranges::shuffle(trips, random);
  const auto vehicle = base::Vehicle::kMotorcycle;
  const auto seen = std::span(trips).first(std::min<std::size_t>(30'000, trips.size() / 2));
  distance::DoorGraph others;
  for (std::size_t i = 0; i < seen.size(); ++i) others.add(seen[i].from, seen[i].to, seen[i].metres, {}, i);
  std::vector<AnsweredTrip> unseen;
  for (const auto& trip : std::span(trips).subspan(seen.size()))
    if (!others.bounds(trip.from, trip.to).reverse) unseen.push_back(trip);
  const auto measure = [&](const distance::Learned* learned, bool by_doors,
                           std::span<const AnsweredTrip> list) {
    road::Roads::Query query;
    return distance::measure_parity(list, [&](const geo::LatLng& from, const geo::LatLng& to) {
      auto local = distance::local_estimate(nullptr, query, vehicle, from, to);
      if (learned == nullptr) return local.estimate;
      learned->improve(local, vehicle, from, to);
      const auto known =
          by_doors ? learned->between_doors(others.bounds(from, to), local.view.geodesic_m) : std::nullopt;
      return known.value_or(local.estimate);
    });
  };
  const auto began = std::chrono::steady_clock::now();
  const auto lesson = distance::learn("provider", vehicle, nullptr, seen);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (!lesson) return fmt::print("| korea-delivery | not learned: {} |\n", lesson.error().message);
  const auto learned = distance::Learned::detour_of((*lesson)->calibration);
  const auto market = as_market(unseen);
  for (const auto& [who, list] :
       {std::pair("korea-delivery", std::span<const AnsweredTrip>(unseen)),
        std::pair("korea-delivery, market", std::span<const AnsweredTrip>(market))}) {
    print_row(who, "usual detour", measure(nullptr, false, list), 0);
    print_row(who, "learned detour", measure(learned.get(), false, list), 0);
    print_row(who, "answers of other trips", measure(learned.get(), true, list), took);
  }
}

struct Answers {
  std::filesystem::path file, extract;
  base::Vehicle vehicle;
  Lengths lengths;
};

void compare_real(const Answers& answers) {
  const auto bytes = base::read_file(answers.file, base::kMaxCsvBytes);
  if (!bytes) return fmt::print("SKIPPED: {} is not there\n", answers.file.string());
  const auto trips = distance::read_pairs_csv(*bytes, answers.file.string());
  if (!trips) return fmt::print("SKIPPED: {}: {}\n", trips.error().where, trips.error().message);
  if (const auto map = built(answers.extract, answers.vehicle))
    compare(answers.file.filename().string(), map, answers.vehicle, *trips, answers.lengths);
}

// Answers that the user names, of whatever provider and map; nothing where none are named.
std::optional<Answers> named_answers() {
  const auto named = [](const char* variable, std::string otherwise) {
    const char* value = std::getenv(variable);
    return value != nullptr ? std::string(value) : otherwise;
  };
  const auto file = named("RECKON_BENCH_ANSWERS", "");
  if (file.empty()) return std::nullopt;
  const auto vehicle = base::vehicle_from(named("RECKON_BENCH_VEHICLE", "car"));
  if (!vehicle) {
    fmt::print(stderr, "RECKON_BENCH_VEHICLE: is no vehicle; {}\n", base::kVehiclesAllowed);
    std::exit(2);
  }
  return Answers{file, named("RECKON_BENCH_PBF", extract_of("porto").string()), *vehicle,
                 Lengths::kAsTheyAre};
}

void compare_hidden(const char* name, std::uint32_t seed) {
  const auto map = built(extract_of(name), base::Vehicle::kCar);
  if (!map) return;
  const road::RouteNetwork network(map->network(base::Vehicle::kCar));
  test::HiddenProvider provider(network, seed, kClosedShare);
  const auto trips = provider.trips(kSeen + kOthers, test::TripLengths::kMarket);
  const auto who = fmt::format("{}-hidden-{}", name, seed);
  const auto learned = compare(who, map, base::Vehicle::kCar, trips, Lengths::kAsTheyAre);
  const auto seen = std::min(kSeen, trips.size() / 2);
  if (learned)
    compare_repeated(who, map, *learned, provider, std::span(trips).first(seen),
                     std::span(trips).subspan(seen));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> wanted(argv + 1, argv + argc);
  const auto own_answers = named_answers();
  const auto chosen = [&](const std::string& row) {
    return wanted.empty() ||
           std::ranges::any_of(wanted, [&](const auto& word) { return row.find(word) != std::string::npos; });
  };
  fmt::print(
      "| provider | estimate | trips | same fee, 100 m steps, % | 500 m, % | error, won | bias, won | metres "
      "off, median % | intervals hold, % by bin | metres, bias % by bin | learning |\n");
  fmt::print("|---|---|---|---|---|---|---|---|---|---|---|\n");
  if (own_answers) {
    if (!std::filesystem::exists(own_answers->file)) {
      fmt::print(stderr, "RECKON_BENCH_ANSWERS: {} is not there\n", own_answers->file.string());
      return 3;
    }
    compare_real(*own_answers);
    print_intervals();
    return 0;
  }
  if (chosen("korea-delivery")) compare_without_map();
  if (chosen("porto-car.csv"))
    compare_real({shared_data() / "provider-answers" / "porto-car.csv", extract_of("porto"),
                  base::Vehicle::kCar, Lengths::kAlsoMarket});
  for (const auto* name : kMaps) {
    for (const auto seed : kSeeds) {
      if (chosen(fmt::format("{}-hidden-{}", name, seed))) compare_hidden(name, seed);
    }
  }
  print_intervals();
}
