#pragma once

// What an outage cost: the quotes made meanwhile, and for those that asked the provider in vain what their
// fees stand on, how much money that is, and how many of them are probably the provider's all the same.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/fee/money.h"
#include "reckon/ledger/incidents.h"
#include "reckon/ledger/ledger.h"

namespace reckon::ledger {

/// Some fees, and what the shadows on record (shadow.h) say of their like.
struct FeeSum {
  std::int64_t quotes = 0;
  fee::Money total;          ///< without VAT
  std::int64_t likened = 0;  ///< of `quotes`: those of a kind that has a shadow on record
  double expected_same = 0;  ///< of `likened`: how many fees are probably the provider's; [0, likened]
  std::int64_t pairs = 0;    ///< shadows that this stands on
  double expected_share() const { return likened == 0 ? 0 : expected_same / static_cast<double>(likened); }
};

/// Fees of one rung.
struct RungFees {
  std::string rung;    ///< a Source label: `provider:kakao`, `memory:kakao`, `road`, `geodesic`
  bool exact = false;  ///< the answer of the first provider that serves the vehicle; else a guess of it
  FeeSum sum;
};

struct CurrencyFees {
  std::string currency;
  FeeSum all;
  FeeSum guessed;               ///< of these, what no exact answer priced
  std::vector<RungFees> rungs;  ///< exact ones first, then by name
};

struct IncidentQuotes {
  std::map<std::string, std::int64_t> sources;  ///< all quotes of the time, by the source of their distance
  std::vector<CurrencyFees> fees;               ///< of those that concern the provider; by currency
  std::int64_t unreadable = 0;                  ///< rows that cannot be told
};

/// Quotes made from the incident's first failure until its end, if it has one.
///
/// A quote concerns the provider when it has its exact answer, or when the provider stands in its `why_not`,
/// for any reason but `vehicle` and `same_place`: then it would not have been asked anyway.
/// A guess's like are the shadows of the same provider (the first one that serves the vehicle), currency,
/// vehicle, calibration and source, made before the incident was over: what is told of one that is over does
/// not change any more. Other providers' answers and repeated ones of memory have none.
/// @errors kEnvironment, kCorrupt  the ledger cannot be read, or a sum does not fit 64 bits
/// Cost: a pass over the ledger, and one of shadow_reports for each provider that was guessed.
base::Result<IncidentQuotes> incident_quotes(
    const Ledger& ledger, const Incident& incident,
    const std::function<void(std::int64_t, std::int64_t)>& progress = {});

}  // namespace reckon::ledger
