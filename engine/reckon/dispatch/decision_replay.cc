#include "reckon/dispatch/decision_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "reckon/base/json_reader.h"
#include "reckon/dispatch/decision_log.h"
#include "reckon/dispatch/decision_options.h"

namespace reckon::dispatch {
namespace {

constexpr std::int64_t kMostId = 0xffffffffLL;
constexpr std::int64_t kMostSeconds = kNever;      // "never" is this, too
constexpr std::int64_t kMostInstant = kNever / 4;  // of when something was; four years on either side
constexpr std::int64_t kMostRounds = 0xffffffffLL;
constexpr std::size_t kMostEvents = 1'000'000;
constexpr std::size_t kMostRideNumbers = 3'000'000;

// Riding times as the log tells them; what it does not tell is remembered as a fault.
class LoggedTravelTimes : public TravelTimes {
 public:
  Seconds seconds(PlaceIndex from, PlaceIndex to) const override {
    const auto found = known_.find(key(from, to));
    if (found != known_.end()) return found->second;
    if (!missing_) missing_ = fmt::format("from place {} to place {}", from, to);
    return kNever;
  }
  void learn(const std::vector<std::int64_t>& numbers) {
    for (std::size_t i = 0; i + 2 < numbers.size(); i += 3) {
      known_[key(static_cast<PlaceIndex>(numbers[i]), static_cast<PlaceIndex>(numbers[i + 1]))] =
          static_cast<Seconds>(numbers[i + 2]);
    }
  }
  const std::optional<std::string>& missing() const { return missing_; }

 private:
  static std::uint64_t key(PlaceIndex from, PlaceIndex to) { return (std::uint64_t{from} << 32) | to; }

  std::unordered_map<std::uint64_t, Seconds> known_;
  mutable std::optional<std::string> missing_;
};

// Reads members of one object; what is missing or wrong is in the faults, and then nothing counts.
class Members {
 public:
  explicit Members(const base::JsonNode& node) : node_(node) {}
  std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max) const {
    return node_.required(key).integer(min, max).value_or(min);
  }
  std::uint32_t id(std::string_view key) const {
    return static_cast<std::uint32_t>(integer(key, 0, kMostId));
  }
  Seconds seconds(std::string_view key) const {
    return static_cast<Seconds>(integer(key, -kMostSeconds, kMostSeconds));
  }
  Seconds instant(std::string_view key) const {
    return static_cast<Seconds>(integer(key, -kMostInstant, kMostInstant));
  }
  bool boolean(std::string_view key) const { return node_.required(key).boolean().value_or(false); }

