#include "reckon/ledger/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"

namespace reckon::ledger {
namespace {

using TariffPointer = std::shared_ptr<const fee::Tariff>;

base::Result<TariffPointer> load_tariff(std::string_view canonical, std::string_view release) {
  auto tariff = fee::read_tariff(canonical, std::string(release));
  if (!tariff) return base::fail(tariff.error());
  if (tariff->release != release) {
    return base::fail(base::ErrorCode::kCorrupt, std::string(release),
                      fmt::format("its content hashes to {}", tariff->release));
  }
  return std::make_shared<const fee::Tariff>(std::move(*tariff));
}

// The first place at which two texts part, with a little of each.
std::string first_difference(std::string_view stored, std::string_view computed) {
  const auto [a, b] = std::ranges::mismatch(stored, computed);
  const auto at = static_cast<std::size_t>(a - stored.begin());
  const auto from = at < 20 ? 0 : at - 20;
  return fmt::format("differs at byte {}: stored '…{}…', computed '…{}…'", at, stored.substr(from, 48),
                     computed.substr(from, 48));
}

// What is wrong with a trace under its tariff; empty when it recomputes.
std::string trace_fault(std::string_view trace, const TariffPointer& tariff) {
  const auto inputs = fee::read_trace_inputs(trace, "trace");
  if (!inputs)
    return fmt::format("trace cannot be read: {}: {}", inputs.error().where, inputs.error().message);
  const auto again = fee::price(tariff, inputs->context, inputs->distance);
  if (!again) return fmt::format("fee cannot be computed again: {}", again.error().message);
  const auto computed = fee::to_json(*again);
  return computed == trace ? std::string{} : "trace " + first_difference(trace, computed);
}

// What the quote as told says of the fee, against the trace behind it.
std::string quote_fault(const QuoteRow& row) {
  const auto document = base::JsonDocument::parse(row.quote, "quote");
  if (!document)
    return fmt::format("quote cannot be read: {}: {}", document.error().where, document.error().message);
  base::Faults faults("quote");
  const auto root = document->root(faults);
  const auto id = root.required("quote_id").string();
  const auto hash = root.required("trace_hash").string();
  if (!faults.empty()) return fmt::format("quote is not whole: {}", faults.list()[0].message);
  if (*id != row.quote_id) return fmt::format("quote names another id, '{}'", *id);
  const auto trace_document = base::JsonDocument::parse(row.trace, "trace");
  if (!trace_document) return "trace cannot be read: " + trace_document.error().message;
  for (const std::string_view part : {"total", "vat", "currency", "lines"}) {
    const auto told = root.required("fee").required(part).dump();
    const auto traced = trace_document->root(faults).required(part).dump();
    if (told != traced) return fmt::format("quote's fee says {} {}, the trace says {}", part, told, traced);
  }
  const auto computed = base::sha256(row.trace);
  if (*hash != computed) return fmt::format("quote names trace hash {}, the trace has {}", *hash, computed);
  return {};
}

std::string link_fault(std::string_view previous, const StoredRow& stored) {
  return chain_hash(previous, stored.seq, stored.row) == stored.row_hash
             ? std::string()
             : "does not match its hash: a field of this row, or the row before it, was changed";
}

// What is wrong with the chain of events: told with the rows' own differences.
void verify_events(const Ledger& ledger, const std::function<void(std::string, std::string)>& add) {
  std::string previous;
  std::int64_t next = 1;
  const auto read = ledger.for_each_event(1, [&](const StoredEvent& stored) {
    const auto where = fmt::format("event {}", stored.seq);
    if (stored.seq != next) add(where, fmt::format("follows event {}: some are missing", next - 1));
    if (event_hash(previous, stored.seq, stored.event) != stored.row_hash)
      add(where, "does not match its hash: a field of this event, or the event before it, was changed");
    previous = stored.row_hash;
    next = stored.seq + 1;
    return true;
  });
  if (!read) add(read.error().where, read.error().message);
}

class Verifier {
 public:
  Verifier(const Ledger& ledger, std::size_t max_differences) : ledger_(ledger), max_(max_differences) {}

  bool visit(const StoredRow& stored) {
    ++report_.rows;
    if (stored.seq != next_) {
      add(fmt::format("row {}", next_),
          stored.seq == next_ + 1 ? "is missing" : fmt::format("to row {} are missing", stored.seq - 1));
    }
    next_ = stored.seq + 1;
    mark_clock_step(stored);
    const auto where = fmt::format("row {} (quote {})", stored.seq, stored.row.quote_id);
    if (const auto fault = link_fault(previous_, stored); !fault.empty()) add(where, fault);
    previous_ = stored.row_hash;
    if (const auto fault = quote_fault(stored.row); !fault.empty()) add(where, fault);
    if (const auto& tariff = tariff_of(stored.row.tariff_release)) {
      if (const auto fault = trace_fault(stored.row.trace, tariff); !fault.empty()) add(where, fault);
    } else {
      add(where, fmt::format("its tariff {} is missing or damaged", stored.row.tariff_release));
    }
    return !full();
  }

