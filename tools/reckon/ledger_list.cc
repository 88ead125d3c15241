// `reckon ledger list`: which quotes a ledger has, so that one can be found and explained.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/money.h"
#include "reckon/ledger/ledger.h"
#include "reckon/ledger/why_not.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using ledger::Ledger;

constexpr std::int64_t kUsualQuotes = 50, kMostQuotes = 100'000;

/// What a row of the list tells of a quote.
struct Listed {
  std::string quote_id, shop, branch, tariff, source;
  base::WallTime at{};
  fee::Money fee;
  std::optional<fee::Money> vat;
  fee::Currency currency;
  std::int64_t version = 0;  ///< of the tariff
  std::int64_t distance_m = 0;
  bool provisional = false;
  std::vector<std::string> missed;  ///< providers that it had to do without
};

/// Which quotes are asked for; empty texts ask for all.
struct Filter {
  base::WallTime from{}, to{};
  std::string_view shop, branch, rung, missed, tariff;
  std::int64_t limit = kUsualQuotes;
};

std::string text_at(const base::JsonNode& node) {
  return std::string(node.present() ? node.string().value_or("") : "");
}

// The row as told; nothing where its texts cannot be read.
std::optional<Listed> read_listed(const ledger::StoredRow& stored) {
  const auto quote = base::JsonDocument::parse(stored.row.quote, "quote");
  const auto trace = base::JsonDocument::parse(stored.row.trace, "trace");
  if (!quote || !trace) return std::nullopt;
  base::Faults faults("row");
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const auto root = quote->root(faults);
  const auto fee = root.required("fee"), distance = root.required("distance");
  const auto context = trace->root(faults).required("context");
  Listed listed;
  listed.quote_id = stored.row.quote_id;
  listed.at = stored.row.created_at;
  listed.fee = {fee.required("total").integer(-kMost, kMost).value_or(0)};
  if (const auto vat = fee.required("vat"); vat.present() && !vat.is_null())
    listed.vat = fee::Money{vat.integer(-kMost, kMost).value_or(0)};
  if (const auto currency = fee::currency_from(text_at(fee.required("currency"))))
    listed.currency = *currency;
  listed.distance_m = distance.required("distance_m").integer(0, kMost).value_or(0);
  listed.source = text_at(distance.required("source"));
  listed.provisional = distance.required("provisional").boolean().value_or(false);
  listed.missed = ledger::providers_missed(distance);
  listed.tariff = text_at(root.required("tariff").required("id"));
  listed.version = root.required("tariff").required("version").integer(0, kMost).value_or(0);
  listed.shop = text_at(context.optional("shop"));
  listed.branch = text_at(context.optional("branch"));
  if (!faults.empty()) return std::nullopt;
  return listed;
}

// `provider` asks for every provider, `provider:kakao` for one.
bool is_of_rung(std::string_view source, std::string_view rung) {
  return source == rung || (source.starts_with(rung) && source.substr(rung.size()).starts_with(':'));
}

bool asked_for(const Listed& listed, const Filter& filter) {
  return (filter.shop.empty() || listed.shop == filter.shop) &&
         (filter.branch.empty() || listed.branch == filter.branch) &&
         (filter.tariff.empty() || listed.tariff == filter.tariff) &&
         (filter.rung.empty() || is_of_rung(listed.source, filter.rung)) &&
         (filter.missed.empty() || std::ranges::find(listed.missed, filter.missed) != listed.missed.end());
}

/// All listed fees of one currency.
struct Sum {
  fee::Currency currency;
  std::int64_t quotes = 0;
  fee::Money total;               ///< without VAT
  std::optional<fee::Money> vat;  ///< of those that have some
};

/// What was found, the newest first.
struct Found {
  std::vector<Listed> quotes;
  bool more = false;            ///< there may be older ones than the limit lets through
  std::int64_t unreadable = 0;  ///< rows that cannot be told
};