 private:
  base::JsonNode node_;
};

LiveOrder order_of(const Members& e) {
  return {.id = OrderId(e.id("order")),
          .shop = e.id("shop"),
          .door = e.id("door"),
          .placed = e.instant("placed"),
          .ready = e.instant("ready"),
          .target = e.seconds("target"),
          .limit = e.seconds("limit"),
          .load = e.id("load"),
          .alone = e.boolean("alone")};
}

LiveRider rider_of(const Members& e) {
  return {.id = RiderId(e.id("rider")),
          .place = e.id("place"),
          .on = e.instant("on"),
          .off = e.seconds("off"),
          .capacity = e.id("capacity"),
          .pace_percent = e.id("pace_percent")};
}

struct EventKind {
  std::string_view name;
  Event (*read)(const Members&);
};
constexpr EventKind kEventKinds[] = {
    {"placed", [](const Members& e) -> Event { return event::Placed{order_of(e)}; }},
    {"ready",
     [](const Members& e) -> Event {
       return event::Ready{OrderId(e.id("order")), e.instant("at")};
     }},
    {"cancelled", [](const Members& e) -> Event { return event::Cancelled{OrderId(e.id("order"))}; }},
    {"shift_added", [](const Members& e) -> Event { return event::ShiftAdded{rider_of(e)}; }},
    {"shift_ends",
     [](const Members& e) -> Event {
       return event::ShiftEnds{RiderId(e.id("rider")), e.seconds("at")};
     }},
    {"rider_at",
     [](const Members& e) -> Event {
       return event::RiderAt{RiderId(e.id("rider")), e.id("place")};
     }},
    {"rider_gone", [](const Members& e) -> Event { return event::RiderGone{RiderId(e.id("rider"))}; }},
    {"picked_up",
     [](const Members& e) -> Event {
       return event::PickedUp{RiderId(e.id("rider")), e.instant("at")};
     }},
    {"delivered",
     [](const Members& e) -> Event {
       return event::Delivered{OrderId(e.id("order")), e.instant("at")};
     }},
    {"declined", [](const Members& e) -> Event { return event::Declined{RiderId(e.id("rider"))}; }},
    {"pinned",
     [](const Members& e) -> Event {
       return event::Pinned{OrderId(e.id("order")), RiderId(e.id("rider"))};
     }},
    {"unpinned", [](const Members& e) -> Event { return event::Unpinned{OrderId(e.id("order"))}; }},
    {"listed", [](const Members& e) -> Event { return event::Listed{OrderId(e.id("order"))}; }},
    {"unlisted", [](const Members& e) -> Event { return event::Unlisted{OrderId(e.id("order"))}; }},
};

std::vector<Event> events_of(const base::JsonNode& list) {
  std::vector<Event> out;
  for (const auto& node : list.items(kMostEvents)) {
    const auto name = node.required("event").string();
    const auto kind = std::ranges::find(kEventKinds, name.value_or(""), &EventKind::name);
    if (kind != std::end(kEventKinds)) {
      out.push_back(kind->read(Members(node)));
    } else if (name) {
      node.fault(fmt::format("'{}' is no event; allowed: those of docs/dispatch.md", *name));
    }
  }
  return out;
}

class Replay {
 public:
  Replay(std::string_view name, std::optional<std::uint64_t> wanted) : name_(name), wanted_(wanted) {}

  base::Result<ReplayReport> run(std::string_view log) {
    for (line_ = 1; !log.empty() && !done_; ++line_) {
      const auto text = log.substr(0, log.find('\n') + (log.find('\n') == std::string_view::npos ? 0 : 1));
      log.remove_prefix(std::min(text.size(), log.size()));
      const auto read = take(text.substr(0, text.find('\n')), text);
      if (!read) return base::fail(read.error());
    }
    if (!dispatcher_) {
      return base::fail(base::ErrorCode::kInvalidInput, fmt::format("{}:1", name_),
                        "is no decision log; allowed: one whose first line has the key \"log\"");
    }
    if (wanted_ && !report_.decision && report_.differences.empty()) {
      return base::fail(
          base::ErrorCode::kNotFound, std::string(name_),
          fmt::format("decision {} is not in the log; allowed: 1 to {}", *wanted_, report_.decisions));
    }
    if (!done_) report_.unsealed = lines_since_tick_;
    return std::move(report_);
  }

 private:
  std::string where() const { return fmt::format("{}:{}", name_, line_); }
  void differs(std::size_t line, std::string message) {
    report_.differences.push_back({fmt::format("{}:{}", name_, line), std::move(message)});
    done_ = true;
  }

