#include "fee/random_tariff_fixture.h"

#include <fmt/format.h>

namespace reckon::test {
namespace {

const std::vector<std::string> kMeasures = {"rain_mm_h", "snow_cm",         "temperature_c", "busy_level",
                                            "floor",     "weight_g",        "volume_ml",     "value",
                                            "items",     "bundle_position", "stops",         "distance_m"};
const std::vector<std::string> kWeather = {"rain", "snow", "heat", "cold"};
const std::vector<std::string> kHolidays = {"public", "major"};
const std::vector<std::string> kNames = {"a", "b", "c"};
const std::vector<std::string> kZoneNames = {"z0", "z1", "z2", "z3", "z4"};
const std::vector<std::string> kDays = {"sunday",   "monday", "tuesday", "wednesday",
                                        "thursday", "friday", "saturday"};
const std::vector<std::string> kModes = {"down", "up", "half_up", "half_down", "half_even"};
const std::vector<std::string> kTypes = {"WEATHER", "AREA",      "OVERLOAD",   "HOLIDAY",
                                         "TIME",    "BUSY",      "LATE_NIGHT", "VALUABLE",
                                         "ADMIN",   "ALCOHOLIC", "PROMOTION",  "ETC"};
const std::vector<std::string> kBases = {"accepted", "pickup_expected", "picked_up", "delivered"};

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

// A corner on a grid of 0.001 degree (halves of it for places): longitude, then latitude.
std::string corner(std::int64_t x, std::int64_t y) {
  return fmt::format("[{}.{:03},{}.{:03}]", 127, x, 37, y);
}

}  // namespace

std::int64_t RandomTariffs::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
}

std::string RandomTariffs::pick(const std::vector<std::string>& values) {
  return values[static_cast<std::size_t>(between(0, static_cast<std::int64_t>(values.size()) - 1))];
}

std::string RandomTariffs::list(const std::vector<std::string>& values) {
  std::string out = quoted(pick(values));
  for (std::size_t many = 1; many < values.size() && one_in(3); ++many) out += "," + quoted(pick(values));
  return "[" + out + "]";
}

std::string RandomTariffs::day(int from_year, int to_year) {
  return fmt::format("{}-{:02}-{:02}", between(from_year, to_year), between(1, 12), between(1, 28));
}

std::string RandomTariffs::instant() {
  static const std::vector<std::string> kOffsets = {"Z", "+09:00", "-05:00", "+05:45"};
  return fmt::format("\"{}T{:02}:{:02}:{:02}{}\"", day(2025, 2026), between(0, 23),
                     between(0, 1) * 30 + between(0, 29), between(0, 59), pick(kOffsets));
}

std::string RandomTariffs::clock(bool with_end) {
  const auto minutes = one_in(6) && with_end ? 24 * 60 : between(0, 47) * 30;
  return fmt::format("\"{:02}:{:02}\"", minutes / 60, minutes % 60);
}

std::string RandomTariffs::rounding() {
  if (one_in(2)) return quoted(pick(kModes));
  return fmt::format(R"({{"unit":{},"mode":"{}"}})", between(1, 100), pick(kModes));
}

std::string RandomTariffs::reading(const std::string& measure) {
  if (measure == "rain_mm_h" || measure == "snow_cm")
    return fmt::format("{}.{:03}", between(0, 5), between(0, 7) * 125);
  if (measure == "temperature_c") return fmt::format("{}.{}", between(-9, 35), between(0, 1) * 5);
  if (measure == "floor") return std::to_string(between(-2, 8));
  if (measure == "weight_g" || measure == "volume_ml" || measure == "value")
    return std::to_string(between(0, 20) * 500);
  if (measure == "distance_m") return std::to_string(between(0, 30) * 100);
  return std::to_string(between(1, 5));
}

