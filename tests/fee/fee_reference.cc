#include "fee/fee_reference.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <map>
#include <stdexcept>

namespace reckon::test {
namespace {

using Json = rapidjson::Value;
using Int = boost::multiprecision::cpp_int;
using Exact = boost::multiprecision::cpp_rational;

const Json kNothing(rapidjson::kObjectType);

struct Refused {
  std::string where;
};

std::string text(const Json& node) {
  return {node.GetString(), node.GetStringLength()};
}
const Json* member(const Json& node, const char* key) {
  const auto found = node.FindMember(key);
  return found == node.MemberEnd() ? nullptr : &found->value;
}
std::string text_or(const Json& node, const char* key, const std::string& otherwise) {
  const Json* value = member(node, key);
  return value ? text(*value) : otherwise;
}
std::int64_t int_or(const Json& node, const char* key, std::int64_t otherwise) {
  const Json* value = member(node, key);
  return value ? value->GetInt64() : otherwise;
}

// --- rounding
// ------------------------------------------------------------------------------------------------

Int floor_of(const Exact& value) {
  Int quotient = numerator(value) / denominator(value);  // towards zero
  if (numerator(value) < 0 && quotient * denominator(value) != numerator(value)) --quotient;
  return quotient;
}

Exact rounded(const Exact& value, const Exact& unit, const std::string& mode) {
  const Exact scaled = value / unit;
  const Int below = floor_of(scaled);
  const Exact rest = scaled - Exact(below), half(1, 2);
  bool up = rest > half;
  if (mode == "down") up = false;
  if (mode == "up") up = rest > 0;
  if (rest == half) {
    if (mode == "half_up") up = true;
    if (mode == "half_down") up = false;
    if (mode == "half_even") up = (below % 2) != 0;
  }
  return Exact(below + (up ? 1 : 0)) * unit;
}

Exact rounded(const Exact& value, const Json& rule) {
  if (rule.IsString()) return rounded(value, 1, text(rule));
  return rounded(value, rule["unit"].GetInt64(), text(rule["mode"]));
}

// --- time
// ----------------------------------------------------------------------------------------------------

std::int64_t seconds_of(const std::string& time) {
  std::tm parts{};
  char sign = 0;
  int offset_h = 0, offset_m = 0;
  if (std::sscanf(time.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c%2d:%2d", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &sign, &offset_h,
                  &offset_m) < 7)
    throw std::runtime_error("time " + time);
  parts.tm_year -= 1900;
  --parts.tm_mon;
  const std::int64_t offset = (offset_h * 60 + offset_m) * 60;
  return timegm(&parts) - (sign == '-' ? -offset : offset);
}

std::tm utc(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return parts;
}

// The n-th Sunday of a month, as seconds at its 00:00 in UTC.
std::int64_t sunday_of(int year, int month, int nth) {
  std::tm first{};
  first.tm_year = year - 1900;
  first.tm_mon = month - 1;
  first.tm_mday = 1;
  const std::int64_t start = timegm(&first);
  const int weekday = utc(start).tm_wday;
  return start + ((7 - weekday) % 7 + 7 * (nth - 1)) * std::int64_t{86'400};
}

std::int64_t offset_of(const std::string& zone, std::int64_t at) {
  if (zone == "Asia/Seoul" || zone == "Asia/Tokyo") return 9 * 3600;
  if (zone == "Asia/Kuwait") return 3 * 3600;
  if (zone == "Asia/Kathmandu") return 5 * 3600 + 45 * 60;
  if (zone ==
      "America/New_York") {  // the rule of 2007: second Sunday of March to first of November, at 02:00
    const int year = utc(at).tm_year + 1900;
    const bool summer = at >= sunday_of(year, 3, 2) + 7 * 3600 && at < sunday_of(year, 11, 1) + 6 * 3600;
    return summer ? -4 * 3600 : -5 * 3600;
  }
  if (zone == "UTC") return 0;
  throw std::runtime_error("zone " + zone);
}

std::string date_of(std::int64_t local_seconds) {
  const std::tm parts = utc(local_seconds);
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday);
  return buffer;
}

int minutes_of(const Json& clock) {
  int hours = 0, minutes = 0;
  std::sscanf(clock.GetString(), "%d:%d", &hours, &minutes);
  return hours * 60 + minutes;
}

// --- zones
// ---------------------------------------------------------------------------------------------------

__extension__ using Wide = __int128;
struct Point {
  std::int64_t x, y;
};

Point position(const Json& node) {
  return {std::llround(node[0].GetDouble() * 1e7), std::llround(node[1].GetDouble() * 1e7)};
}

// 1 inside, 0 on a side, -1 outside: by the winding number of the closed ring.
int ring_side(const Json& ring, Point p) {
  int winding = 0;
  for (rapidjson::SizeType i = 0; i + 1 < ring.Size(); ++i) {
    const Point a = position(ring[i]), b = position(ring[i + 1]);
    const Wide cross = Wide{b.x - a.x} * (p.y - a.y) - Wide{b.y - a.y} * (p.x - a.x);
    if (cross == 0 && p.x >= std::min(a.x, b.x) && p.x <= std::max(a.x, b.x) && p.y >= std::min(a.y, b.y) &&
        p.y <= std::max(a.y, b.y))
      return 0;
    if (a.y <= p.y && b.y > p.y && cross > 0) ++winding;
    if (a.y > p.y && b.y <= p.y && cross < 0) --winding;
  }
  return winding != 0 ? 1 : -1;
}

int polygon_side(const Json& rings, Point p) {
  const int outer = ring_side(rings[0], p);
  if (outer <= 0) return outer;
  for (rapidjson::SizeType i = 1; i < rings.Size(); ++i) {
    const int hole = ring_side(rings[i], p);
    if (hole == 0) return 0;
    if (hole > 0) return -1;
  }
  return 1;
}

bool zone_holds(const Json& feature, Point p) {
  const bool edges = text_or(feature["properties"], "boundary", "inside") == "inside";
  const Json& coordinates = feature["geometry"]["coordinates"];
  if (text(feature["geometry"]["type"]) == "Polygon") {
    const int side = polygon_side(coordinates, p);
    return side > 0 || (side == 0 && edges);
  }
  for (const auto& rings : coordinates.GetArray()) {
    const int side = polygon_side(rings, p);
    if (side > 0 || (side == 0 && edges)) return true;
  }
  return false;
}

// layer -> zone
using Where = std::map<std::string, std::string>;

Where zones_at(const Json& tariff, Point p) {
  std::map<std::string, std::pair<std::int64_t, std::string>> best;
  for (const auto& feature : tariff["zones"]["features"].GetArray()) {
    if (!zone_holds(feature, p)) continue;
    const Json& properties = feature["properties"];
    const auto layer = text_or(properties, "layer", "zone");
    const std::pair rank{-int_or(properties, "priority", 0), text(properties["zone"])};
    if (!best.contains(layer) || rank < best[layer]) best[layer] = rank;
  }
  Where where;
  for (const auto& [layer, rank] : best) where[layer] = rank.second;
  return where;
}

}  // namespace

struct ReferenceTariff::State {
  rapidjson::Document tariff;
  rapidjson::Document pay;  // the rider's pay as a tariff of its own; null where there is none
};

namespace {

// --- one delivery
// --------------------------------------------------------------------------------------------

class Pricing {
 public:
  Pricing(const Json& tariff, const Json& delivery)
      : tariff_(tariff),
        delivery_(delivery),
        context_(member(delivery, "context") ? delivery["context"] : kNothing) {}

