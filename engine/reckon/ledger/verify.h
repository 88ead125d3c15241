#pragma once

// Recomputes what was recorded: every stored fee from its stored inputs and tariff, byte for byte, and the
// chain that names a changed or missing row.

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

struct VerifyReport {
  std::int64_t rows = 0;  ///< rows read
  std::vector<Difference> differences;
  std::vector<Gap> gaps;  ///< recorded gaps: told, not counted as differences
};

/// Reads the whole ledger. Told of progress as rows done of all. At most `max_differences` are kept.
/// @errors kEnvironment  the ledger cannot be read at all
/// Cost: some tens of microseconds a row.
base::Result<VerifyReport> verify(const Ledger& ledger,
                                  const std::function<void(std::int64_t, std::int64_t)>& progress,
                                  std::size_t max_differences = 100);

/// Recomputes one trace under its tariff (both JSON): what differs, or nothing.
/// @param trace_hash  the hash that the trace must have
std::vector<Difference> verify_trace(std::string_view trace, std::string_view tariff,
                                     std::string_view trace_hash);

}  // namespace reckon::ledger
