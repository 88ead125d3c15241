// A city's busiest minute for the live dispatcher, from nothing: no plan of an earlier tick to start from.
//
// `peak`: day 11 of the Rappi set at 19:40, the orders in flight (placed, not yet due: 887) and the riders on
// duty (2,041, where they came on), rides as in `reckon simulate rappi` (straight lines times 1.4 at 20 km/h,
// slower on bicycle and foot). Rows: the tick's limit in milliseconds; the tick also builds its snapshot and
// its first plan, and looks at the clock every sixteen rounds.
//
// `short_of_ten_times`: the same moment with nine seeds, each planned within the row's limit and within ten
// times as much. Counters: by how many percent the first plan costs more, `median` and `worst`.
//
// `oneshot`: 1,000 orders at once and 2,000 riders, capacity 3. With RECKON_BENCH_MAP=FILE.rmap a made-up
// city on its roads (seed 1: shops in clusters; the orders' hours are dropped, kitchens need 0 to 20
// minutes); without, the first 1,000 orders from 19:10 on and 2,000 riders of the day above. Rows:
// milliseconds, 0 being the first plan alone. Counters: `ctd` mean minutes from now to the door, `nearest`
// the same when each order in turn goes to the idle rider nearest to its shop, `queued` when it goes to the
// nearest one with room for it, idle or not; `bound` what no plan can undercut: each order as though it were
// the only one and all riders were there for it.
//
// Milliseconds and limits are CPU time of the process. Counters of all: `p99_ms` over the iterations; `plan`
// planned cost in minutes.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "reckon/dispatch/city_day.h"
#include "reckon/dispatch/rng.h"