  ReferenceFee run() {
    metres_ = int_or(delivery_, "distance_m", 0);
    if (metres_ < 0 || metres_ > 1'000'000) throw Refused{"distance"};
    find_time();
    if (const Json* needs = member(tariff_, "needs"))
      for (const char* measure : order_of_measures())
        for (const auto& need : needs->GetArray())
          if (text(need) == measure && !member(context_, measure))
            throw Refused{std::string("context/") + measure};
    find_zones();
    base();
    stage("distance");
    base_and_distance_ = total_;
    surcharges();
    stage("surcharges");
    promotions();
    const Exact least = int_or(tariff_, "minimum", 0);
    if (total_ < least) line("minimum", least - total_);
    if (const Json* most = member(tariff_, "maximum"); most && total_ > most->GetInt64())
      line("maximum", Exact(most->GetInt64()) - total_);
    stage("total");
    outcome();
    if (!tariff_["vat"].IsNull()) {
      const Exact vat =
          rounded(total_ * tariff_["vat"]["rate_ppm"].GetInt64() / 1'000'000, tariff_["vat"]["rounding"]);
      fee_.vat = whole(vat);
    }
    fee_.total = whole(total_);
    return fee_;
  }

 private:
  static std::vector<const char*> order_of_measures() {
    return {"rain_mm_h", "snow_cm", "temperature_c", "busy_level",      "floor", "weight_g",
            "volume_ml", "value",   "items",         "bundle_position", "stops"};
  }

