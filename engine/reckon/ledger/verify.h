#pragma once

// Recomputes what was recorded: every stored fee from its stored inputs and tariff, byte for byte, and the
// chain that names a changed or missing row.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "reckon/base/result.h"
#include "reckon/ledger/ledger.h"

namespace reckon::ledger {

/// One thing that differs.
struct Difference {
  std::string where;  ///< `row 17 (quote 01H…)`, `tariff sha256:…`, `structure`
  std::string what;
};

/// A row that says it was made well before the one recorded before it: the machine's clock was set back. The
/// order is that of `seq`, whatever the clock says.
struct ClockStep {
  std::int64_t seq = 0;
  std::chrono::seconds back{};
};

/// Callers of many threads may be recorded out of their order by as much.
inline constexpr std::chrono::seconds kLeastClockStep{60};

struct VerifyReport {
  std::int64_t rows = 0;  ///< rows read
  std::vector<Difference> differences;
  std::vector<Gap> gaps;                    ///< recorded gaps: told, not counted as differences
  std::vector<ClockStep> clock_steps = {};  ///< likewise; at most as many as differences
};

/// Reads the whole ledger. Told of progress as rows done of all. At most `max_differences` are kept.
/// @errors kEnvironment  the ledger cannot be read at all
/// Cost: some tens of microseconds a row.
base::Result<VerifyReport> verify(const Ledger& ledger,
                                  const std::function<void(std::int64_t, std::int64_t)>& progress,
                                  std::size_t max_differences = 100);

/// What is wrong with a recorded row by itself: its link to the row before (of hash `previous`; empty for the
/// first), and what its quote tells of the fee against its trace. Empty when nothing is.
/// Cost: hashing the row and reading its two texts; the fee is not computed again.
std::string row_fault(std::string_view previous, const StoredRow& stored);

/// Recomputes one trace under its tariff (both JSON): what differs, or nothing.
/// @param trace_hash  the hash that the trace must have
std::vector<Difference> verify_trace(std::string_view trace, std::string_view tariff,
                                     std::string_view trace_hash);

}  // namespace reckon::ledger
