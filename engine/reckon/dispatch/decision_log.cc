#include "reckon/dispatch/decision_log.h"

#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/json_writer.h"
#include "reckon/dispatch/decision_options.h"

namespace reckon::dispatch {
namespace {

constexpr std::size_t kRidesALine = 10'000;  // lines stay short enough for any reader

std::uint32_t number(OrderId id) {
  return static_cast<std::uint32_t>(id);
}
std::uint32_t number(RiderId id) {
  return static_cast<std::uint32_t>(id);
}

void write_candidate(base::JsonWriter& json, const Candidate& candidate) {
  json.begin_object().key("rider").integer(number(candidate.rider));
  if (!candidate.excluded.empty()) {
    json.key("excluded").string(candidate.excluded).end_object();
    return;
  }
  const auto& cost = candidate.cost;
  json.key("total").number(cost.total()).key("failed").number(cost.failed);
  json.key("overage").number(cost.overage).key("click_to_door").number(cost.click_to_door);
  json.key("rider_minutes").number(cost.rider_minutes).key("far_end").number(cost.far_end);
  json.key("pay").number(cost.pay);
  json.key("fairness").number(cost.fairness);
  json.key("pickup").integer(candidate.pickup).key("drop").integer(candidate.drop).end_object();
}

class EventWriter {
 public:
  explicit EventWriter(base::JsonWriter& json) : json_(json) {}

  void operator()(const event::Placed& e) const {
    const LiveOrder& o = e.order;
    begin("placed")
        .key("order")
        .integer(number(o.id))
        .key("shop")
        .integer(o.shop)
        .key("door")
        .integer(o.door);
    json_.key("placed").integer(o.placed).key("ready").integer(o.ready).key("target").integer(o.target);
    json_.key("limit").integer(o.limit).key("load").integer(o.load).key("alone").boolean(o.alone);
  }
  void operator()(const event::Ready& e) const { order("ready", e.order).key("at").integer(e.ready); }
  void operator()(const event::Cancelled& e) const { order("cancelled", e.order); }
  void operator()(const event::ShiftAdded& e) const {
    const LiveRider& r = e.rider;
    begin("shift_added").key("rider").integer(number(r.id)).key("place").integer(r.place);
    json_.key("on").integer(r.on).key("off").integer(r.off).key("capacity").integer(r.capacity);
    json_.key("pace_percent").integer(r.pace_percent);
  }
  void operator()(const event::ShiftEnds& e) const { rider("shift_ends", e.rider).key("at").integer(e.off); }
  void operator()(const event::RiderAt& e) const { rider("rider_at", e.rider).key("place").integer(e.place); }
  void operator()(const event::RiderGone& e) const { rider("rider_gone", e.rider); }
  void operator()(const event::PickedUp& e) const { rider("picked_up", e.rider).key("at").integer(e.at); }
  void operator()(const event::Delivered& e) const { order("delivered", e.order).key("at").integer(e.at); }
  void operator()(const event::Declined& e) const { rider("declined", e.rider); }
  void operator()(const event::Pinned& e) const {
    order("pinned", e.order).key("rider").integer(number(e.rider));
  }
  void operator()(const event::Unpinned& e) const { order("unpinned", e.order); }
  void operator()(const event::Listed& e) const { order("listed", e.order); }
  void operator()(const event::Unlisted& e) const { order("unlisted", e.order); }

 private:
  base::JsonWriter& begin(std::string_view name) const {
    return json_.begin_object().key("event").string(name);
  }
  base::JsonWriter& order(std::string_view name, OrderId id) const {
    return begin(name).key("order").integer(number(id));
  }
  base::JsonWriter& rider(std::string_view name, RiderId id) const {
    return begin(name).key("rider").integer(number(id));
  }

  base::JsonWriter& json_;
};

std::string events_json(std::span<const Event> events) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("events").begin_array();
  for (const auto& event : events) {
    std::visit(EventWriter(json), event);
    json.end_object();
  }
  json.end_array().end_object();
  return out;
}

std::string rides_json(std::span<const NotedTravelTimes::Ride> rides) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("rides").begin_array();
  for (const auto& ride : rides) json.integer(ride.from).integer(ride.to).integer(ride.seconds);
  json.end_array().end_object();
  return out;
}

void write_orders(base::JsonWriter& json, std::string_view key, const std::vector<OrderId>& orders) {
  json.key(key).begin_array();
  for (const auto order : orders) json.integer(number(order));
  json.end_array();
}