  static std::int64_t whole(const Exact& value) {
    if (value < std::numeric_limits<std::int64_t>::min() || value > std::numeric_limits<std::int64_t>::max())
      throw Refused{"fee"};
    return static_cast<std::int64_t>(numerator(value));
  }

  void line(const std::string& rule, const Exact& amount) {
    total_ += amount;
    fee_.lines.emplace_back(rule, whole(amount));
    whole(total_);
  }

  void find_time() {
    std::int64_t at = seconds_of(text_or(context_, "at", text(tariff_["valid_from"])));
    const Json* basis = member(tariff_, "time_basis");
    if (const Json* times = member(context_, "times"); basis && times && times->MemberCount() > 0) {
      if (!member(*times, basis->GetString())) throw Refused{"context/times/" + text(*basis)};
      at = seconds_of(text((*times)[basis->GetString()]));
    }
    const Json* until = member(tariff_, "valid_until");
    if (at < seconds_of(text(tariff_["valid_from"])) || (until && at >= seconds_of(text(*until))))
      throw Refused{"at"};
    local_ = at + offset_of(text(tariff_["time_zone"]), at);
  }

  // Zones are looked up where a rule asks for them, or the table does.
  bool asks_for_zones(const Json& when) const {
    for (const char* key : {"pickup_zone", "dropoff_zone", "zones_differ"})
      if (member(when, key)) return true;
    if (const Json* any = member(when, "any_of"))
      for (const auto& child : any->GetArray())
        if (asks_for_zones(child)) return true;
    const Json* unless = member(when, "not");
    return unless && asks_for_zones(*unless);
  }

  void find_zones() {
    bool wanted = text(tariff_["distance"]["basis"]) == "zone";
    for (const char* list : {"surcharges", "promotions"})
      if (const Json* rules = member(tariff_, list))
        for (const auto& rule : rules->GetArray())
          if (const Json* when = member(rule, "when")) wanted = wanted || asks_for_zones(*when);
    if (!wanted) return;
    const Json* from = member(delivery_, "from");
    if (!from) throw Refused{"trip"};
    const auto point = [](const Json& place) {
      return Point{std::llround(place["lon"].GetDouble() * 1e7),
                   std::llround(place["lat"].GetDouble() * 1e7)};
    };
    pickup_ = zones_at(tariff_, point(*from));
    dropoff_ = zones_at(tariff_, point(delivery_["to"]));
  }

  // The whole route's fee in one sum, cut by weights; what the cuts leave goes to one end.
  Exact part(const Exact& whole_fee, const Json& route, bool equal, bool last) const {
    const auto& direct = route["direct_m"];
    std::vector<Int> weights;
    Int all = 0;
    for (const auto& metres : direct.GetArray()) weights.emplace_back(equal ? 1 : metres.GetInt64());
    for (const auto& weight : weights) all += weight;
    if (all == 0) {
      for (auto& weight : weights) weight = 1;
      all = weights.size();
    }
    Exact given = 0;
    std::vector<Exact> parts;
    for (const auto& weight : weights) {
      parts.push_back(Exact(floor_of(whole_fee * Exact(weight) / Exact(all))));
      given += parts.back();
    }
    parts[last ? parts.size() - 1 : 0] += whole_fee - given;
    return parts[static_cast<std::size_t>(route["order"].GetInt64() - 1)];
  }

