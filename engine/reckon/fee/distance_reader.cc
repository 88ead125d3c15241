#include <fmt/format.h>

#include <set>
#include <utility>

#include "reckon/fee/read_parts.h"
#include "reckon/fee/tariff_parts.h"

namespace reckon::fee {
namespace {

using base::JsonNode;
using base::Metres;

TableEntry read_entry(const JsonNode& item) {
  item.allow_only({"from", "to", "both_ways", "distance_m", "price"});
  TableEntry entry;
  entry.from = read_name(item.required("from"));
  entry.to = read_name(item.required("to"));
  entry.both_ways = item.optional("both_ways").boolean().value_or(false);
  const auto distance = item.optional("distance_m"), price = item.optional("price");
  if (item.is_object() && distance.present() == price.present())
    item.fault(
        "needs a distance or a price; allowed: one of distance_m (then base and steps price it) and price");
  if (distance.present()) entry.distance = read_metres(distance, 0);
  if (price.present()) entry.price = read_amount(price);
  return entry;
}

// Entries name zones of the layer, and no way twice.
void check_entries(const JsonNode& node, const ZoneTable& table, const Tariff& tariff) {
  std::set<std::string_view> zones;
  for (const auto& zone : tariff.zones)
    if (zone.layer == table.layer) zones.insert(zone.name);
  std::set<std::pair<std::string_view, std::string_view>> ways;
  const auto items = node.items(kMaxTableEntries);
  for (std::size_t i = 0; i < table.entries.size(); ++i) {
    const TableEntry& entry = table.entries[i];
    const auto known = [&](std::string_view key, const std::string& name) {
      if (name.empty() || zones.contains(name)) return;
      items[i].optional(key).fault(
          fmt::format("'{}' is not declared; allowed: a zone of the layer '{}'", name, table.layer));
    };
    known("from", entry.from);
    known("to", entry.to);
    const bool fresh = ways.emplace(entry.from, entry.to).second;
    const bool back = !entry.both_ways || entry.from == entry.to || ways.emplace(entry.to, entry.from).second;
    if (!fresh || !back)
      items[i].fault(fmt::format("gives the way from '{}' to '{}' once more; each way may stand once",
                                 fresh ? entry.to : entry.from, fresh ? entry.from : entry.to));
  }
}

void read_basis(const JsonNode& node, Tariff& tariff) {
  static constexpr std::array<std::string_view, 4> kNames = {"provider", "road", "straight", "zone"};
  static constexpr std::array<std::string_view, 2> kFormulas = {"geodesic", "haversine-6371000"};
  node.allow_only({"basis", "formula", "estimate", "layer", "table"});
  const auto choice = read_choice(node.required("basis"), kNames);
  tariff.basis = choice == 3 ? DistanceBasis::kZone : static_cast<DistanceBasis>(choice);
  const auto formula = node.optional("formula");
  if (formula.present()) {
    if (tariff.basis != DistanceBasis::kStraight)
      formula.fault("belongs to the basis 'straight' only; leave it out");
    if (read_choice(formula, kFormulas) == 1 && tariff.basis == DistanceBasis::kStraight)
      tariff.basis = DistanceBasis::kHaversine;
  }
  if (const auto estimate = node.optional("estimate"); estimate.present()) {
    tariff.estimate = static_cast<EstimateChoice>(read_choice(estimate, kEstimateNames));
    if (tariff.basis != DistanceBasis::kProvider)
      estimate.fault("belongs to the basis 'provider' only; leave it out");
  }
  if (tariff.basis != DistanceBasis::kZone) {
    for (const auto key : {"layer", "table"})
      if (node.optional(key).present())
        node.optional(key).fault("belongs to the basis 'zone' only; leave it out");
    return;
  }
  ZoneTable table;
  table.layer = read_name(node.required("layer"));
  const auto list = node.required("table");
  for (const auto& item : list.items(kMaxTableEntries)) table.entries.push_back(read_entry(item));
  if (list.is_array() && table.entries.empty()) list.fault("is empty; at least one entry is needed");
  check_entries(list, table, tariff);
  tariff.table = std::move(table);
}

DistanceStep read_step(const JsonNode& item) {
  static constexpr std::array<std::string_view, 2> kCharges = {"started", "pro_rata"};
  item.allow_only({"beyond_m", "length_m", "price", "charge", "rounding"});
  DistanceStep step{read_metres(item.required("beyond_m"), 0),
                    read_metres(item.required("length_m"), 1),
                    read_amount(item.required("price")),
                    {}};
  const auto charge = item.optional("charge"), rounding = item.optional("rounding");
  const bool pro_rata = charge.present() && read_choice(charge, kCharges) == 1;
  if (pro_rata) {
    step.pro_rata = read_rounding(item.required("rounding"));
  } else if (rounding.present()) {
    rounding.fault("belongs to steps charged pro_rata only; leave it out");
  }
  return step;
}

std::vector<DistanceStep> read_steps(const JsonNode& node, Metres base_up_to) {
  std::vector<DistanceStep> steps;
  for (const auto& item : node.items(kMaxSteps)) {
    const DistanceStep step = read_step(item);
    const Metres least = steps.empty() ? base_up_to : steps.back().beyond + Metres{1};
    if (step.beyond < least) {
      item.optional("beyond_m")
          .fault(fmt::format("is {}; allowed: at least {} ({})", step.beyond.value, least.value,
                             steps.empty() ? "the end of the base distance" : "steps must increase"));
    }
    steps.push_back(step);
  }
  return steps;
}

}  // namespace

void read_base_and_steps(const JsonNode& root, Tariff& tariff) {
  const auto base_node = root.required("base");
  base_node.allow_only({"price", "up_to_m"});
  tariff.base_price = read_amount(base_node.required("price"));
  tariff.base_up_to = read_metres(base_node.required("up_to_m"), 0);
  tariff.steps = read_steps(root.optional("steps"), tariff.base_up_to);
}

std::vector<DistanceStep> read_legs(const JsonNode& node) {
  return read_steps(node, Metres{0});
}

void read_distance(const JsonNode& root, Tariff& tariff) {
  read_basis(root.required("distance"), tariff);
  const bool all_priced = tariff.table && std::ranges::all_of(tariff.table->entries, [](const auto& e) {
                            return e.price.has_value();
                          });
  if (all_priced && !root.optional("base").present()) {
    tariff.steps = read_steps(root.optional("steps"), tariff.base_up_to);
    return;
  }
  read_base_and_steps(root, tariff);
}

}  // namespace reckon::fee