  void add(std::string where, std::string what) {
    if (!full()) report_.differences.push_back({std::move(where), std::move(what)});
  }
  bool full() const { return report_.differences.size() >= max_; }
  std::int64_t next() const { return next_; }
  void skip_unreadable() {
    ++next_;
    previous_.clear();
  }
  VerifyReport take() { return std::move(report_); }

 private:
  void mark_clock_step(const StoredRow& stored) {
    const auto at = stored.row.created_at;
    if (latest_ && *latest_ - at >= kLeastClockStep) {
      if (report_.clock_steps.size() < max_)
        report_.clock_steps.push_back(
            {stored.seq, std::chrono::duration_cast<std::chrono::seconds>(*latest_ - at)});
      latest_ = at;  // told once a step
    }
    latest_ = std::max(latest_.value_or(at), at);
  }

  const TariffPointer& tariff_of(const std::string& release) {
    const auto [at, fresh] = tariffs_.try_emplace(release);
    if (!fresh) return at->second;
    const auto canonical = ledger_.tariff(release);
    auto loaded = !canonical   ? base::fail(canonical.error())
                  : *canonical ? load_tariff(**canonical, release)
                               : base::fail(base::ErrorCode::kNotFound, release, "is not in the ledger");
    if (loaded) {
      at->second = std::move(*loaded);
    } else {
      add("tariff " + release, loaded.error().message);
    }
    return at->second;
  }

  const Ledger& ledger_;
  std::size_t max_;
  VerifyReport report_;
  std::map<std::string, TariffPointer> tariffs_;
  std::int64_t next_ = 1;
  std::string previous_;
  std::optional<base::WallTime> latest_;
};

}  // namespace

base::Result<VerifyReport> verify(const Ledger& ledger,
                                  const std::function<void(std::int64_t, std::int64_t)>& progress,
                                  std::size_t max_differences) {
  const auto last = ledger.last_seq();
  if (!last) return base::fail(last.error());
  Verifier verifier(ledger, max_differences);
  for (const auto& fault : ledger.structure_faults()) verifier.add("structure", fault);
  if (const auto changed = ledger.changed_answers(); !changed) {
    verifier.add("answers", changed.error().message);
  } else {
    for (const auto& key : *changed) verifier.add("answer " + key, "does not match its hash: it was changed");
  }
  while (verifier.next() <= *last && !verifier.full()) {
    const auto read = ledger.for_each(verifier.next(), [&](const StoredRow& stored) {
      if (progress) progress(stored.seq, *last);
      return verifier.visit(stored);
    });
    if (read) break;
    verifier.add(fmt::format("row {}", verifier.next()), read.error().message);
    verifier.skip_unreadable();
  }
  verify_events(
      ledger, [&](std::string where, std::string what) { verifier.add(std::move(where), std::move(what)); });
  auto report = verifier.take();
  if (auto gaps = ledger.gaps()) report.gaps = std::move(*gaps);
  return report;
}

std::string row_fault(std::string_view previous, const StoredRow& stored) {
  auto fault = link_fault(previous, stored);
  return fault.empty() ? quote_fault(stored.row) : fault;
}

std::vector<Difference> verify_trace(std::string_view trace, std::string_view tariff,
                                     std::string_view trace_hash) {
  std::vector<Difference> differences;
  if (const auto computed = base::sha256(trace); computed != trace_hash) {
    differences.push_back({"trace_hash", fmt::format("is {}, the trace has {}", trace_hash, computed)});
  }
  auto loaded = fee::read_tariff(tariff, "tariff");
  if (!loaded) {
    differences.push_back({loaded.error().where, loaded.error().message});
    return differences;
  }
  if (const auto inputs = fee::read_trace_inputs(trace, "trace");
      inputs && inputs->tariff_release != loaded->release) {
    differences.push_back(
        {"tariff", fmt::format("hashes to {}, the trace names {}", loaded->release, inputs->tariff_release)});
  }
  const auto fault = trace_fault(trace, std::make_shared<const fee::Tariff>(std::move(*loaded)));
  if (!fault.empty()) differences.push_back({"trace", fault});
  return differences;
}

}  // namespace reckon::ledger