namespace {

using namespace reckon::dispatch;

constexpr Seconds kPeak = 19 * 3600 + 40 * 60;
constexpr std::uint32_t kRounds = 10'000'000;  // the clock ends the tick

double now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Moment {
  mdrp::CityDay day;
  std::unique_ptr<TravelTimes> travel;
  std::vector<Event> events;
  std::vector<LiveOrder> orders;
  std::vector<LiveRider> riders;
  Seconds now = 0;
};

void add_rider(Moment& moment, std::size_t c) {
  const auto& instance = moment.day.instance;
  moment.riders.push_back({.id = RiderId(static_cast<std::uint32_t>(c)),
                           .place = instance.place_of_courier(c),
                           .on = instance.couriers[c].on,
                           .off = instance.couriers[c].off,
                           .capacity = 3,
                           .pace_percent = instance.couriers[c].pace_percent});
}

void add_order(Moment& moment, std::size_t o, Seconds placed, Seconds ready) {
  const auto& instance = moment.day.instance;
  const auto& order = instance.orders[o];
  moment.orders.push_back({.id = OrderId(static_cast<std::uint32_t>(o)),
                           .shop = order.restaurant,
                           .door = instance.place_of_door(o),
                           .placed = placed,
                           .ready = ready,
                           .target = order.promised.value_or(placed + 2400),
                           .limit = placed + 5400});
}

void finish(Moment& moment) {
  for (const auto& rider : moment.riders) moment.events.push_back(event::ShiftAdded{rider});
  for (const auto& order : moment.orders) moment.events.push_back(event::Placed{order});
}

bool read_day(Moment& moment) {
  const char* shared = std::getenv("RECKON_SHARED_DATA");
  const auto folder =
      std::filesystem::path(shared != nullptr ? shared : RECKON_SOURCE_DIR "/../shared/data") / "rappi/day11";
  mdrp::Parameters parameters;
  parameters.metres_per_minute = 20'000.0 / 60;
  parameters.detour = 1.4;
  auto day = mdrp::read_city_day(folder, parameters);
  if (!day) return false;
  moment.day = std::move(*day);
  moment.travel = mdrp::rides_of(moment.day.instance);
  return true;
}

// Empty without the data.
const Moment& peak_moment() {
  static const Moment made = [] {
    Moment out;
    if (!read_day(out)) return out;
    const auto& instance = out.day.instance;
    out.now = kPeak;
    for (std::size_t c = 0; c < instance.couriers.size(); ++c) {
      if (instance.couriers[c].on <= kPeak && kPeak < instance.couriers[c].off) add_rider(out, c);
    }
    for (std::size_t o = 0; o < instance.orders.size(); ++o) {
      const auto& order = instance.orders[o];
      if (order.placed <= kPeak && kPeak < order.promised.value_or(0))
        add_order(out, o, order.placed, order.ready);
    }
    finish(out);
    return out;
  }();
  return made;
}

const Moment& oneshot_moment() {
  static const Moment made = [] {
    Moment out;
    const char* file = std::getenv("RECKON_BENCH_MAP");
    static const auto map = file == nullptr ? std::optional<reckon::road::RoadMap>()
                                            : std::optional(reckon::road::RoadMap::open(file).value());
    if (map) {
      out.day =
          mdrp::make_city_day(*map, reckon::base::Vehicle::kMotorcycle,
                              {.orders = 1000, .shops = 150, .riders = 2000, .seed = 1, .parameters = {}})
              .value();
      out.travel = mdrp::rides_of(out.day.instance);
    } else if (!read_day(out)) {
      return out;
    }
    auto& instance = out.day.instance;
    Rng rng(20261123);
    for (std::size_t c = 0; c < instance.couriers.size() && out.riders.size() < 2000; ++c) {
      if (!map && (instance.couriers[c].on > kPeak || instance.couriers[c].off < kPeak + 3600)) continue;
      instance.couriers[c].on = 0;
      instance.couriers[c].off = 4 * 3600;
      add_rider(out, c);
    }
    for (std::size_t o = 0; o < instance.orders.size() && out.orders.size() < 1000; ++o) {
      if (!map && instance.orders[o].placed < kPeak - 1800) continue;
      instance.orders[o].promised.reset();
      add_order(out, o, 0, static_cast<Seconds>(rng.below(1200)));
    }
    finish(out);
    return out;
  }();
  return made;
}

constexpr ServiceTimes kService = {};

Seconds brought(const Moment& moment, const LiveRider& rider, const LiveOrder& order, Seconds from) {
  const Seconds ride = at_pace(moment.travel->seconds(rider.place, order.shop), rider.pace_percent);
  const Seconds pickup = std::max(from + ride + kService.before_pickup, order.ready);
  return pickup + kService.after_pickup +
         at_pace(moment.travel->seconds(order.shop, order.door), rider.pace_percent) + kService.before_drop;
}

// Each order to the nearest rider in time; `most` orders a rider, one trip after another.
double nearest_first(const Moment& moment, int most) {
  std::vector<LiveRider> riders = moment.riders;
  std::vector<Seconds> free(riders.size(), moment.now);
  std::vector<int> has(riders.size(), 0);
  double sum = 0;
  for (const auto& order : moment.orders) {
    std::size_t best = riders.size();
    Seconds least = kNever;
    for (std::size_t r = 0; r < riders.size(); ++r) {
      const Seconds ride =
          at_pace(moment.travel->seconds(riders[r].place, order.shop), riders[r].pace_percent);
      if (has[r] >= most || ride >= least) continue;
      least = ride;
      best = r;
    }
    if (best == riders.size()) break;
    const Seconds drop = brought(moment, riders[best], order, free[best]);
    sum += drop - order.placed;
    free[best] = drop + kService.after_drop;
    riders[best].place = order.door;
    ++has[best];
  }
  return sum / 60 / static_cast<double>(moment.orders.size());
}

// Each order alone, with the rider who brings it soonest. A rider who does something else on the way is never
// sooner at a shop or a door, as long as ways obey the triangle inequality.
double least_of_any_plan(const Moment& moment) {
  double sum = 0;
  for (const auto& order : moment.orders) {
    Seconds soonest = kNever;
    for (const auto& rider : moment.riders)
      soonest = std::min(soonest, brought(moment, rider, order, moment.now));
    sum += soonest - order.placed;
  }
  return sum / 60 / static_cast<double>(moment.orders.size());
}

struct Outcome {
  Decisions decisions;
  double ms = 0;
};

Outcome tick_once(const Moment& moment, const LiveWeights& weights, double limit_ms, std::uint64_t seed = 1) {
  DispatcherOptions options;
  options.weights = weights;
  options.horizon = 4 * 3600;  // all is decided now
  options.seed = seed;
  Dispatcher dispatcher(*moment.travel, options);
  if (!dispatcher.update(moment.events)) std::abort();
  Outcome out;
  const double begin = now_ms();
  out.decisions = dispatcher.tick(moment.now, {.rounds = limit_ms > 0 ? kRounds : 0,
                                               .out_of_time = [&] { return now_ms() - begin > limit_ms; }});
  out.ms = now_ms() - begin;
  return out;
}

double p99(std::vector<double> ms) {
  std::ranges::sort(ms);
  return ms[static_cast<std::size_t>(0.99 * static_cast<double>(ms.size() - 1) + 0.5)];
}

// The plan's cost in minutes.
double run(benchmark::State& state, const Moment& moment, const LiveWeights& weights) {
  if (moment.orders.empty()) {
    state.SkipWithError("the shared data is absent");
    return 0;
  }
  std::vector<double> ms;
  Outcome last;
  for ([[maybe_unused]] auto _ : state) {
    last = tick_once(moment, weights, static_cast<double>(state.range(0)));
    ms.push_back(last.ms);
  }
  state.counters["orders"] = static_cast<double>(moment.orders.size());
  state.counters["riders"] = static_cast<double>(moment.riders.size());
  state.counters["p99_ms"] = p99(ms);
  state.counters["plan"] = last.decisions.planned_cost;
  state.counters["rounds"] = static_cast<double>(last.decisions.rounds);
  state.counters["unserved"] = static_cast<double>(last.decisions.unserved.size());
  return last.decisions.planned_cost;
}

void peak(benchmark::State& state) {
  run(state, peak_moment(), {});
}

void short_of_ten_times(benchmark::State& state) {
  const Moment& moment = peak_moment();
  if (moment.orders.empty()) {
    state.SkipWithError("the shared data is absent");
    return;
  }
  const auto limit_ms = static_cast<double>(state.range(0));
  std::vector<double> ms, percent;
  for ([[maybe_unused]] auto _ : state) {
    for (std::uint64_t seed = 1; seed <= 9; ++seed) {
      const Outcome soon = tick_once(moment, {}, limit_ms, seed);
      const double later = tick_once(moment, {}, 10 * limit_ms, seed).decisions.planned_cost;
      ms.push_back(soon.ms);
      percent.push_back(100 * (soon.decisions.planned_cost / later - 1));
    }
  }
  std::ranges::sort(percent);
  state.counters["p99_ms"] = p99(ms);
  state.counters["median"] = percent[percent.size() / 2];
  state.counters["worst"] = percent.back();
}

void oneshot(benchmark::State& state) {
  const Moment& moment = oneshot_moment();
  // With click-to-door alone a plan costs what it takes.
  const LiveWeights weights{.failed = 0, .overage = 0, .rider_minute = 0, .pay = 0, .far_end = 0};
  const double minutes = run(state, moment, weights);
  if (moment.orders.empty()) return;
  state.counters["ctd"] = minutes / static_cast<double>(moment.orders.size());
  state.counters["nearest"] = nearest_first(moment, 1);
  state.counters["queued"] = nearest_first(moment, 3);
  state.counters["bound"] = least_of_any_plan(moment);
}

BENCHMARK(peak)->ArgName("ms")->Arg(0)->Arg(50)->Arg(250)->Arg(2500)->Unit(benchmark::kMillisecond);
BENCHMARK(short_of_ten_times)->ArgName("ms")->Arg(250)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(oneshot)->ArgName("ms")->Arg(0)->Arg(80)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
