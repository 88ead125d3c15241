#include "reckon/dispatch/decision_options.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>
#include <variant>

namespace reckon::dispatch {
namespace {

constexpr std::int64_t kMostCount = 0xffffffffLL;
constexpr std::int64_t kMostServiceS = 1'000'000;  // of one stop's work

// A member of the head, and where its value stands; the range is that of whole numbers.
template <class T>
struct Field {
  std::string_view key;
  std::variant<Seconds T::*, std::uint32_t T::*, double T::*, bool T::*> value;
  std::int64_t least = 0;
  std::int64_t most = kMostCount;
};

constexpr Field<ServiceTimes> kService[] = {
    {"before_pickup", &ServiceTimes::before_pickup, 0, kMostServiceS},
    {"after_pickup", &ServiceTimes::after_pickup, 0, kMostServiceS},
    {"before_drop", &ServiceTimes::before_drop, 0, kMostServiceS},
    {"after_drop", &ServiceTimes::after_drop, 0, kMostServiceS},
};
constexpr Field<LiveWeights> kWeights[] = {
    {"unserved", &LiveWeights::unserved},         {"failed", &LiveWeights::failed},
    {"overage", &LiveWeights::overage},           {"click_to_door", &LiveWeights::click_to_door},
    {"rider_minute", &LiveWeights::rider_minute}, {"pay", &LiveWeights::pay},
    {"far_end", &LiveWeights::far_end},           {"fairness", &LiveWeights::fairness},
};
constexpr Field<LiveSearchOptions> kSearch[] = {
    {"rounds_per_order", &LiveSearchOptions::rounds_per_order},
    {"near_riders", &LiveSearchOptions::near_riders},
    {"hot", &LiveSearchOptions::hot},
    {"cold", &LiveSearchOptions::cold},
    // A ruin draws up to four times as many.
    {"mean_removed", &LiveSearchOptions::mean_removed, 1, kMostCount / 4},
};
constexpr Field<DispatcherOptions> kTimes[] = {
    {"grain", &DispatcherOptions::grain, 1, kNever},
    {"horizon", &DispatcherOptions::horizon, 1, kNever},
    {"hold_slack", &DispatcherOptions::hold_slack, 0, kMostServiceS},
    {"guarantee_per_hour", &DispatcherOptions::guarantee_per_hour},
};
constexpr Field<DispatcherOptions> kModes[] = {
    {"one_each", &DispatcherOptions::one_each},
    {"explain", &DispatcherOptions::explain},
};

void put(base::JsonWriter& json, bool value) {
  json.boolean(value);
}
void put(base::JsonWriter& json, double value) {
  json.number(value);
}
template <class Whole>
void put(base::JsonWriter& json, Whole value) {
  json.integer(value);
}

template <class T, std::size_t kCount>
void write(base::JsonWriter& json, const T& options, const Field<T> (&fields)[kCount]) {
  for (const auto& field : fields) {
    json.key(field.key);
    std::visit([&](auto member) { put(json, options.*member); }, field.value);
  }
}

template <class T>
void get(const base::JsonNode& node, const Field<T>&, bool& value) {
  value = node.boolean().value_or(false);
}
template <class T>
void get(const base::JsonNode& node, const Field<T>&, double& value) {
  value = node.number().value_or(0);
}
template <class T, class Whole>
void get(const base::JsonNode& node, const Field<T>& field, Whole& value) {
  value = static_cast<Whole>(node.integer(field.least, field.most).value_or(field.least));
}

template <class T, std::size_t kCount>
void read(const base::JsonNode& node, T& options, const Field<T> (&fields)[kCount]) {
  for (const auto& field : fields) {
    std::visit([&](auto member) { get(node.required(field.key), field, options.*member); }, field.value);
  }
}

std::uint64_t seed_of(const base::JsonNode& node) {
  std::uint64_t seed = 0;
  const auto text = node.string(20).value_or("0");
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size())
    node.fault("is no seed; allowed: a whole number of 64 bits, as a string");
  return seed;
}

}  // namespace

void write_options(base::JsonWriter& json, const DispatcherOptions& options) {
  json.key("service").begin_object();
  write(json, options.service, kService);
  json.end_object().key("weights").begin_object();
  write(json, options.weights, kWeights);
  json.end_object().key("search").begin_object();
  write(json, options.search, kSearch);
  json.end_object();
  write(json, options, kTimes);
  // A seed has 64 bits; JSON's numbers elsewhere often 53.
  json.key("seed").string(fmt::format("{}", options.seed));
  write(json, options, kModes);
}

DispatcherOptions read_options(const base::JsonNode& head) {
  DispatcherOptions out;
  read(head.required("service"), out.service, kService);
  read(head.required("weights"), out.weights, kWeights);
  const auto search = head.required("search");
  read(search, out.search, kSearch);
  if (!(out.search.hot > 0 && out.search.cold > 0))
    search.fault("hot and cold are temperatures; allowed: numbers over 0");
  read(head, out, kTimes);
  out.seed = seed_of(head.required("seed"));
  read(head, out, kModes);
  return out;
}

}  // namespace reckon::dispatch
