#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "reckon/fee/read_parts.h"
#include "reckon/fee/tariff_parts.h"

namespace reckon::fee {
namespace {

using base::JsonNode;

std::vector<Holiday> read_holidays(const JsonNode& node) {
  std::vector<Holiday> holidays;
  std::set<std::pair<std::chrono::sys_days, std::string>> seen;
  for (const auto& item : node.items(kMaxHolidays)) {
    item.allow_only({"date", "holiday", "text"});
    Holiday holiday{read_date(item.required("date")), read_name(item.required("holiday"))};
    item.optional("text").string(kMaxTextBytes);
    if (!seen.emplace(holiday.date, holiday.kind).second)
      item.fault(fmt::format("names {} as '{}' once more; each may stand once", date_text(holiday.date),
                             holiday.kind));
    holidays.push_back(std::move(holiday));
  }
  std::ranges::sort(holidays, [](const Holiday& a, const Holiday& b) {
    return std::tie(a.date, a.kind) < std::tie(b.date, b.kind);
  });
  return holidays;
}

std::vector<std::string> read_buildings(const JsonNode& node) {
  std::vector<std::string> buildings;
  std::unordered_set<std::string> seen;
  for (const auto& item : node.items(kMaxBuildings)) {
    const auto name = item.string(64);
    if (!name) continue;
    if (name->empty()) item.fault("is empty; a name is needed");
    if (!seen.emplace(*name).second)
      item.fault(fmt::format("'{}' stands twice; each building may stand once in a list", *name));
    buildings.emplace_back(*name);
  }
  if (node.is_array() && buildings.empty()) node.fault("is empty; at least one building is needed");
  std::ranges::sort(buildings);
  return buildings;
}

std::vector<BuildingList> read_building_lists(const JsonNode& node) {
  std::vector<BuildingList> lists;
  std::set<std::string> names;
  for (const auto& item : node.items(kMaxBuildingLists)) {
    item.allow_only({"list", "buildings", "text"});
    BuildingList list{read_name(item.required("list")), read_buildings(item.required("buildings"))};
    item.optional("text").string(kMaxTextBytes);
    if (!list.name.empty() && !names.insert(list.name).second)
      item.optional("list").fault(fmt::format("'{}' is taken; each list needs a name of its own", list.name));
    lists.push_back(std::move(list));
  }
  return lists;
}

std::vector<Measure> read_needs(const JsonNode& node) {
  std::vector<Measure> needs;
  for (const auto& item : node.items(kMeasureCount)) {
    const auto name = item.string(64);
    if (!name) continue;
    const auto measure = measure_from(*name);
    if (!measure || *measure == Measure::kDistanceM) {
      item.fault(
          fmt::format("'{}' is no reading of a context; allowed: a measure, such as temperature_c", *name));
    } else if (std::ranges::find(needs, *measure) != needs.end()) {
      item.fault(fmt::format("'{}' stands twice; each may stand once", *name));
    } else {
      needs.push_back(*measure);
    }
  }
  std::ranges::sort(needs);
  return needs;
}

// What conditions may name, and where it must be declared.
class References {
 public:
  explicit References(const Tariff& tariff) {
    for (const auto& zone : tariff.zones) {
      zones_.insert(zone.name);
      layers_.insert(zone.layer);
    }
    for (const auto& list : tariff.building_lists) lists_.insert(list.name);
  }

  void check(const JsonNode& when) const {
    if (!when.is_object()) return;
    for (const auto key : {"pickup_zone", "dropoff_zone"})
      for (const auto& item : items_of(when.optional(key))) known(item, zones_, "a zone of `zones`");
    for (const auto& item : items_of(when.optional("building_list")))
      known(item, lists_, "a list of `building_lists`");
    if (const auto layer = when.optional("zones_differ"); layer.is_string())
      known(layer, layers_, "a layer of `zones`");
    for (const auto& child : items_of(when.optional("any_of"))) check(child);
    check(when.optional("not"));
  }

 private:
  // Faults of type have been told by the condition's reader.
  static std::vector<JsonNode> items_of(const JsonNode& node) {
    return node.is_array() ? node.items(kMaxBuildings) : std::vector<JsonNode>{};
  }

  static void known(const JsonNode& node, const std::set<std::string, std::less<>>& names,
                    std::string_view allowed) {
    if (!node.is_string()) return;
    const auto name = node.string(64);
    if (name && !name->empty() && !names.contains(*name))
      node.fault(fmt::format("'{}' is not declared; allowed: {}", *name, allowed));
  }

  std::set<std::string, std::less<>> zones_, layers_, lists_;
};

}  // namespace

void read_lists(const JsonNode& root, Tariff& tariff) {
  tariff.zones = read_zones(root.optional("zones"));
  tariff.holidays = read_holidays(root.optional("holidays"));
  tariff.building_lists = read_building_lists(root.optional("building_lists"));
  tariff.needs = read_needs(root.optional("needs"));
}

void check_references(const JsonNode& root, const Tariff& tariff) {
  const References references(tariff);
  const auto check = [&](std::string_view key, const std::vector<Surcharge>& rules) {
    if (rules.empty()) return;
    for (const auto& item : root.optional(key).items(kMaxSurcharges))
      if (item.is_object()) references.check(item.optional("when"));
  };
  check("surcharges", tariff.surcharges);
  check("promotions", tariff.promotions);
}

}  // namespace reckon::fee
