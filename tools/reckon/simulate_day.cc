// The options of `reckon simulate`, a day played with them, and how days are told.

#include "simulate_day.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"
#include "reckon/dispatch/mdrp_replay.h"

namespace reckon::cli {
namespace {

namespace mdrp = dispatch::mdrp;
namespace fs = std::filesystem;

constexpr std::int64_t kMaxSeed = 2'147'483'647;
constexpr std::int64_t kMaxTickSeconds = 3600;  // who decides less often than hourly does not dispatch
constexpr std::int64_t kMaxRounds = 10'000'000;
constexpr std::int64_t kMaxTickMs = 60'000;
constexpr std::int64_t kDefaultRounds = 500;  // about 4 ms a tick on the published days

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What the thread has worked: ticks have one thread, and a busy machine neither flatters nor harms them.
double worked_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// A number of the summary, its heading, and how it is shown.
struct Column {
  std::string_view key;
  std::string_view heading;
  double mdrp::Summary::*value;
  int decimals;
};
constexpr Column kColumns[] = {
    {"undelivered_percent", "undeliv %", &mdrp::Summary::undelivered_percent, 3},
    {"avoidable_percent", "avoid %", &mdrp::Summary::avoidable_percent, 3},
    {"over_maximum_percent", "> max %", &mdrp::Summary::over_maximum_percent, 3},
    {"click_to_door", "ctd", &mdrp::Summary::click_to_door, 3},
    {"click_to_door_p90", "p90", &mdrp::Summary::click_to_door_p90, 2},
    {"click_to_door_within", "ctd<=max", &mdrp::Summary::click_to_door_within, 3},
    {"bound", "bound", &mdrp::Summary::bound, 3},
    {"overage", "overage", &mdrp::Summary::overage, 3},
    {"ready_to_pickup", "rtp", &mdrp::Summary::ready_to_pickup, 3},
    {"cost_per_order", "cost", &mdrp::Summary::cost_per_order, 3},
    {"orders_per_trip", "bundle", &mdrp::Summary::orders_per_trip, 3},
    {"tick_mean_ms", "tick ms", &mdrp::Summary::tick_mean_ms, 2},
    {"tick_p99_ms", "p99 ms", &mdrp::Summary::tick_p99_ms, 2},
    {"tick_max_ms", "max ms", &mdrp::Summary::tick_max_ms, 2},
};

// A day without rules of pay has no cost.
bool tells(const Column& column, const mdrp::Summary& summary) {
  return column.value != &mdrp::Summary::cost_per_order || summary.paid;
}

void write_json(base::JsonWriter& json, const mdrp::Summary& summary) {
  json.begin_object().key("instance").string(summary.instance);
  json.key("orders").integer(static_cast<std::int64_t>(summary.orders));
  json.key("couriers").integer(static_cast<std::int64_t>(summary.couriers));
  json.key("delivered").integer(static_cast<std::int64_t>(summary.delivered));
  json.key("unavoidable").integer(static_cast<std::int64_t>(summary.unavoidable));
  json.key("avoidable_failures").integer(static_cast<std::int64_t>(summary.avoidable_failures));
  for (const auto& column : kColumns) {
    if (tells(column, summary)) {
      json.key(column.key).number(summary.*column.value);
    } else {
      json.key(column.key).null();
    }
  }
  json.end_object();
}

std::string table_line(const mdrp::Summary& summary) {
  std::string line = fmt::format("{:<18} {:>6}", summary.instance, summary.orders);
  for (const auto& column : kColumns) {
    line += tells(column, summary) ? fmt::format(" {:>9.{}f}", summary.*column.value, column.decimals)
                                   : fmt::format(" {:>9}", "-");
  }
  return line;
}

std::string table_head() {
  std::string line = fmt::format("{:<18} {:>6}", "instance", "orders");
  for (const auto& column : kColumns) line += fmt::format(" {:>9}", column.heading);
  return line;
}

mdrp::Summary means_of(const std::vector<mdrp::Summary>& days) {
  mdrp::Summary mean{.instance = "mean", .paid = true};
  for (const auto& day : days) {
    mean.paid = mean.paid && day.paid;
    mean.orders += day.orders;
    mean.couriers += day.couriers;
    mean.delivered += day.delivered;
    mean.unavoidable += day.unavoidable;
    mean.avoidable_failures += day.avoidable_failures;
    for (const auto& column : kColumns)
      mean.*column.value += day.*column.value / static_cast<double>(days.size());
  }
  return mean;
}

// `60s`, `2m` or seconds alone.
base::Result<dispatch::Seconds> tick_of(const Args& args) {
  std::string text(args.get_or("tick", "60s"));
  std::int64_t unit = 1;
  if (text.ends_with('s') || text.ends_with('m')) {
    if (text.back() == 'm') unit = 60;
    text.pop_back();
  }
  const bool digits = !text.empty() && text.size() < 6 &&
                      std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const std::int64_t seconds = digits ? std::stoll(text) * unit : 0;
  if (seconds > 0 && seconds <= kMaxTickSeconds && (seconds % 60 == 0 || 60 % seconds == 0))
    return static_cast<dispatch::Seconds>(seconds);
  return base::fail(
      base::ErrorCode::kInvalidInput, "--tick",
      fmt::format("'{}' is no tick; allowed: 30s, 60s, 2m, … up to an hour, in step with whole minutes",
                  args.get_or("tick", "60s")));
}

struct Setting {
  std::string_view name;
  void (*set)(dispatch::DispatcherOptions&, double);
};
constexpr Setting kSettings[] = {
    {"unserved", [](dispatch::DispatcherOptions& o, double v) { o.weights.unserved = v; }},
    {"failed", [](dispatch::DispatcherOptions& o, double v) { o.weights.failed = v; }},
    {"overage", [](dispatch::DispatcherOptions& o, double v) { o.weights.overage = v; }},
    {"click_to_door", [](dispatch::DispatcherOptions& o, double v) { o.weights.click_to_door = v; }},
    {"rider_minute", [](dispatch::DispatcherOptions& o, double v) { o.weights.rider_minute = v; }},
    {"pay", [](dispatch::DispatcherOptions& o, double v) { o.weights.pay = v; }},
    {"far_end", [](dispatch::DispatcherOptions& o, double v) { o.weights.far_end = v; }},
    {"hold_slack", [](dispatch::DispatcherOptions& o,
                      double v) { o.hold_slack = static_cast<dispatch::Seconds>(std::min(v, 3600.0)); }},
    {"one_each", [](dispatch::DispatcherOptions& o, double v) { o.one_each = v > 0; }},
    {"fairness", [](dispatch::DispatcherOptions& o, double v) { o.weights.fairness = v; }},
    {"near_riders",
     [](dispatch::DispatcherOptions& o, double v) { o.search.near_riders = static_cast<std::uint32_t>(v); }},
    {"mean_removed", [](dispatch::DispatcherOptions& o,
                        double v) { o.search.mean_removed = std::max(1U, static_cast<std::uint32_t>(v)); }},
    {"hot", [](dispatch::DispatcherOptions& o, double v) { o.search.hot = std::max(1e-3, v); }},
    {"cold", [](dispatch::DispatcherOptions& o, double v) { o.search.cold = std::max(1e-3, v); }},
    {"rounds_per_order",
     [](dispatch::DispatcherOptions& o, double v) {
       o.search.rounds_per_order = std::max(1U, static_cast<std::uint32_t>(v));
     }},
};
constexpr double kMaxSetting = 1e6;

// `overage=0.4,rider_minute=0.3`.
base::Result<void> apply_settings(std::string_view text, dispatch::DispatcherOptions& options) {
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const auto equals = std::min(part.find('='), part.size());
    const auto setting = std::ranges::find(kSettings, part.substr(0, equals), &Setting::name);
    const auto value = base::parse_number(part.substr(std::min(equals + 1, part.size())));
    if (setting == std::end(kSettings) || !value || *value < 0 || *value > kMaxSetting) {
      std::string names;
      for (const auto& known : kSettings) names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
      return base::fail(
          base::ErrorCode::kInvalidInput, "--set",
          fmt::format("'{}' sets nothing; allowed: NAME=NUMBER with a number from 0 to {} and one of {}",
                      part, kMaxSetting, names));
    }
    setting->set(options, *value);
  }
  return {};
}

base::Result<void> write_day(const fs::path& folder, const mdrp::Instance& instance, const mdrp::Day& day,
                             const mdrp::Summary& summary) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  const auto files = mdrp::evaluator_files(instance, day);
  std::string json;
  base::JsonWriter writer(json);
  write_json(writer, summary);
  const std::pair<std::string_view, std::string> all[] = {
      {"solution_info_assignments.txt", files.assignments}, {"solution_info_orders.txt", files.orders},
      {"solution_info_couriers.txt", files.couriers},       {"summary.json", json},
      {"riders.csv", mdrp::riders_csv(instance, day)},      {"decisions.jsonl", day.decision_log},
  };
  for (const auto& [name, text] : all) {
    if (name == "decisions.jsonl" && day.decision_log.empty()) {
      // That of a day played before would stand beside this one as if it were its own.
      std::error_code failed;
      fs::remove(folder / name, failed);
      if (failed)
        return base::fail(base::ErrorCode::kEnvironment, (folder / name).string(), failed.message());
      continue;
    }
    const auto written = base::write_file_atomically(folder / name, text);
    if (!written) return base::fail(written.error());
  }
  return {};
}

