#include "reckon/ledger/settlement_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "reckon/base/csv.h"
#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/fee/tariff_reader.h"
#include "reckon/ledger/verify.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

constexpr std::array<std::string_view, 5> kColumns = {"quote_id", "shop", "rider", "branch", "delivered_at"};
constexpr std::string_view kNameAllowed =
    "1 to 64 letters, digits, '-', '_', '.' that begin with neither '-' nor '.' are allowed";

using Values = std::array<std::string_view, kColumns.size()>;

// The row, unless one of its values is none.
void read_row(const Values& values, std::string where, RowFaults& faults, std::vector<Delivered>& rows) {
  bool sound = true;
  for (std::size_t i = 0; i + 1 < kColumns.size(); ++i) {
    if (is_party_name(values[i])) continue;
    sound = false;
    faults.add(where,
               fmt::format("{} '{}' is no name; {}", kColumns[i], values[i].substr(0, 80), kNameAllowed));
  }
  const auto at = base::parse_rfc3339(values[4], where);
  if (!at) faults.add(where, fmt::format("delivered_at {}", at.error().message));
  const auto text = [&](std::size_t i) { return std::string(values[i]); };
  if (sound && at) rows.push_back({std::move(where), text(0), text(1), text(2), text(3), *at});
}

// The rows of a table that has all columns.
std::vector<Delivered> read_table(const base::CsvTable& table, std::string_view name, RowFaults& faults) {
  std::array<std::size_t, kColumns.size()> columns{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto found = table.column(kColumns[i]);
    columns[i] = found.value_or(0);
    if (!found)
      faults.add(fmt::format("{}:1", name),
                 fmt::format("column '{}' is missing; needed: {}", kColumns[i], fmt::join(kColumns, ", ")));
  }
  std::vector<Delivered> rows;
  if (!faults.empty()) return rows;
  for (const auto& row : table.rows) {
    Values values;
    for (std::size_t i = 0; i < kColumns.size(); ++i) values[i] = row.fields[columns[i]];
    read_row(values, fmt::format("{}:{}", name, row.line), faults, rows);
  }
  return rows;
}

// Rows that have no shape and rows whose values are none lie between each other.
std::vector<Delivered> read_csv(std::string_view bytes, std::string_view name, RowFaults& faults) {
  base::CsvFaults broken;
  const auto table = base::parse_csv(bytes, name, broken);
  RowFaults shapes, values;
  const auto untold = broken.count - broken.first.size();
  shapes.add(std::move(broken.first));
  shapes.add_untold(untold);
  auto rows = table.header.empty() ? std::vector<Delivered>{} : read_table(table, name, values);
  faults.merge(std::move(shapes), name);
  faults.merge(std::move(values), name);
  return rows;
}

void read_json_line(std::string_view line, const std::string& where, RowFaults& faults,
                    std::vector<Delivered>& rows) {
  const auto document = base::JsonDocument::parse(line, where);
  if (!document) {
    faults.add(document.error().where, document.error().message);
    return;
  }
  base::Faults here(where);
  const auto root = document->root(here);
  root.allow_only({kColumns[0], kColumns[1], kColumns[2], kColumns[3], kColumns[4]});
  Values values;
  for (std::size_t i = 0; i < kColumns.size(); ++i)
    values[i] = root.required(kColumns[i]).string().value_or("");
  faults.add(here.list());
  if (here.empty()) read_row(values, where, faults, rows);
}

std::vector<Delivered> read_json_lines(std::string_view bytes, std::string_view name, RowFaults& faults) {
  std::vector<Delivered> rows;
  for (std::size_t line = 1; !bytes.empty(); ++line) {
    const auto end = std::min(bytes.find('\n'), bytes.size());
    const auto text = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    read_json_line(text, fmt::format("{}:{}", name, line), faults, rows);
  }
  return rows;
}

/// What a trace says of its money.
struct Told {
  std::string tariff_release, currency, shop, branch;
  fee::Money total;
  std::optional<fee::Money> vat, rider_pay;
};

std::optional<Told> read_told(const std::string& trace) {
  const auto document = base::JsonDocument::parse(trace, "trace");
  if (!document) return std::nullopt;
  base::Faults faults("trace");
  const auto root = document->root(faults);
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  Told told;
  told.tariff_release = root.required("tariff").required("release").string().value_or("");
  told.currency = root.required("currency").string().value_or("");
  told.total = {root.required("total").integer(-kMost, kMost).value_or(0)};
  if (const auto vat = root.required("vat"); vat.present() && !vat.is_null())
    told.vat = fee::Money{vat.integer(-kMost, kMost).value_or(0)};
  if (const auto pay = root.optional("rider_pay"); pay.present())
    told.rider_pay = fee::Money{pay.required("total").integer(-kMost, kMost).value_or(0)};
  const auto context = root.required("context");
  if (const auto shop = context.optional("shop"); shop.present()) told.shop = shop.string().value_or("");
  if (const auto branch = context.optional("branch"); branch.present())
    told.branch = branch.string().value_or("");
  if (!faults.empty()) return std::nullopt;
  return told;
}