std::string RandomTariffs::range(const std::string& measure) {
  static const std::vector<std::string> kLow = {"at_least", "over"}, kHigh = {"at_most", "below"};
  // Bounds one by one can always hold; two are drawn until they can.
  if (measure == "bundle_position" || measure == "stops")
    return fmt::format(R"({{"at_least":{}}})", between(1, 4));
  if (one_in(3))
    return fmt::format(R"({{"{}":{},"{}":{}}})", pick(kLow), between(0, 2), pick(kHigh), between(4, 9));
  if (one_in(2)) return fmt::format(R"({{"{}":{}}})", pick(kLow), reading(measure));
  const auto high = reading(measure);
  return fmt::format(R"({{"{}":{}}})", pick({"at_most"}), high);
}

std::string RandomTariffs::condition(const Shape& shape, int depth) {
  std::vector<std::string> parts;
  const auto part = [&](const std::string& key, const std::string& value) {
    parts.push_back(quoted(key) + ":" + value);
  };
  if (one_in(8)) part("weather", list(kWeather));
  if (one_in(8)) part("holiday", list(kHolidays));
  if (one_in(10)) part("area", list(kNames));
  if (one_in(10)) part("complex", list(kNames));
  if (one_in(10)) part("bundle", one_in(2) ? "true" : "false");
  if (one_in(6)) {
    std::string windows;
    do {
      const auto from = clock(true);
      auto to = clock(true);
      while (to == from || (from == "\"24:00\"" && to == "\"00:00\"")) to = clock(false);
      windows += fmt::format(R"({}{{"from":{},"to":{}}})", windows.empty() ? "" : ",", from, to);
    } while (one_in(4));
    part("time", "[" + windows + "]");
  }
  if (one_in(7)) part("weekdays", list(kDays));
  if (one_in(10)) {
    const auto from = day(2025, 2026);
    auto to = day(2025, 2026);
    while (to < from) to = day(2025, 2026);
    part("dates", fmt::format(R"([{{"from":"{}","to":"{}"}}])", from, to));
  }
  if (one_in(10)) part("flags", list(kNames));
  if (one_in(10)) part("channel", list(kNames));
  if (one_in(12)) part("building", list(kNames));
  if (shape.lists && one_in(8)) part("building_list", list({"l0", "l1"}));
  if (shape.zones && one_in(6)) part("pickup_zone", list(kZoneNames));
  if (shape.zones && one_in(4)) part("dropoff_zone", list(kZoneNames));
  if (shape.zones && one_in(8)) part("zones_differ", quoted(pick({"zone", "far"})));
  for (const auto& measure : kMeasures)
    if (one_in(20)) part(measure, range(measure));
  if (depth < 2 && one_in(8)) {
    std::string children = condition(shape, depth + 1);
    while (one_in(2)) children += "," + condition(shape, depth + 1);
    part("any_of", "[" + children + "]");
  }
  if (depth < 2 && one_in(8)) part("not", condition(shape, depth + 1));
  if (depth > 0 && parts.empty()) part("weather", list(kWeather));
  return fmt::format("{{{}}}", fmt::join(parts, ","));
}