base::Result<Found> find(const Ledger& ledger, const Filter& filter) {
  Found found;
  const auto read = ledger.for_each_newest(filter.from, filter.to, [&](const ledger::StoredRow& stored) {
    auto listed = read_listed(stored);
    if (!listed) {
      ++found.unreadable;
      return true;
    }
    if (!asked_for(*listed, filter)) return true;
    found.more = static_cast<std::int64_t>(found.quotes.size()) == filter.limit;
    if (!found.more) found.quotes.push_back(std::move(*listed));
    return !found.more;
  });
  if (!read) return base::fail(read.error());
  return found;
}

base::Result<void> count_in(fee::Money& sum, fee::Money more) {
  const auto both = fee::add(sum, more);
  if (!both) return base::fail(ErrorCode::kCorrupt, "quotes", "have fees whose sum exceeds 64 bits");
  sum = *both;
  return {};
}

// By currency, in order of their names.
base::Result<std::vector<Sum>> sums_of(const std::vector<Listed>& quotes) {
  std::map<std::string, Sum> by_currency;
  for (const auto& one : quotes) {
    auto& sum = by_currency[std::string(one.currency.text())];
    sum.currency = one.currency;
    ++sum.quotes;
    if (const auto added = count_in(sum.total, one.fee); !added) return base::fail(added.error());
    if (!one.vat) continue;
    if (!sum.vat) sum.vat.emplace();
    if (const auto added = count_in(*sum.vat, *one.vat); !added) return base::fail(added.error());
  }
  std::vector<Sum> sums;
  for (const auto& [currency, sum] : by_currency) sums.push_back(sum);
  return sums;
}

base::Result<void> check_provider(const Ledger& ledger, std::string_view name) {
  const auto on_record = ledger::providers_on_record(ledger, name);
  if (!on_record) return base::fail(on_record.error());
  return check_on_record({"--missed", name, "is in no quote on record"}, *on_record);
}

void write_sums(base::JsonWriter& json, const std::vector<Sum>& sums) {
  json.begin_array();
  for (const auto& sum : sums) {
    json.begin_object().key("currency").string(sum.currency.text()).key("quotes").integer(sum.quotes);
    json.key("total").integer(sum.total.minor).key("vat");
    sum.vat ? json.integer(sum.vat->minor) : json.null();
    json.end_object();
  }
  json.end_array();
}

std::string list_json(const Found& found, const std::vector<Sum>& sums) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("quotes").begin_array();
  for (const auto& one : found.quotes) {
    json.begin_object()
        .key("quote_id")
        .string(one.quote_id)
        .key("created_at")
        .string(base::format_rfc3339(one.at));
    json.key("shop").string(one.shop).key("branch").string(one.branch);
    json.key("tariff").string(one.tariff).key("tariff_version").integer(one.version);
    json.key("fee").integer(one.fee.minor).key("vat");
    if (one.vat)
      json.integer(one.vat->minor);
    else
      json.null();
    json.key("currency").string(one.currency.text()).key("distance_m").integer(one.distance_m);
    json.key("source").string(one.source).key("provisional").boolean(one.provisional).end_object();
  }
  write_sums(json.end_array().key("sums"), sums);
  json.key("more").boolean(found.more).key("unreadable").integer(found.unreadable).end_object();
  return out + '\n';
}

std::string list_text(const Found& found, const std::vector<Sum>& sums) {
  std::string out = fmt::format("{:<28} {:<20} {:<16} {:>14} {:>12} {:>9}  {:<16} {}\n", "quote", "at",
                                "shop", "fee", "vat", "metres", "distance from", "tariff");
  for (const auto& one : found.quotes)
    out += fmt::format("{:<28} {:<20} {:<16} {:>14} {:>12} {:>9}  {:<16} {}\n", one.quote_id,
                       base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(one.at)),
                       one.shop.empty() ? "-" : one.shop, fee::readable(one.fee, one.currency),
                       one.vat ? fee::readable(*one.vat, one.currency) : "-", one.distance_m,
                       one.source + (one.provisional ? "*" : ""),
                       fmt::format("{} version {}", one.tariff, one.version));
  out += fmt::format("{}, the newest first{}{}\n",
                     counted(static_cast<std::int64_t>(found.quotes.size()), "quote", "quotes"),
                     found.more ? "; there are older ones ('--limit', '--to')" : "",
                     std::ranges::any_of(found.quotes, &Listed::provisional)
                         ? "; * provisional: a better distance may come"
                         : "");
  for (const auto& sum : sums)
    out += fmt::format("sum of {}: {} without VAT{}\n", counted(sum.quotes, "fee", "fees"),
                       fee::readable(sum.total, sum.currency),
                       sum.vat ? fmt::format(", VAT {}", fee::readable(*sum.vat, sum.currency)) : "");
  return out;
}