// Joins one delivery after the other; tariffs are read once.
class Joiner {
 public:
  Joiner(const Ledger& ledger, const Terms& terms, base::WallTime now)
      : ledger_(ledger), terms_(terms), now_(now) {}

  /// @errors the ledger cannot be read; faults of the delivery go to `faults`
  base::Result<std::optional<Document>> join(const Delivered& delivered, RowFaults& faults) {
    const auto found = ledger_.find(delivered.quote_id);
    if (!found) return base::fail(found.error());
    const auto fault = [&](std::string what) -> base::Result<std::optional<Document>> {
      faults.add(delivered.where, fmt::format("quote {} {}", delivered.quote_id, what));
      return std::nullopt;
    };
    if (!*found) return fault("is not in the ledger; a quote on record is needed");
    const auto& row = (*found)->row;
    const auto previous = ledger_.hash_before((*found)->seq);
    if (!previous) return base::fail(previous.error());
    if (!*previous) return fault("follows a row that is missing in the ledger; run 'reckon verify' on it");
    if (const auto changed = row_fault(**previous, **found); !changed.empty())
      return fault(fmt::format("was changed in the ledger: {}; run 'reckon verify' on it", changed));
    const auto told = read_told(row.trace);
    if (!told) return fault("has a trace that cannot be read; run 'reckon verify' on the ledger");
    if (delivered.at < row.created_at)
      return fault(fmt::format("was made at {}, after the delivery at {}; a later time is needed",
                               base::format_rfc3339(row.created_at), base::format_rfc3339(delivered.at)));
    if (delivered.at > now_)
      return fault(fmt::format("was delivered at {}, but now is {}; what has happened can be settled",
                               base::format_rfc3339(delivered.at), base::format_rfc3339(now_)));
    if (!told->shop.empty() && told->shop != delivered.shop)
      return fault(fmt::format("is of shop '{}', not '{}'", told->shop, delivered.shop));
    if (!told->branch.empty() && told->branch != delivered.branch)
      return fault(fmt::format("is of branch '{}', not '{}'", told->branch, delivered.branch));
    if (told->currency != terms_.currency.text())
      return fault(fmt::format("is in {}, these books in {}", told->currency, terms_.currency.text()));
    if (told->total.minor > fee::kMaxAmountMinor || told->total.minor < 0)
      return fault(fmt::format("has a fee of {}; from 0 to {} can be settled", told->total.minor,
                               fee::kMaxAmountMinor));
    const auto tariff = tariff_of(told->tariff_release);
    if (!tariff) return base::fail(tariff.error());
    if (*tariff == nullptr) return fault("names a tariff that the ledger has not; run 'reckon verify' on it");
    Document document;
    document.kind = DocumentKind::kDelivery;
    document.at = delivered.at;
    document.quote_id = delivered.quote_id;
    document.shop = delivered.shop;
    document.rider = delivered.rider;
    document.branch = delivered.branch;
    document.amount = told->total;
    document.vat = told->vat;
    document.rider_pay = told->rider_pay;
    if (told->vat) document.vat_rule = (*tariff)->vat;
    document.source = base::sha256(row.trace);
    return document;
  }

 private:
  base::Result<std::shared_ptr<const fee::Tariff>> tariff_of(const std::string& release) {
    const auto [at, fresh] = tariffs_.try_emplace(release);
    if (!fresh) return at->second;
    const auto canonical = ledger_.tariff(release);
    if (!canonical) return base::fail(canonical.error());
    if (!*canonical) return at->second;
    auto tariff = fee::read_tariff(**canonical, release);
    if (tariff && tariff->release == release)
      at->second = std::make_shared<const fee::Tariff>(std::move(*tariff));
    return at->second;
  }

  const Ledger& ledger_;
  const Terms& terms_;
  base::WallTime now_;
  std::map<std::string, std::shared_ptr<const fee::Tariff>> tariffs_;
};

}  // namespace

bool is_party_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() != '.' && text.front() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

std::vector<Delivered> read_deliveries(std::string_view bytes, std::string_view name, RowFaults& faults) {
  auto rows = bytes.starts_with('{') ? read_json_lines(bytes, name, faults) : read_csv(bytes, name, faults);
  if (rows.size() > kMaxDeliveries) {
    RowFaults whole;
    whole.add(std::string(name),
              fmt::format("has {} rows; at most {} are allowed, cut it", rows.size(), kMaxDeliveries));
    faults.merge(std::move(whole), name);
  }
  return rows;
}

base::Result<Joined> join_quotes(const std::vector<Delivered>& deliveries, const Ledger& ledger,
                                 const Terms& terms, base::WallTime now, RowFaults& faults) {
  Joiner joiner(ledger, terms, now);
  Joined joined;
  for (const auto& delivered : deliveries) {
    auto document = joiner.join(delivered, faults);
    if (!document) return base::fail(document.error());
    if (!*document) continue;
    joined.documents.push_back(std::move(**document));
    joined.wheres.push_back(delivered.where);
  }
  return joined;
}

}  // namespace reckon::ledger