mdrp::Day play_day(const mdrp::Instance& instance, const SimulateRequest& request, Progress& progress) {
  mdrp::DayOptions options{.dispatcher = mdrp::options_for(instance, request.tick, request.seed)};
  options.dispatcher.explain = request.explain;
  RECKON_CHECK(apply_settings(request.settings, options.dispatcher).has_value());  // checked when it was read
  options.budget.rounds = request.rounds;
  double begun = 0;
  if (request.tick_limit_ms) {
    options.budget.out_of_time = [&] { return now_ms() - begun > *request.tick_limit_ms; };
  }
  options.seed = request.seed;
  options.kitchen_sd_minutes = request.kitchen_sd;
  options.decline_share = request.declines;
  options.capacity = request.capacity;
  options.offers = request.offers;
  options.clock_ms = [&] {
    begun = now_ms();
    return worked_ms();
  };
  options.progress = [&](double share) { progress.show(instance.name, share); };
  return mdrp::simulate(instance, options);
}

}  // namespace

base::Result<double> number_option(const Args& args, std::string_view name, double otherwise, double max) {
  const auto text = args.get(name);
  if (!text) return otherwise;
  char* end = nullptr;
  const std::string word(*text);
  const double value = std::strtod(word.c_str(), &end);
  if (!word.empty() && *end == '\0' && value >= 0 && value <= max) return value;
  return base::fail(base::ErrorCode::kInvalidInput, fmt::format("--{}", name),
                    fmt::format("'{}' is out of range; allowed: a number from 0 to {}", word, max));
}

