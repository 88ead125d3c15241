#include "reckon/ledger/incident_quotes.h"

#include <algorithm>
#include <compare>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "reckon/base/json_reader.h"
#include "reckon/fee/price.h"
#include "reckon/ledger/shadow.h"
#include "reckon/ledger/why_not.h"

namespace reckon::ledger {
namespace {

/// Fees that are told together: the same currency, and the same footing.
struct Footing {
  std::string currency;
  bool exact = false;
  std::string guessed;  ///< the provider whose answer was wanted; empty where it is exact
  ShadowKind kind;      ///< without vehicle and calibration where it is exact
  friend auto operator<=>(const Footing&, const Footing&) = default;
};

/// What a row says of one provider.
struct Told {
  std::string source = "unreadable";
  bool readable = false;
  bool concerned = false;  ///< and readable
  Footing footing;
  fee::Money fee;
};

// Only a guess needs its trace read: what it is like.
bool read_kind(const QuoteRow& row, ShadowKind& kind) {
  const auto inputs = fee::read_trace_inputs(row.trace, "trace");
  if (!inputs || !inputs->distance.trip) return false;
  kind.vehicle = inputs->distance.trip->vehicle;
  kind.calibration = inputs->distance.calibration.value_or("");
  return true;
}

Told read_told(const QuoteRow& row, std::string_view provider) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  Told told;
  const auto document = base::JsonDocument::parse(row.quote, "quote");
  if (!document) return told;
  base::Faults faults("quote");
  const auto root = document->root(faults);
  const auto distance = root.required("distance"), fee = root.required("fee");
  told.source = distance.required("source").string().value_or("unreadable");
  told.fee = {fee.required("total").integer(-kMost, kMost).value_or(0)};
  told.footing.currency = fee.required("currency").string().value_or("");
  told.footing.kind.source = told.source;
  const auto missed = providers_missed(distance);
  told.footing.exact = missed.empty();
  if (!missed.empty()) told.footing.guessed = missed.front();
  told.concerned = missed.empty() ? told.source == "provider:" + std::string(provider)
                                  : std::ranges::find(missed, provider) != missed.end();
  told.readable =
      faults.empty() && (!told.concerned || told.footing.exact || read_kind(row, told.footing.kind));
  told.concerned = told.concerned && told.readable;
  return told;
}

using Sums = std::map<Footing, FeeSum>;

base::Result<void> count(FeeSum& sum, const FeeSum& more) {
  const auto total = fee::add(sum.total, more.total);
  if (!total) return base::fail(base::ErrorCode::kCorrupt, "quotes", "have fees whose sum exceeds 64 bits");
  sum.total = *total;
  sum.quotes += more.quotes;
  sum.likened += more.likened;
  sum.expected_same += more.expected_same;
  sum.pairs += more.pairs;
  return {};
}

// Fills in what the shadows of a provider until then say of the guesses of its answers.
base::Result<void> liken(const Ledger& ledger, base::WallTime until, Sums& sums,
                         const std::function<void(std::int64_t, std::int64_t)>& progress) {
  std::set<std::string> guessed;
  for (const auto& [footing, sum] : sums)
    if (!footing.exact) guessed.insert(footing.guessed);
  for (const auto& provider : guessed) {
    const auto reports = shadow_reports(ledger, {.until = until}, provider, progress);
    if (!reports) return base::fail(reports.error());
    for (auto& [footing, sum] : sums) {
      if (footing.guessed != provider) continue;
      const auto report = std::ranges::find(reports->reports, footing.currency, &ShadowReport::currency);
      if (report == reports->reports.end()) continue;
      const auto like = report->kinds.find(footing.kind);
      if (like == report->kinds.end()) continue;
      sum.likened = sum.quotes;
      sum.expected_same = like->second.same_share() * static_cast<double>(sum.quotes);
      sum.pairs = like->second.pairs;
    }
  }
  return {};
}

RungFees& rung_of(CurrencyFees& fees, const Footing& footing) {
  const auto found = std::ranges::find_if(fees.rungs, [&](const auto& one) {
    return one.exact == footing.exact && one.rung == footing.kind.source;
  });
  if (found != fees.rungs.end()) return *found;
  return fees.rungs.emplace_back(RungFees{footing.kind.source, footing.exact, {}});
}

base::Result<std::vector<CurrencyFees>> by_currency(const Sums& sums) {
  std::vector<CurrencyFees> all;
  for (const auto& [footing, sum] : sums) {
    if (all.empty() || all.back().currency != footing.currency) {
      all.emplace_back();
      all.back().currency = footing.currency;
    }
    auto& fees = all.back();
    for (auto* part : {&rung_of(fees, footing).sum, &fees.all, &fees.guessed}) {
      if (part == &fees.guessed && footing.exact) continue;
      if (const auto counted = count(*part, sum); !counted) return base::fail(counted.error());
    }
  }
  for (auto& fees : all)
    std::ranges::sort(fees.rungs, {}, [](const auto& rung) { return std::pair(!rung.exact, rung.rung); });
  return all;
}

}  // namespace

base::Result<IncidentQuotes> incident_quotes(
    const Ledger& ledger, const Incident& incident,
    const std::function<void(std::int64_t, std::int64_t)>& progress) {
  const auto last = ledger.last_seq();
  if (!last) return base::fail(last.error());
  const auto until = incident.closed_at.value_or(base::WallTime::max());
  IncidentQuotes out;
  Sums sums;
  base::Result<void> counted;
  const auto read = ledger.for_each(1, [&](const StoredRow& stored) {
    if (progress) progress(stored.seq, *last);
    if (stored.row.created_at < incident.first_failure || stored.row.created_at > until) return true;
    const auto told = read_told(stored.row, incident.provider);
    ++out.sources[told.source];
    out.unreadable += told.readable ? 0 : 1;
    if (told.concerned) counted = count(sums[told.footing], {1, told.fee});
    return counted.has_value();
  });
  if (!read) return base::fail(read.error());
  if (!counted) return base::fail(counted.error());
  if (const auto likened = liken(ledger, until, sums, progress); !likened) return base::fail(likened.error());
  auto fees = by_currency(sums);
  if (!fees) return base::fail(fees.error());
  out.fees = *std::move(fees);
  return out;
}

}  // namespace reckon::ledger