  // `text` is the line, `bytes` the same with its line feed.
  base::Result<void> take(std::string_view text, std::string_view bytes) {
    const auto document = base::JsonDocument::parse(text, where());
    if (!document) return base::fail(document.error());
    base::Faults faults(where());
    const auto root = document->root(faults);
    const bool is_head = root.optional("log").present();
    const bool is_tick = root.optional("tick").present();
    if (is_head != !dispatcher_) {
      root.fault(is_head ? "is a second head; allowed: one, in the first line"
                         : "stands before the head; allowed: a first line with the key \"log\"");
    } else if (is_head) {
      begin(root, faults);
    } else if (root.optional("events").present()) {
      const auto events = events_of(root.required("events"));
      // Events that the dispatcher refused then it refuses now.
      if (faults.empty()) static_cast<void>(dispatcher_->update(events));
    } else if (root.optional("rides").present()) {
      const auto numbers = root.required("rides").integers(kMostRideNumbers, 0, kMostId);
      if (numbers && numbers->size() % 3 != 0)
        root.fault("has a ride that is cut off; allowed: from, to, seconds for each");
      for (std::size_t i = 2; numbers && i < numbers->size() && faults.empty(); i += 3) {
        if ((*numbers)[i] > kMostSeconds)
          root.fault(fmt::format("has a ride of {} s; at most {} are allowed, which is never", (*numbers)[i],
                                 kMostSeconds));
      }
      if (numbers && faults.empty()) travel_.learn(*numbers);
    } else if (root.optional("candidates").present()) {
      told_.push_back({line_, std::string(text)});
    } else if (!is_tick) {
      root.fault("is no line of a decision log; allowed: events, rides, decisions and ticks");
    }
    if (is_tick && faults.empty()) tick(root, text, faults);
    if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
    if (is_tick) {
      block_.clear();
      lines_since_tick_ = 0;
    } else {
      ++lines_since_tick_;
      block_ += bytes;
    }
    return {};
  }

  void begin(const base::JsonNode& root, const base::Faults& faults) {
    const auto kind = root.required("log").string();
    if (kind && *kind != "reckon decisions 1")
      root.required("log").fault("is another kind of log; allowed: \"reckon decisions 1\"");
    const auto options = read_options(root);
    if (faults.empty()) dispatcher_ = std::make_unique<Dispatcher>(travel_, options);
  }

  void tick(const base::JsonNode& root, std::string_view text, const base::Faults& faults) {
    const Members members(root);
    const auto now = members.instant("tick");
    const TickBudget budget{.rounds = static_cast<std::uint32_t>(members.integer("budget", 0, kMostRounds)),
                            .out_of_time = {},
                            .stop_at = static_cast<std::uint64_t>(members.integer("rounds", 0, kMostRounds))};
    const auto seal = root.required("seal").string();
    if (!faults.empty()) return;
    seal_ = seal_of(seal_, block_.append(text.substr(0, text.rfind(kSealKey))));
    if (*seal != seal_) {
      differs(line_, fmt::format("its seal is not that of itself and the {} lines before it: something "
                                 "was changed, or is missing; allowed: {}",
                                 lines_since_tick_, seal_));
      return;
    }
    const auto decisions = dispatcher_->tick(now, budget);
    if (travel_.missing()) {
      differs(line_, fmt::format("needs the ride {}, which no line before it tells", *travel_.missing()));
      return;
    }
    ++report_.ticks;
    compare(now, decisions);
    const auto again = sealed(tick_json(now, budget, decisions), seal_);
    if (again != text) differs(line_, "was computed otherwise now: " + again);
    told_.clear();
  }

  void compare(Seconds now, const Decisions& decisions) {
    if (told_.size() != decisions.reasons.size()) {
      differs(line_, fmt::format("{} decisions stand before it; computed now: {}", told_.size(),
                                 decisions.reasons.size()));
      return;
    }
    for (std::size_t i = 0; i < told_.size(); ++i) {
      const auto again = reason_json(++report_.decisions, now, decisions.reasons[i]);
      if (again != told_[i].text) differs(told_[i].line, "was computed otherwise now: " + again);
      if (wanted_ == report_.decisions) {
        report_.decision = again;
        done_ = true;
      }
    }
  }

  struct Told {
    std::size_t line;
    std::string text;
  };
  std::string_view name_;
  std::optional<std::uint64_t> wanted_;
  LoggedTravelTimes travel_;
  std::unique_ptr<Dispatcher> dispatcher_;
  ReplayReport report_;
  std::vector<Told> told_;  // decisions since the last tick
  std::string block_;       // lines since the last seal
  std::string seal_;
  std::size_t line_ = 0;
  std::size_t lines_since_tick_ = 0;
  bool done_ = false;
};

}  // namespace

base::Result<ReplayReport> replay_decisions(std::string_view log, std::string_view name,
                                            std::optional<std::uint64_t> decision) {
  return Replay(name, decision).run(log);
}

}  // namespace reckon::dispatch