  void route_base(const Json& route) {
    const Json* pricing = member(tariff_, "route");
    if (!pricing) throw Refused{"context/route"};
    const bool last = text((*pricing)["remainder_to"]) == "last";
    const Exact pickup = (*pricing)["pickup"].GetInt64();
    const Exact further =
        rounded(pickup * (*pricing)["further_pickup_ppm"].GetInt64() / 1'000'000, (*pricing)["rounding"]);
    line("route/pickup", part(pickup + further * (route["pickups"].GetInt64() - 1), route, true, last));
    line("route/drop", (*pricing)["drop"].GetInt64());
    const std::int64_t stops = int_or(context_, "stops", 1);
    if (stops > 1) line("route/extra_stop", Exact((*pricing)["extra_stop"].GetInt64()) * (stops - 1));
    base_ = total_;
    Exact legs = 0;
    for (const auto& [rule, amount] : steps_of((*pricing)["legs"], route["total_m"].GetInt64()))
      legs += amount;
    line("route/legs", part(legs, route, text((*pricing)["share"]) == "equal", last));
  }

  void outcome() {
    const Json* outcome = member(context_, "outcome");
    if (!outcome) return;
    const bool cancelled = member(*outcome, "cancelled") != nullptr;
    const std::string key = cancelled ? "cancellation" : "returns";
    const std::string state = text((*outcome)[cancelled ? "cancelled" : "returned"]);
    const Json* fees = member(tariff_, key.c_str());
    if (fees) {
      for (const auto& fee : fees->GetArray()) {
        if (text(fee["state"]) != state) continue;
        const Exact due = member(fee, "amount")
                              ? Exact(fee["amount"].GetInt64())
                              : rounded(total_ * fee["rate_ppm"].GetInt64() / 1'000'000, fee["rounding"]);
        return line(key + "/" + state, cancelled ? due - total_ : due);
      }
    }
    throw Refused{"context/outcome"};
  }

  void base() {
    if (const Json* route = member(context_, "route")) return route_base(*route);
    if (const Json* table = member(tariff_["distance"], "table")) {
      const auto layer = text(tariff_["distance"]["layer"]);
      const auto from = pickup_.contains(layer) ? pickup_[layer] : "",
                 to = dropoff_.contains(layer) ? dropoff_[layer] : "";
      const Json* found = nullptr;
      rapidjson::SizeType index = 0;
      for (rapidjson::SizeType i = 0; i < table->Size(); ++i) {
        const Json& entry = (*table)[i];
        const Json* both = member(entry, "both_ways");
        const bool there = text(entry["from"]) == from && text(entry["to"]) == to;
        const bool back = both && both->GetBool() && text(entry["from"]) == to && text(entry["to"]) == from;
        if (!there && !back) continue;
        found = &entry;
        index = i;
      }
      if (!found || from.empty() || to.empty()) throw Refused{"trip"};
      if (const Json* price = member(*found, "price")) {
        base_ = price->GetInt64();
        return line("table/" + std::to_string(index), base_);
      }
      metres_ = (*found)["distance_m"].GetInt64();
    }
    base_ = tariff_["base"]["price"].GetInt64();
    line("base", base_);
    const Json* steps = member(tariff_, "steps");
    if (!steps) return;
    for (const auto& [rule, amount] : steps_of(*steps, metres_)) line(rule, amount);
  }

  static std::vector<std::pair<std::string, Exact>> steps_of(const Json& steps, std::int64_t metres) {
    std::vector<std::pair<std::string, Exact>> lines;
    for (rapidjson::SizeType i = 0; i < steps.Size(); ++i) {
      const Json& step = steps[i];
      const std::int64_t beyond = step["beyond_m"].GetInt64();
      const std::int64_t end = i + 1 < steps.Size() ? steps[i + 1]["beyond_m"].GetInt64() : metres;
      const std::int64_t past = std::min(end, metres) - beyond;
      if (past <= 0) continue;
      const Exact lengths = Exact(past, step["length_m"].GetInt64());
      const Exact price = step["price"].GetInt64();
      if (text_or(step, "charge", "started") == "started") {
        lines.emplace_back("steps/" + std::to_string(i), rounded(lengths, 1, "up") * price);
      } else {
        lines.emplace_back("steps/" + std::to_string(i), rounded(lengths * price, step["rounding"]));
      }
    }
    return lines;
  }