base::Result<SimulateRequest> simulate_request(const Args& args, std::uint32_t capacity) {
  SimulateRequest out{.out = fs::path(args.get_or("out", "")),
                      .settings = std::string(args.get_or("set", "")),
                      .explain = args.has("explain"),
                      .json = args.has("json")};
  if (const auto html = args.get("html")) out.html = fs::path(*html);
  if (out.html && args.words().size() > 1) {
    return base::fail(
        base::ErrorCode::kInvalidInput, "--html",
        fmt::format("shows one day, and {} are played; allowed: with one day", args.words().size()));
  }
  const auto tick = tick_of(args);
  if (!tick) return base::fail(tick.error());
  const auto seed = integer_option(args, "seed", 1, 0, kMaxSeed);
  if (!seed) return base::fail(seed.error());
  const auto rounds = integer_option(args, "rounds", kDefaultRounds, 0, kMaxRounds);
  if (!rounds) return base::fail(rounds.error());
  const auto noise = number_option(args, "kitchen-sd", 0, 60);
  if (!noise) return base::fail(noise.error());
  const auto declines = number_option(args, "declines", 0, 0.9);
  if (!declines) return base::fail(declines.error());
  const auto limit = integer_option(args, "tick-limit-ms", 0, 1, kMaxTickMs);
  if (!limit) return base::fail(limit.error());
  const auto most = integer_option(args, "capacity", capacity, 1, dispatch::kMaxBundle);
  if (!most) return base::fail(most.error());
  dispatch::DispatcherOptions scratch;
  const auto settings = apply_settings(out.settings, scratch);
  if (!settings) return base::fail(settings.error());
  out.tick = *tick;
  out.seed = static_cast<std::uint64_t>(*seed);
  out.rounds = static_cast<std::uint32_t>(*rounds);
  if (args.has("tick-limit-ms")) out.tick_limit_ms = static_cast<double>(*limit);
  out.capacity = static_cast<std::uint32_t>(*most);
  out.kitchen_sd = *noise;
  out.declines = *declines;
  if (const auto file = args.get("offers")) {
    const auto text = base::read_file(fs::path(*file), base::kMaxJsonBytes);
    if (!text) return base::fail(text.error());
    auto rules = dispatch::read_offer_rules(*text, *file);
    if (!rules) return base::fail(rules.error());
    out.offers = std::move(*rules);
  }
  return out;
}