base::Result<Filter> read_filter(const Args& args) {
  Filter filter;
  filter.to = base::WallTime::max();
  std::vector<base::Fault> faults;
  const auto keep = [&](const auto& result) {
    if (!result) faults.push_back({result.error().where, result.error().message});
    return result.has_value();
  };
  for (const auto& [option, side] : {std::pair{"from", &filter.from}, std::pair{"to", &filter.to}}) {
    const auto text = args.get(option);
    if (!text) continue;
    const auto at = base::parse_rfc3339(*text, fmt::format("--{}", option));
    if (keep(at)) *side = *at;
  }
  const auto limit = integer_option(args, "limit", kUsualQuotes, 1, kMostQuotes);
  if (keep(limit)) filter.limit = *limit;
  if (faults.empty() && filter.from >= filter.to)
    faults.push_back({"--to", "is not after --from; a later time is needed"});
  filter.shop = args.get_or("shop", "");
  filter.branch = args.get_or("branch", "");
  filter.rung = args.get_or("rung", "");
  filter.missed = args.get_or("missed", "");
  constexpr std::string_view kRungs[] = {"provider", "memory", "road", "geodesic", "zone", "operator"};
  const auto kind = filter.rung.substr(0, filter.rung.find(':'));
  if (!kind.empty() && std::ranges::find(kRungs, kind) == std::end(kRungs))
    faults.push_back({"--rung", fmt::format("'{}' is no rung; allowed: {}, the first two with :NAME",
                                            filter.rung, fmt::join(kRungs, ", "))});
  filter.tariff = args.get_or("tariff", "");
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  return filter;
}

int run_list(const Args& args) {
  const auto filter = read_filter(args);
  if (!filter) return report(filter.error());
  const auto ledger = Ledger::open(*args.get("ledger"), {.mode = Ledger::Mode::kReadOnly});
  if (!ledger) return report(ledger.error());
  const auto found = find(**ledger, *filter);
  if (!found) return report(found.error());
  if (found->quotes.empty() && !filter->missed.empty())
    if (const auto known = check_provider(**ledger, filter->missed); !known) return report(known.error());
  const auto sums = sums_of(found->quotes);
  if (!sums) return report(sums.error());
  const int exit = deliver(args, args.has("json") ? list_json(*found, *sums) : list_text(*found, *sums));
  if (found->unreadable == 0 || exit != kDone) return exit;
  report({ErrorCode::kCorrupt, "ledger",
          fmt::format("has {} that cannot be read; 'reckon verify' names them",
                      counted(found->unreadable, "row", "rows"))});
  return kSomeRowsFailed;
}

}  // namespace

std::vector<Command> ledger_commands() {
  return {{"ledger list",
           "quotes on record, the newest first: find one, then 'reckon explain' it",
           "",
           0,
           0,
           {{"ledger", "URL", "such as sqlite:reckon.db"},
            {"shop", "S", "of this shop (the context's)"},
            {"branch", "B", "of this branch"},
            {"tariff", "ID", "under this tariff"},
            {"rung", "R", "measured so: provider, provider:kakao, memory, road, geodesic, zone, operator"},
            {"missed", "NAME", "that had to do without this provider"},
            {"from", "TIME", "made then or later, RFC 3339"},
            {"to", "TIME", "made before then"},
            {"limit", "N", "at most so many (default: 50)"},
            {"json", "", "one JSON document"},
            {"out", "FILE", "into a file"}},
           {"ledger"},
           run_list}};
}

}  // namespace reckon::cli
