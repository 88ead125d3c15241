#include "reckon/fee/tariff_reader.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/fee/plan.h"
#include "reckon/fee/read_parts.h"
#include "reckon/fee/tariff_parts.h"

namespace reckon::fee {
namespace {

using base::JsonNode;

constexpr std::size_t kMaxVectors = 1000;
// All faults of a file in one run: a person mends hundreds at once at most.
constexpr std::size_t kMaxTariffFaults = 500;

std::optional<Vat> read_vat(const JsonNode& node) {
  if (!node.present() || node.is_null()) return std::nullopt;
  node.allow_only({"rate_ppm", "rounding"});
  return Vat{node.required("rate_ppm").integer(0, 1'000'000).value_or(0),
             read_rounding(node.required("rounding"))};
}

// One rounding, or a list of them with different stages.
void read_roundings(const JsonNode& node, Tariff& tariff) {
  static constexpr std::array<std::string_view, 3> kStages = {"distance", "surcharges", "total"};
  if (!node.present()) return;
  const std::array<std::optional<Rounding>*, 3> slots = {&tariff.distance_rounding,
                                                         &tariff.surcharge_rounding, &tariff.rounding};
  for (const auto& item : node.is_array() ? node.items(kStages.size()) : std::vector<JsonNode>{node}) {
    item.allow_only({"unit", "mode", "stage"});
    const Rounding rounding{item.required("unit").integer(1, kMaxAmountMinor).value_or(1),
                            static_cast<RoundingMode>(read_choice(item.required("mode"), kRoundingNames))};
    const auto stage = item.optional("stage");
    auto& slot = *slots[stage.present() ? read_choice(stage, kStages) : 2];
    if (slot) item.fault("rounds a stage once more; each stage may be rounded once");
    slot = rounding;
  }
}

void read_scope(const JsonNode& node, Tariff& tariff) {
  if (!node.present()) return;
  node.allow_only({"branch", "shop_group", "shop"});
  if (node.is_object() && node.keys().size() != 1)
    node.fault("needs one of branch, shop_group, shop; leave `scope` out for a tariff of all shops");
  for (std::size_t i = 0; i < kScopeKindNames.size(); ++i) {
    const auto name = node.optional(kScopeKindNames[i]);
    if (name.present()) tariff.scope = Scope{static_cast<ScopeKind>(i), read_name(name)};
  }
}

void read_currency(const JsonNode& node, Tariff& tariff) {
  const auto code = node.string();
  if (!code) return;
  if (const auto known = currency_from(*code)) {
    tariff.currency = *known;
  } else {
    node.fault(
        fmt::format("'{}' is no currency; allowed: an ISO 4217 code, such as KRW", code->substr(0, 16)));
  }
}

void read_identity(const JsonNode& root, Tariff& tariff) {
  tariff.id = read_name(root.required("id"));
  tariff.version = root.required("version").integer(1, 1'000'000'000).value_or(1);
  if (const auto status = root.optional("status"); status.present())
    tariff.status = static_cast<Status>(read_choice(status, kStatusNames));
  read_currency(root.required("currency"), tariff);
  read_scope(root.optional("scope"), tariff);
  const auto zone_node = root.required("time_zone");
  if (const auto name = zone_node.string()) {
    if (auto zone = base::TimeZone::named(*name, "")) {
      tariff.time_zone = *zone;
    } else {
      zone_node.fault(zone.error().message);
    }
  }
  if (const auto basis = root.optional("time_basis"); basis.present())
    tariff.time_basis = static_cast<TimeBasis>(read_choice(basis, kTimeBasisNames));
  tariff.valid_from = read_time(root.required("valid_from"));
  const auto until = root.optional("valid_until");
  if (until.present() && !until.is_null()) {
    tariff.valid_until = read_time(until);
    if (*tariff.valid_until <= tariff.valid_from)
      until.fault("is not after valid_from; a later instant is needed");
  }
}

std::optional<geo::PointE7> read_point(const JsonNode& node) {
  node.allow_only({"lat", "lon"});
  const auto lat = node.required("lat").number(-90, 90), lon = node.required("lon").number(-180, 180);
  if (!lat || !lon) return std::nullopt;
  return geo::PointE7{static_cast<std::int32_t>(std::llround(*lat * 1e7)),
                      static_cast<std::int32_t>(std::llround(*lon * 1e7))};
}

std::optional<TripRecord> read_vector_trip(const JsonNode& item) {
  const auto from = item.optional("from"), to = item.optional("to");
  if (!from.present() && !to.present()) return std::nullopt;
  const auto start = read_point(item.required("from")), end = read_point(item.required("to"));
  if (!start || !end) return std::nullopt;
  return TripRecord{start->lat, start->lng, end->lat, end->lng, "motorcycle"};
}

// Once the whole file is known to be sound.
std::shared_ptr<const Tariff> compiled(Tariff tariff) {
  tariff.plan = std::make_shared<const Plan>(tariff);
  return std::make_shared<const Tariff>(std::move(tariff));
}

}  // namespace

void read_bounds(const JsonNode& root, Tariff& tariff) {
  tariff.minimum = read_optional_amount(root.optional("minimum"));
  tariff.maximum = read_optional_amount(root.optional("maximum"));
  if (tariff.minimum && tariff.maximum && *tariff.maximum < *tariff.minimum) {
    root.optional("maximum").fault("is below the minimum; it must not be");
  }
  read_roundings(root.optional("rounding"), tariff);
}

std::vector<Vector> read_vectors(const JsonNode& node, const Tariff& tariff) {
  std::vector<Vector> vectors;
  for (const auto& item : node.items(kMaxVectors)) {
    item.allow_only(
        {"name", "why", "distance_m", "context", "from", "to", "total", "vat", "rider_pay", "refused"});
    Vector vector;
    vector.name = item.required("name").string(kMaxTextBytes).value_or("");
    vector.why = item.required("why").string(kMaxTextBytes).value_or("");
    const auto distance = tariff.table ? item.optional("distance_m") : item.required("distance_m");
    vector.distance = distance.present() ? read_metres(distance, 0) : base::Metres{0};
    vector.context = read_context(item.optional("context"), tariff.valid_from);
    vector.trip = read_vector_trip(item);
    if (const auto refused = item.optional("refused"); refused.present()) {
      vector.refused = refused.string(128).value_or("");
      if (vector.refused.empty()) refused.fault("is empty; allowed: where the refusal stands, such as trip");
      for (const auto key : {"total", "vat", "rider_pay"})
        if (item.optional(key).present())
          item.optional(key).fault("stands beside `refused`; one of them is needed");
    } else {
      vector.total = read_amount(item.required("total"), -kMaxAmountMinor);
      vector.vat = read_optional_amount(item.optional("vat"));
      vector.rider_pay = read_optional_amount(item.optional("rider_pay"));
      if (vector.rider_pay && !tariff.rider_pay)
        item.optional("rider_pay").fault("is given, but the tariff has no rider_pay; leave it out");
    }
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

base::Result<Tariff> read_tariff(std::string_view bytes, std::string_view name) {
  if (bytes.size() > kMaxTariffBytes) {
    return base::fail(base::ErrorCode::kLimit, std::string(name),
                      fmt::format("has {} bytes; at most {} are allowed", bytes.size(), kMaxTariffBytes));
  }
  const auto document = base::JsonDocument::parse(bytes, name);
  if (!document) return base::fail(document.error());
  base::Faults faults(std::string(name), kMaxTariffFaults);
  const auto root = document->root(faults);
  root.allow_only({"$schema",
                   "id",
                   "version",
                   "status",
                   "scope",
                   "currency",
                   "time_zone",
                   "time_basis",
                   "valid_from",
                   "valid_until",
                   "distance",
                   "base",
                   "steps",
                   "surcharges",
                   "promotions",
                   "groups",
                   "surcharge_maximum",
                   "promotion_maximum",
                   "minimum",
                   "maximum",
                   "rounding",
                   "vat",
                   "needs",
                   "zones",
                   "holidays",
                   "building_lists",
                   "route",
                   "cancellation",
                   "returns",
                   "rider_pay",
                   "text",
                   "vectors"});
  Tariff tariff;
  root.optional("$schema").string();
  root.optional("text").string(kMaxTextBytes * 10);
  read_identity(root, tariff);
  read_lists(root, tariff);
  read_distance(root, tariff);
  read_rules(root, tariff);
  read_bounds(root, tariff);
  tariff.vat = read_vat(root.required("vat"));
  read_further(root, tariff);
  check_references(root, tariff);
  tariff.vectors = read_vectors(root.optional("vectors"), tariff);
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kBadTariff));
  if (tariff.rider_pay) tariff.rider_pay = compiled(*tariff.rider_pay);
  tariff.canonical = canonical_json(tariff);
  tariff.release = base::sha256(tariff.canonical);
  tariff.plan = std::make_shared<const Plan>(tariff);
  return tariff;
}

}  // namespace reckon::fee