  void stage(const std::string& name) {
    const Json* roundings = member(tariff_, "rounding");
    if (!roundings) return;
    const auto one = [&](const Json& rule) {
      if (text_or(rule, "stage", "total") != name) return;
      const Exact after = rounded(total_, rule);
      whole(after);
      if (after != total_) line(name == "total" ? "rounding" : "rounding/" + name, after - total_);
    };
    if (roundings->IsArray()) {
      for (const auto& rule : roundings->GetArray()) one(rule);
    } else {
      one(*roundings);
    }
  }

  // --- conditions ----

  static bool has_text(const Json& list, const std::string& value) {
    return !value.empty() &&
           std::any_of(list.Begin(), list.End(), [&](const Json& item) { return text(item) == value; });
  }

  bool lists_share(const Json& asked, const char* key) const {
    const Json* given = member(context_, key);
    return given && std::any_of(given->Begin(), given->End(),
                                [&](const Json& item) { return has_text(asked, text(item)); });
  }

  std::optional<Exact> reading(const std::string& measure) const {
    if (measure == "distance_m") return Exact(metres_);
    const Json* value = member(context_, measure.c_str());
    if (!value) return std::nullopt;
    return Exact(std::llround(value->GetDouble() * 1000), 1000);
  }

  static Exact bound(const Json& value) { return Exact(std::llround(value.GetDouble() * 1000), 1000); }

  bool in_range(const Json& range, const std::string& measure) const {
    const auto value = reading(measure);
    if (!value) return false;
    for (const auto& limit : range.GetObject()) {
      const std::string kind = text(limit.name);
      const Exact is = bound(limit.value);
      if (kind == "at_least" && *value < is) return false;
      if (kind == "over" && *value <= is) return false;
      if (kind == "at_most" && *value > is) return false;
      if (kind == "below" && *value >= is) return false;
    }
    return true;
  }

  // Weekdays, dates and holidays of a day that began at `midnight` (local seconds).
  bool day_holds(const Json& when, std::int64_t midnight) const {
    static const char* kDays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                  "thursday", "friday", "saturday"};
    const std::string date = date_of(midnight);
    if (const Json* days = member(when, "weekdays"); days && !has_text(*days, kDays[utc(midnight).tm_wday]))
      return false;
    if (const Json* dates = member(when, "dates")) {
      bool within = false;
      for (const auto& range : dates->GetArray())
        within = within || (date >= text(range["from"]) && date <= text(range["to"]));
      if (!within) return false;
    }
    const Json* kinds = member(when, "holiday");
    if (!kinds || has_text(*kinds, text_or(context_, "holiday", ""))) return true;
    if (const Json* calendar = member(tariff_, "holidays"))
      for (const auto& day : calendar->GetArray())
        if (text(day["date"]) == date && has_text(*kinds, text(day["holiday"]))) return true;
    return false;
  }