std::string RandomTariffs::rule(const Shape& shape, int index, bool promotion) {
  std::string out = fmt::format(R"({{"rule":"{}{}","text":"t")", promotion ? "p" : "s", index);
  if (!promotion) out += fmt::format(R"(,"type":"{}")", pick(kTypes));
  const auto kind = between(0, promotion ? 1 : 4);
  bool compounds = false;
  if (kind == 0 || kind == 3) {
    out += fmt::format(R"(,"kind":"FIXED","amount":{})", between(promotion ? 0 : -5, 20) * 50);
    if (one_in(4)) {
      const auto measure = pick(kMeasures);
      const bool decimals = measure == "rain_mm_h" || measure == "snow_cm" || measure == "temperature_c";
      const auto beyond = measure == "bundle_position" || measure == "stops" ? "1" : reading(measure);
      out += fmt::format(R"(,"per":{{"measure":"{}","beyond":{},"each":{}}})", measure, beyond,
                         decimals ? "0.5" : "3");
      if (one_in(2)) out += fmt::format(R"(,"maximum":{})", between(0, 30) * 100);
    }
  } else if (kind == 1 || kind == 4) {
    const auto ppm = promotion    ? between(0, 1'000'000)
                     : one_in(10) ? between(-200'000, 0)
                                  : between(0, 400'000);
    out += fmt::format(R"(,"kind":"RATE","rate_ppm":{},"rounding":{})", ppm, rounding());
    compounds = one_in(4);
    if (compounds) {
      out += R"(,"on":"with_surcharges")";
    } else if (one_in(3)) {
      out += R"(,"on":"base")";
    }
    if (one_in(4)) out += fmt::format(R"(,"maximum":{})", between(0, 20) * 100);
  } else {
    out += R"(,"kind":"NONE")";
  }
  const auto& groups = promotion ? shape.promotion_groups : shape.groups;
  if (!groups.empty() && one_in(2) && (promotion || !compounds)) {
    const auto group = pick(groups);
    out += fmt::format(R"(,"group":"{}")", group);
    if (shape.by_priority[group[1] - '0'] && one_in(2))
      out += fmt::format(R"(,"priority":{})", between(-1, 2));
  }
  if (one_in(8)) out += R"(,"may_opt_out":true)";
  if (!one_in(3)) out += R"(,"when":)" + condition(shape, 0);
  return out + "}";
}

std::string RandomTariffs::rules(const Shape& shape, bool promotion) {
  const auto many = between(0, promotion ? 3 : 9);
  std::string out;
  for (int i = 0; i < many; ++i) out += (i == 0 ? "" : ",") + rule(shape, i, promotion);
  return "[" + out + "]";
}

// Triangle, rectangle, rectangle with a hole, an L, or two apart; on the grid from 0 to 20.
std::string RandomTariffs::zone(int index, const std::string& layer) {
  const auto x = between(0, 14), y = between(0, 14), w = between(3, 6), h = between(3, 6);
  const auto box = [](std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
    return fmt::format("[{},{},{},{},{}]", corner(x0, y0), corner(x1, y0), corner(x1, y1), corner(x0, y1),
                       corner(x0, y0));
  };
  std::string geometry;
  switch (between(0, 4)) {
    case 0:
      geometry = fmt::format(R"({{"type":"Polygon","coordinates":[[{},{},{},{}]]}})", corner(x, y),
                             corner(x + w, y + 1), corner(x + 1, y + h), corner(x, y));
      break;
    case 1:
      geometry = fmt::format(R"({{"type":"Polygon","coordinates":[{},{}]}})", box(x, y, x + w, y + h),
                             box(x + 1, y + 1, x + w - 1, y + h - 1));
      break;
    case 2:
      geometry = fmt::format(R"({{"type":"Polygon","coordinates":[[{},{},{},{},{},{},{}]]}})", corner(x, y),
                             corner(x + w, y), corner(x + w, y + 1), corner(x + 1, y + 1),
                             corner(x + 1, y + h), corner(x, y + h), corner(x, y));
      break;
    case 3:
      geometry = fmt::format(R"({{"type":"MultiPolygon","coordinates":[[{}],[{}]]}})",
                             box(x, y, x + 1, y + h), box(x + 2, y, x + w, y + h));
      break;
    default:
      geometry = fmt::format(R"({{"type":"Polygon","coordinates":[{}]}})", box(x, y, x + w, y + h));
  }
  std::string properties = fmt::format(R"("zone":"z{}")", index);
  if (layer != "zone" || one_in(2)) properties += fmt::format(R"(,"layer":"{}")", layer);
  if (one_in(2)) properties += fmt::format(R"(,"priority":{})", between(-1, 2));
  if (one_in(2)) properties += fmt::format(R"(,"boundary":"{}")", one_in(2) ? "inside" : "outside");
  return fmt::format(R"({{"type":"Feature","properties":{{{}}},"geometry":{}}})", properties, geometry);
}

std::string RandomTariffs::steps(std::int64_t beyond) {
  std::string out;
  const auto many = between(0, 3);
  for (int i = 0; i < many; ++i) {
    beyond += between(i == 0 ? 0 : 1, 800);
    out += fmt::format(R"({}{{"beyond_m":{},"length_m":{},"price":{})", i == 0 ? "" : ",", beyond,
                       between(1, 700), between(0, 10) * 50 + between(0, 1) * 7);
    if (one_in(3)) {
      out += fmt::format(R"(,"charge":"pro_rata","rounding":{})", rounding());
    } else if (one_in(4)) {
      out += R"(,"charge":"started")";
    }
    out += "}";
  }
  return "[" + out + "]";
}

std::string RandomTariffs::route() {
  return fmt::format(
      R"({{"pickup":{},"further_pickup_ppm":{},"rounding":{},"drop":{},"extra_stop":{},"legs":{},)"
      R"("share":"{}","remainder_to":"{}"}})",
      between(0, 30) * 50 + 1, between(0, 20) * 50'000, rounding(), between(0, 20) * 50, between(0, 9) * 100,
      steps(0), pick({"direct_m", "equal"}), pick({"first", "last"}));
}

// One or two states of `cancellation` or `returns`.
std::string RandomTariffs::outcomes(const char* key) {
  const auto fee = [this] {
    return one_in(2) ? fmt::format(R"("kind":"FIXED","amount":{})", between(0, 30) * 100)
                     : fmt::format(R"("kind":"RATE","rate_ppm":{},"rounding":{})", between(0, 30) * 50'000,
                                   rounding());
  };
  std::string out = fmt::format(R"("{}":[{{"state":"assigned","text":"t",{}}})", key, fee());
  return out + fmt::format(R"(,{{"state":"delivered","text":"t",{}}}])", fee());
}

// Pay with rules of its own; it says all that the tariff says of routes and outcomes.
std::string RandomTariffs::rider_pay(Shape shape, bool has_route, const std::string& ways) {
  shape.groups.clear();
  shape.promotion_groups.clear();
  const auto up_to = between(0, 10) * 100;
  std::string out = fmt::format(R"({{"base":{{"price":{},"up_to_m":{}}},"steps":{},"surcharges":{})",
                                between(0, 60) * 50, up_to, steps(up_to), rules(shape, false));
  if (has_route) out += ",\"route\":" + route();
  if (one_in(4)) out += fmt::format(R"(,"minimum":{})", between(0, 30) * 100);
  return out + ways + "}";
}

std::string RandomTariffs::distance(const Shape& shape) {
  if (!shape.table) return fmt::format(R"({{"basis":"{}"}})", pick({"road", "straight", "provider"}));
  std::string entries;
  // z0, z1, z2 are the zones of the layer `zone`; each way once.
  const std::vector<std::string> ways = {R"("from":"z0","to":"z0")",
                                         R"("from":"z0","to":"z1","both_ways":true)",
                                         R"("from":"z1","to":"z1","both_ways":true)",
                                         R"("from":"z1","to":"z2")",
                                         R"("from":"z2","to":"z1")",
                                         R"("from":"z2","to":"z2")"};
  for (const auto& way : ways) {
    if (!entries.empty() && one_in(4)) continue;
    entries += fmt::format(R"({}{{{},"{}":{}}})", entries.empty() ? "" : ",", way,
                           one_in(2) ? "price" : "distance_m", between(0, 40) * 100);
  }
  return fmt::format(R"({{"basis":"zone","layer":"zone","table":[{}]}})", entries);
}

std::string RandomTariffs::roundings() {
  std::string out;
  for (const char* stage : {"distance", "surcharges", "total"})
    if (one_in(3))
      out += fmt::format(R"({}{{"unit":{},"mode":"{}","stage":"{}"}})", out.empty() ? "" : ",",
                         between(1, 200), pick(kModes), stage);
  return "[" + out + "]";
}

std::string RandomTariffs::tariff() {
  Shape shape{one_in(2), one_in(2), one_in(3), false, {}, {}, {}};
  shape.table = shape.zones && one_in(4);
  std::string groups;
  static const std::vector<std::string> kPicks = {"highest", "lowest", "priority", "all"};
  for (int i = 0; i < 4; ++i) {
    if (one_in(2)) continue;
    auto& names = i < 2 ? shape.groups : shape.promotion_groups;
    names.push_back(fmt::format("g{}", i));
    const auto how = pick(kPicks);
    shape.by_priority[i] = how == "priority";
    groups +=
        fmt::format(R"({}{{"group":"g{}","pick":"{}"{}}})", groups.empty() ? "" : ",", i, how,
                    how == "all" || one_in(2) ? fmt::format(R"(,"maximum":{})", between(0, 20) * 50) : "");
  }
  const auto up_to = between(0, 15) * 100;
  const bool huge = one_in(50);
  std::string out =
      fmt::format(R"({{"id":"r","version":1,"currency":"{}","time_zone":"{}")", pick({"KRW", "USD", "KWD"}),
                  pick({"Asia/Seoul", "UTC", "America/New_York", "Asia/Kathmandu"}));
  out += fmt::format(R"(,"valid_from":"2025-01-15T00:00:00Z","distance":{})", distance(shape));
  if (one_in(3)) out += R"(,"valid_until":"2026-11-01T00:00:00+09:00")";
  if (one_in(4)) out += fmt::format(R"(,"time_basis":"{}")", pick(kBases));
  out += fmt::format(
      R"(,"base":{{"price":{},"up_to_m":{}}},"steps":{})", between(0, 100) * 50 + between(0, 1) * 3, up_to,
      huge ? fmt::format(R"([{{"beyond_m":{},"length_m":1,"price":1000000000}}])", up_to) : steps(up_to));
  out += fmt::format(R"(,"surcharges":{},"promotions":{},"groups":[{}],"rounding":{})", rules(shape, false),
                     rules(shape, true), groups, roundings());
  if (huge) {  // beyond 64 bits when enough of them apply
    out.insert(out.find(R"("surcharges":[)") + 14,
               R"({"rule":"h1","type":"ETC","kind":"RATE","rate_ppm":10000000,
      "rounding":"up","text":"t"},{"rule":"h2","type":"ETC","kind":"RATE","rate_ppm":10000000,"on":"with_surcharges",
      "rounding":"up","text":"t"},{"rule":"h3","type":"ETC","kind":"FIXED","amount":1000000000,"text":"t",
      "per":{"measure":"weight_g","beyond":0,"each":1}},{"rule":"h4","type":"ETC","kind":"RATE","rate_ppm":9000000,
      "on":"with_surcharges","rounding":"up","text":"t"})" +
                   std::string(out.find(R"("surcharges":[])") == std::string::npos ? "," : ""));
  }
  if (one_in(4)) out += fmt::format(R"(,"surcharge_maximum":{})", between(0, 30) * 100);
  if (one_in(4)) out += fmt::format(R"(,"promotion_maximum":{})", between(0, 20) * 100);
  if (one_in(4)) out += fmt::format(R"(,"minimum":{})", between(0, 30) * 100);
  if (one_in(4)) out += fmt::format(R"(,"maximum":{})", between(30, 60) * 100);
  if (one_in(10)) out += R"(,"needs":["temperature_c","floor"])";
  out += one_in(3)
             ? R"(,"vat":null)"
             : fmt::format(R"(,"vat":{{"rate_ppm":{},"rounding":{}}})", between(0, 4) * 55'000, rounding());
  const bool has_route = !shape.table && one_in(2);
  if (has_route) out += ",\"route\":" + route();
  std::string ways;
  for (const char* key : {"cancellation", "returns"})
    if (one_in(2)) ways += "," + outcomes(key);
  out += ways;
  if (!shape.table && one_in(3)) out += ",\"rider_pay\":" + rider_pay(shape, has_route, ways);
  if (shape.zones) {
    out += R"(,"zones":{"type":"FeatureCollection","features":[)";
    for (int i = 0; i < 5; ++i) out += (i == 0 ? "" : ",") + zone(i, i < 3 ? "zone" : "far");
    out += "]}";
  }
  if (shape.holidays) {
    std::string days;
    for (int month = 1; month <= 12; ++month)
      for (int day = 1; day <= 28; day += 3)
        days += fmt::format(R"({}{{"date":"{}-{:02}-{:02}","holiday":"{}"}})", days.empty() ? "" : ",",
                            2025 + month % 2, month, day, pick(kHolidays));
    out += ",\"holidays\":[" + days + "]";
  }
  if (shape.lists)
    out += R"(,"building_lists":[{"list":"l0","buildings":["a","x"]},{"list":"l1","buildings":["b"]}])";
  return out + "}";
}

std::string RandomTariffs::delivery() {
  std::string context = "\"at\":" + instant();
  const auto part = [&](const std::string& key, const std::string& value) {
    context += ",\"" + key + "\":" + value;
  };
  if (one_in(3)) part("weather", list(kWeather));
  if (one_in(4)) part("holiday", quoted(pick(kHolidays)));
  if (one_in(3)) part("areas", list(kNames));
  if (one_in(3)) part("complex", quoted(pick(kNames)));
  if (one_in(3)) part("bundle", one_in(2) ? "true" : "false");
  if (one_in(3)) part("opt_outs", list({"s0", "s1", "s2", "p0", "p1"}));
  if (one_in(3)) part("flags", list(kNames));
  if (one_in(3)) part("building", quoted(pick({"a", "b", "c", "x"})));
  if (one_in(3)) part("channel", quoted(pick(kNames)));
  if (one_in(3)) {
    std::string times;
    for (const auto& basis : kBases)
      if (!one_in(6)) times += fmt::format(R"({}"{}":{})", times.empty() ? "" : ",", basis, instant());
    part("times", "{" + times + "}");
  }
  for (const auto& measure : kMeasures)
    if (measure != "distance_m" && one_in(2))
      part(measure, measure == "weight_g" && one_in(20) ? "1000000000" : reading(measure));
  if (one_in(4)) {
    const auto orders = between(1, 4);
    std::string direct;
    for (std::int64_t i = 0; i < orders; ++i)
      direct += fmt::format("{}{}", i == 0 ? "" : ",", between(0, 1) * between(0, 3000));
    part("route", fmt::format(R"({{"total_m":{},"direct_m":[{}],"pickups":{},"order":{}}})", between(0, 6000),
                              direct, between(1, orders), between(1, orders)));
  }
  if (one_in(6))
    part("outcome", fmt::format(R"({{"{}":"{}"}})", pick({"cancelled", "returned"}),
                                pick({"assigned", "delivered", "picked_up"})));
  const auto place = [&](const char* key) {
    return fmt::format(R"(,"{}":{{"lat":37.{:04},"lon":127.{:04}}})", key, between(0, 40) * 5,
                       between(0, 40) * 5);
  };
  const auto metres = one_in(100) ? between(0, 1'000'000)
                      : one_in(3) ? between(0, 40) * 100
                                  : between(0, 6000);
  std::string out = fmt::format(R"({{"distance_m":{},"context":{{{}}})", metres, context);
  if (!one_in(20)) out += place("from") + place("to");
  return out + "}";
}

}  // namespace reckon::test