DayPlayer::DayPlayer(const SimulateRequest& request) : request_(request) {
  if (!request_.json) fmt::print("{}\n", table_head());
}

base::Result<void> DayPlayer::play(const mdrp::Instance& instance, const fs::path& folder) {
  Progress progress;
  const auto day = play_day(instance, request_, progress);
  for (const auto& fault : mdrp::check(instance, day)) {
    fmt::print(stderr, "reckon: error: {}: {}: {}\n", instance.name, fault.where, fault.message);
    exit_ = kSomeRowsFailed;
  }
  days_.push_back(mdrp::summarize(instance, day));
  const auto written = write_day(folder, instance, day, days_.back());
  if (!written) return base::fail(written.error());
  if (request_.html) {
    const auto replay = base::write_file_atomically(*request_.html, mdrp::replay_html(instance, day));
    if (!replay) return base::fail(replay.error());
  }
  if (!request_.json) {
    fmt::print("{}\n", table_line(days_.back()));
    std::fflush(stdout);
  }
  return {};
}

int DayPlayer::finish() {
  std::string json;
  base::JsonWriter writer(json);
  writer.begin_object()
      .key("tick_s")
      .integer(request_.tick)
      .key("seed")
      .integer(static_cast<std::int64_t>(request_.seed));
  writer.key("rounds").integer(request_.rounds).key("days").begin_array();
  for (const auto& day : days_) write_json(writer, day);
  writer.end_array().key("mean");
  const auto mean = means_of(days_);
  write_json(writer, mean);
  writer.end_object();
  if (request_.json) {
    fmt::print("{}\n", json);
  } else {
    fmt::print("{}\n", table_line(mean));
  }
  if (days_.size() == 1) return exit_;
  const auto written = base::write_file_atomically(request_.out / "summary.json", json);
  return written ? exit_ : report(written.error());
}

std::vector<Option> simulate_options(std::string_view out_help, std::vector<Option> own) {
  std::vector<Option> all = {
      {"out", "DIR", out_help},
      {"seed", "N", "of all chance; 1 when not given"},
      {"tick", "60s", "time between two decisions; 60s when not given"},
      {"rounds", "N", "of ruin and recreate in each tick; 500 when not given"},
      {"tick-limit-ms", "N", "ends the rounds of a tick by the clock; days are then not repeatable"},
      {"capacity", "N", "orders that a rider takes from a shop at once, 8 at most"},
      {"kitchen-sd", "MINUTES", "kitchens err by so much (standard deviation); 0 when not given"},
      {"declines", "SHARE", "of trips that are declined; 0 when not given"},
      {"html", "FILE", "a replay of the day to look at in a browser; with one day"},
      {"offers", "FILE", "rules by shop and hour: forced, timed or open; each trip is asked when not given"},
      {"set", "NAME=N,…", "weights and knobs of the search; docs/dispatch.md has the list"},
      {"explain", "", "write decisions.jsonl: why each order went to its rider, and how to compute it again"},
      {"json", "", "print the summary as one JSON document"}};
  all.insert(all.begin() + 1, own.begin(), own.end());
  return all;
}

}  // namespace reckon::cli