  bool clock_holds(const Json& when) const {
    const std::int64_t midnight = local_ - ((local_ % 86'400) + 86'400) % 86'400;
    const Json* windows = member(when, "time");
    if (!windows) return day_holds(when, midnight);
    // Each window as it began yesterday or today, in seconds since that day's midnight.
    for (const auto& window : windows->GetArray()) {
      for (const std::int64_t back : {0, 1}) {
        const std::int64_t began = midnight - back * 86'400;
        std::int64_t from = minutes_of(window["from"]) * 60, to = minutes_of(window["to"]) * 60;
        if (to <= from) to += 86'400;
        if (local_ - began >= from && local_ - began < to && day_holds(when, began)) return true;
      }
    }
    return false;
  }

  bool zone_listed(const Json& zones, const Where& where) const {
    return std::any_of(where.begin(), where.end(),
                       [&](const auto& one) { return has_text(zones, one.second); });
  }

  bool building_holds(const Json& when) const {
    const auto building = text_or(context_, "building", "");
    const Json* direct = member(when, "building");
    const Json* lists = member(when, "building_list");
    if (!direct && !lists) return true;
    if (direct && has_text(*direct, building)) return true;
    if (lists)
      for (const auto& list : tariff_["building_lists"].GetArray())
        if (has_text(*lists, text(list["list"])) && has_text(list["buildings"], building)) return true;
    return false;
  }

  bool holds(const Json& when) const {
    if (!clock_holds(when) || !building_holds(when)) return false;
    for (const auto& part : when.GetObject()) {
      const std::string key = text(part.name);
      const Json& asked = part.value;
      if (key == "weather" && !lists_share(asked, "weather")) return false;
      if (key == "area" && !lists_share(asked, "areas")) return false;
      if (key == "flags" && !lists_share(asked, "flags")) return false;
      if (key == "complex" && !has_text(asked, text_or(context_, "complex", ""))) return false;
      if (key == "channel" && !has_text(asked, text_or(context_, "channel", ""))) return false;
      if (key == "bundle") {
        const Json* is = member(context_, "bundle");
        if (asked.GetBool() != (is && is->GetBool())) return false;
      }
      if (key == "pickup_zone" && !zone_listed(asked, pickup_)) return false;
      if (key == "dropoff_zone" && !zone_listed(asked, dropoff_)) return false;
      if (key == "zones_differ") {
        const auto in = [&](const Where& where) {
          return where.contains(text(asked)) ? where.at(text(asked)) : std::string();
        };
        if (in(pickup_) == in(dropoff_)) return false;
      }
      if (asked.IsObject() && key != "not" && !in_range(asked, key)) return false;
      if (key == "not" && holds(asked)) return false;
      if (key == "any_of" &&
          std::none_of(asked.Begin(), asked.End(), [&](const Json& child) { return holds(child); }))
        return false;
    }
    return true;
  }

  // --- rules ----

  struct Applied {
    const Json* rule;
    Exact amount;
  };

  bool applies(const Json& rule) const {
    const Json* may = member(rule, "may_opt_out");
    const Json* outs = member(context_, "opt_outs");
    if (may && may->GetBool() && outs && has_text(*outs, text(rule["rule"]))) return false;
    const Json* when = member(rule, "when");
    return !when || holds(*when);
  }

  std::optional<Exact> amount_of(const Json& rule, const Exact& running) const {
    const std::string kind = text(rule["kind"]);
    if (kind == "NONE") return Exact(0);
    Exact amount;
    if (kind == "RATE") {
      const std::string on = text_or(rule, "on", "base_and_distance");
      const Exact stands_on = on == "base" ? base_ : on == "base_and_distance" ? base_and_distance_ : running;
      amount = rounded(stands_on * rule["rate_ppm"].GetInt64() / 1'000'000, rule["rounding"]);
      whole(amount);
    } else {
      amount = rule["amount"].GetInt64();
      if (const Json* per = member(rule, "per")) {
        const auto value = reading(text((*per)["measure"]));
        const Exact beyond = bound((*per)["beyond"]);
        if (!value || *value <= beyond) return std::nullopt;
        amount *= rounded((*value - beyond) / bound((*per)["each"]), 1, "up");
      }
    }
    if (const Json* most = member(rule, "maximum"); most && amount > most->GetInt64())
      amount = most->GetInt64();
    return amount;
  }

  const Json* group_of(const Json& rule) const {
    const Json* name = member(rule, "group");
    if (!name) return nullptr;
    for (const auto& group : tariff_["groups"].GetArray())
      if (text(group["group"]) == text(*name)) return &group;
    return nullptr;
  }

  // A rule is charged when no other one that applies in its exclusive group goes before it.
  bool goes_before(const Applied& a, const Applied& b, const std::string& pick) const {
    if (pick == "priority") {
      const auto pa = int_or(*a.rule, "priority", 0), pb = int_or(*b.rule, "priority", 0);
      if (pa != pb) return pa > pb;
    }
    if (a.amount != b.amount) return pick == "lowest" ? a.amount < b.amount : a.amount > b.amount;
    return text((*a.rule)["rule"]) < text((*b.rule)["rule"]);
  }

  bool charged(const Applied& one, const std::vector<Applied>& all) const {
    const Json* group = group_of(*one.rule);
    if (!group || text((*group)["pick"]) == "all") return true;
    return std::none_of(all.begin(), all.end(), [&](const Applied& other) {
      return &other != &one && group_of(*other.rule) == group &&
             goes_before(other, one, text((*group)["pick"]));
    });
  }

  void rules(const std::vector<const Json*>& list, const Exact& running, int sign) {
    std::vector<Applied> all;
    for (const Json* rule : list)
      if (applies(*rule))
        if (const auto amount = amount_of(*rule, running)) all.push_back({rule, *amount});
    std::map<std::string, Exact> sums;
    for (const Applied& one : all) {
      if (!charged(one, all)) continue;
      line(text((*one.rule)["rule"]), one.amount * sign);
      if (const Json* group = group_of(*one.rule)) sums[text((*group)["group"])] += one.amount;
    }
    if (const Json* groups = member(tariff_, "groups"))
      for (const auto& group : groups->GetArray())
        if (const Json* most = member(group, "maximum");
            most && sums[text(group["group"])] > most->GetInt64())
          line("groups/" + text(group["group"]),
               (Exact(most->GetInt64()) - sums[text(group["group"])]) * sign);
  }

  std::vector<const Json*> list_of(const char* key, const std::string& compounding) const {
    std::vector<const Json*> list;
    if (const Json* all = member(tariff_, key))
      for (const auto& rule : all->GetArray()) {
        const bool on_all = text_or(rule, "on", "") == "with_surcharges";
        if (compounding.empty() || (compounding == "yes") == on_all) list.push_back(&rule);
      }
    return list;
  }

  void surcharges() {
    rules(list_of("surcharges", "no"), 0, 1);
    rules(list_of("surcharges", "yes"), Exact(total_), 1);
    if (const Json* most = member(tariff_, "surcharge_maximum");
        most && total_ - base_and_distance_ > most->GetInt64())
      line("surcharges/maximum", Exact(most->GetInt64()) - (total_ - base_and_distance_));
  }

  void promotions() {
    const Exact before = total_;
    rules(list_of("promotions", ""), before, -1);
    if (const Json* most = member(tariff_, "promotion_maximum"); most && before - total_ > most->GetInt64())
      line("promotions/maximum", before - total_ - most->GetInt64());
  }

  const Json& tariff_;
  const Json& delivery_;
  const Json& context_;
  std::int64_t metres_ = 0, local_ = 0;
  Where pickup_, dropoff_;
  Exact total_ = 0, base_ = 0, base_and_distance_ = 0;
  ReferenceFee fee_;
};

}  // namespace

ReferenceTariff::ReferenceTariff(const std::string& json) : state_(new State) {
  state_->tariff.Parse<rapidjson::kParseFullPrecisionFlag>(json.c_str());
  if (state_->tariff.HasParseError()) throw std::runtime_error("the reference cannot parse " + json);
  const Json* own = member(state_->tariff, "rider_pay");
  if (!own) return;
  auto& pay = state_->pay;
  pay.CopyFrom(state_->tariff, pay.GetAllocator());
  for (const char* key :
       {"base", "steps", "surcharges", "promotions", "groups", "surcharge_maximum", "promotion_maximum",
        "minimum", "maximum", "rounding", "vat", "route", "cancellation", "returns", "rider_pay", "needs"})
    pay.RemoveMember(key);
  for (const auto& part : own->GetObject())
    pay.AddMember(Json(part.name, pay.GetAllocator()), Json(part.value, pay.GetAllocator()),
                  pay.GetAllocator());
  if (!member(pay, "vat")) pay.AddMember("vat", Json(), pay.GetAllocator());
}

ReferenceTariff::~ReferenceTariff() {
  delete state_;
}

ReferenceFee ReferenceTariff::price(const std::string& delivery) const {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseFullPrecisionFlag>(delivery.c_str());
  if (document.HasParseError()) throw std::runtime_error("the reference cannot parse " + delivery);
  try {
    auto fee = Pricing(state_->tariff, document).run();
    if (!state_->pay.IsNull()) fee.rider_pay = Pricing(state_->pay, document).run().total;
    return fee;
  } catch (const Refused& refused) {
    return {refused.where, 0, {}, {}, {}};
  }
}

}  // namespace reckon::test