void write_assignment(base::JsonWriter& json, const Assignment& made) {
  json.begin_object().key("rider").integer(number(made.rider)).key("shop").integer(made.shop);
  write_orders(json, "orders", made.orders);
  write_orders(json, "added", made.added);
  json.key("depart").integer(made.depart).key("pickup").integer(made.pickup);
  json.key("extends").boolean(made.extends).end_object();
}

std::uint64_t key_of(PlaceIndex from, PlaceIndex to) {
  return ((std::uint64_t{from} << 32) | to) + 1;
}

}  // namespace

std::string reason_json(std::uint64_t id, Seconds at, const Reason& reason) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("id").integer(static_cast<std::int64_t>(id)).key("at").integer(at);
  json.key("order").integer(number(reason.order)).key("rider").integer(number(reason.rider)).key("before");
  if (reason.before) {
    json.integer(number(*reason.before));
  } else {
    json.null();
  }
  json.key("sentence").string(reason.sentence).key("candidates").begin_array();
  for (const auto& candidate : reason.candidates) write_candidate(json, candidate);
  json.end_array().end_object();
  return out;
}

std::string log_head_json(const DispatcherOptions& options) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("log").string("reckon decisions 1");
  write_options(json, options);
  json.end_object();
  return out;
}

std::string tick_json(Seconds now, const TickBudget& budget, const Decisions& decisions) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("tick").integer(now).key("budget").integer(budget.rounds);
  json.key("rounds").integer(static_cast<std::int64_t>(decisions.rounds));
  json.key("planned_cost").number(decisions.planned_cost).key("assignments").begin_array();
  for (const auto& made : decisions.assignments) write_assignment(json, made);
  json.end_array();
  write_orders(json, "unserved", decisions.unserved);
  write_orders(json, "stranded", decisions.stranded);
  return out;
}

std::string sealed(std::string tick, std::string_view seal) {
  tick += kSealKey;
  tick += seal;
  return tick + "\"}";
}

std::string seal_of(std::string_view before, std::string_view block) {
  base::Sha256 hash;
  hash.update(std::as_bytes(std::span(before)));
  hash.update(std::as_bytes(std::span(block)));
  return hash.finish();
}

NotedTravelTimes::Slot& NotedTravelTimes::find(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = static_cast<std::size_t>(key * 0x9e3779b97f4a7c15ULL >> 20) & mask;
  while (slots_[at].key != 0 && slots_[at].key != key) at = (at + 1) & mask;
  return slots_[at];
}

void NotedTravelTimes::grow() const {
  std::vector<Slot> old(slots_.size() * 2);
  std::swap(old, slots_);
  for (const auto& slot : old) {
    if (slot.key != 0) find(slot.key) = slot;
  }
}

Seconds NotedTravelTimes::seconds(PlaceIndex from, PlaceIndex to) const {
  const std::uint64_t key = key_of(from, to);
  Slot& known = find(key);
  if (known.key == key) return known.seconds;
  const Seconds seconds = travel_.seconds(from, to);
  known = {key, seconds};
  new_.push_back({from, to, seconds});
  if (++used_ * 2 > slots_.size()) grow();
  return seconds;
}

std::vector<NotedTravelTimes::Ride> NotedTravelTimes::take_new() {
  return std::exchange(new_, {});
}

DecisionLog::DecisionLog(const TravelTimes& travel, const DispatcherOptions& options,
                         std::function<void(std::string_view)> sink)
    : travel_(travel), sink_(std::move(sink)) {
  line(log_head_json(options));
}

void DecisionLog::line(std::string text) {
  text += '\n';
  sink_(text);
  block_ += text;
}

void DecisionLog::told(std::span<const Event> events) {
  if (!events.empty()) line(events_json(events));
}

void DecisionLog::ticked(Seconds now, const TickBudget& budget, const Decisions& decisions) {
  const auto rides = travel_.take_new();
  for (std::size_t i = 0; i < rides.size(); i += kRidesALine)
    line(rides_json(std::span(rides).subspan(i, std::min(kRidesALine, rides.size() - i))));
  for (const auto& reason : decisions.reasons) line(reason_json(++decisions_, now, reason));
  auto tick = tick_json(now, budget, decisions);
  seal_ = seal_of(seal_, block_ + tick);
  block_.clear();
  sink_(sealed(std::move(tick), seal_) + "\n");
}

}  // namespace reckon::dispatch
