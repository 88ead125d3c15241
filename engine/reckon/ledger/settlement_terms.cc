#include "reckon/ledger/settlement_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/local_time.h"
#include "reckon/fee/condition.h"
#include "reckon/fee/read_parts.h"
#include "reckon/ledger/settlement_import.h"

namespace reckon::ledger {
namespace {

constexpr std::int64_t kWhole = 1'000'000;

std::int64_t read_ppm(const base::JsonNode& node) {
  return node.integer(0, kWhole).value_or(0);
}

// For people; nothing follows from it.
void read_text(const base::JsonNode& node) {
  if (const auto text = node.optional("text"); text.present()) text.string(fee::kMaxTextBytes);
}

Validity read_validity(const base::JsonNode& node) {
  Validity validity;
  read_text(node);
  validity.from = fee::read_date(node.required("from"));
  if (const auto branch = node.optional("branch"); branch.present()) validity.branch = fee::read_name(branch);
  return validity;
}

template <class Row>
Row begun(const base::JsonNode& node) {
  Row row;
  static_cast<Validity&>(row) = read_validity(node);
  return row;
}

// A party but `refused`, which has no part in this.
Party read_party(const base::JsonNode& node, Party refused) {
  std::array<std::string_view, kPartyNames.size() - 1> allowed{};
  std::ranges::remove_copy(kPartyNames, allowed.begin(), kPartyNames[static_cast<std::size_t>(refused)]);
  if (node.is_string() && node.string(64) == kPartyNames[static_cast<std::size_t>(refused)]) {
    node.fault(fmt::format("'{}' has no part in this; allowed: {}",
                           kPartyNames[static_cast<std::size_t>(refused)], fmt::join(allowed, ", ")));
    return {};
  }
  const auto name = allowed[static_cast<std::size_t>(fee::read_choice(node, allowed))];
  return static_cast<Party>(std::ranges::find(kPartyNames, name) - kPartyNames.begin());
}

Shares read_shares(const base::JsonNode& node) {
  node.allow_only({"from", "branch", "rider_ppm", "branch_ppm", "head_office_ppm", "remainder_to", "text"});
  auto row = begun<Shares>(node);
  row.rider_ppm = read_ppm(node.required("rider_ppm"));
  row.branch_ppm = read_ppm(node.required("branch_ppm"));
  row.head_office_ppm = read_ppm(node.required("head_office_ppm"));
  row.remainder_to = read_party(node.required("remainder_to"), Party::kShop);
  if (const auto sum = row.rider_ppm + row.branch_ppm + row.head_office_ppm; sum != kWhole)
    node.fault(fmt::format("the shares sum to {}; they must sum to {}", sum, kWhole));
  return row;
}

ProgrammeFee read_programme_fee(const base::JsonNode& node) {
  node.allow_only({"from", "branch", "amount", "paid_by", "text"});
  auto row = begun<ProgrammeFee>(node);
  row.amount = fee::read_amount(node.required("amount"));
  row.paid_by = read_party(node.required("paid_by"), Party::kHeadOffice);
  return row;
}

Tax read_tax(const base::JsonNode& node) {
  return {read_ppm(node.required("rate_ppm")), fee::read_rounding(node.required("rounding"))};
}

Withholding read_withholding(const base::JsonNode& node) {
  node.allow_only({"from", "branch", "income_tax", "local_tax", "text"});
  auto row = begun<Withholding>(node);
  const auto income = node.required("income_tax"), local = node.required("local_tax");
  if (income.present()) income.allow_only({"rate_ppm", "rounding"});
  if (local.present()) local.allow_only({"rate_ppm", "rounding", "on"});
  if (income.present()) row.income = read_tax(income);
  if (!local.present()) return row;
  row.local = read_tax(local);
  constexpr std::array<std::string_view, 2> kOn = {"pay", "income_tax"};
  row.local_on_income_tax = fee::read_choice(local.required("on"), kOn) == 1;
  return row;
}

Insurance read_insurance(const base::JsonNode& node) {
  node.allow_only(
      {"from", "branch", "insurance", "expense_ppm", "rider_ppm", "branch_ppm", "rounding", "text"});
  auto row = begun<Insurance>(node);
  row.name = fee::read_name(node.required("insurance"));
  if (!row.name.empty() && !is_party_name(row.name))  // it names an account, and a file of an export
    node.required("insurance").fault("must begin with a letter or digit");
  row.expense_ppm = read_ppm(node.required("expense_ppm"));
  row.rider_ppm = read_ppm(node.required("rider_ppm"));
  row.branch_ppm = read_ppm(node.required("branch_ppm"));
  row.rounding = fee::read_rounding(node.required("rounding"));
  return row;
}

std::string name_of(const Validity&) {
  return {};
}
std::string name_of(const Insurance& row) {
  return row.name;
}

// A table; two rows that begin on one day for one branch contradict each other.
template <class Row>
std::vector<Row> read_table(const base::JsonNode& node, Row (*read)(const base::JsonNode&)) {
  std::vector<Row> rows;
  for (const auto& item : node.items(kMaxTermsRows)) {
    auto row = read(item);
    for (const auto& other : rows) {
      if (other.from == row.from && other.branch == row.branch && name_of(other) == name_of(row))
        item.fault(fmt::format("begins on {} as an earlier row does; one row a day and branch is allowed",
                               fee::date_text(row.from)));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

template <class Row>
std::vector<Row> read_needed(const base::JsonNode& node, Row (*read)(const base::JsonNode&)) {
  auto rows = read_table(node, read);
  if (rows.empty() && node.is_array()) node.fault("has no rows; at least one is needed (rates may be 0)");
  return rows;
}

void read_zone(const base::JsonNode& node, Terms& terms) {
  const auto name = node.string(64);
  if (!name) return;
  const auto zone = base::TimeZone::named(*name, "");
  if (zone)
    terms.time_zone = *zone;
  else
    node.fault(zone.error().message);
}

void read_currency(const base::JsonNode& node, Terms& terms) {
  const auto code = node.string(64);
  if (!code) return;
  if (const auto currency = fee::currency_from(*code))
    terms.currency = *currency;
  else
    node.fault(fmt::format("'{}' is no currency; allowed: an ISO 4217 code such as KRW", *code));
}

}  // namespace

base::Result<Terms> read_terms(std::string_view bytes, std::string_view name) {
  if (bytes.size() > base::kMaxConfigBytes)
    return base::fail(
        base::ErrorCode::kLimit, std::string(name),
        fmt::format("has {} bytes; at most {} are allowed", bytes.size(), base::kMaxConfigBytes));
  const auto document = base::JsonDocument::parse(bytes, name);
  if (!document) return base::fail(document.error());
  base::Faults faults{std::string(name)};
  const auto root = document->root(faults);
  root.allow_only(
      {"$schema", "currency", "time_zone", "shares", "programme_fee", "withholding", "insurance", "text"});
  if (const auto schema = root.optional("$schema"); schema.present()) schema.string(fee::kMaxTextBytes);
  read_text(root);
  Terms terms;
  read_currency(root.required("currency"), terms);
  read_zone(root.required("time_zone"), terms);
  terms.shares = read_needed(root.required("shares"), read_shares);
  terms.programme_fees = read_needed(root.required("programme_fee"), read_programme_fee);
  terms.withholding = read_needed(root.required("withholding"), read_withholding);
  terms.insurance = read_table(root.required("insurance"), read_insurance);
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  terms.text = root.dump();
  terms.release = base::sha256(terms.text);
  return terms;
}

std::chrono::sys_days day_of(const Terms& terms, base::WallTime at) {
  return std::chrono::sys_days{terms.time_zone->local(at).date};
}

base::WallTime end_of(const Terms& terms, std::chrono::sys_days day) {
  return base::begin_of_day(*terms.time_zone, day + std::chrono::days{1}) - std::chrono::seconds{1};
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  if (text.size() != 10) return std::nullopt;
  const auto midnight = base::parse_rfc3339(std::string(text) + "T00:00:00Z", "");
  if (!midnight) return std::nullopt;
  return std::chrono::floor<std::chrono::days>(*midnight);
}

std::optional<fee::Money> part_of(fee::Money amount, std::int64_t ppm, const fee::Rounding& rounding) {
  if (amount.minor == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  if (amount.minor >= 0) return fee::scaled(amount, ppm, kWhole, rounding);
  const auto part = fee::scaled({-amount.minor}, ppm, kWhole, rounding);
  if (!part) return std::nullopt;
  return fee::Money{-part->minor};
}

}  // namespace reckon::ledger
