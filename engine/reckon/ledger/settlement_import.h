#pragma once

// Delivered orders as a branch hands them in, joined with the quotes that priced them. docs/settlement.md.

#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/ledger/ledger.h"
#include "reckon/ledger/row_faults.h"
#include "reckon/ledger/settlement.h"

namespace reckon::ledger {

/// Rows of one file: ten of the largest days.
inline constexpr std::size_t kMaxDeliveries = 1'000'000;

/// One delivered order as its row says.
struct Delivered {
  std::string where;  ///< `<name>:<line>`
  std::string quote_id, shop, rider, branch;
  base::WallTime at{};  ///< when it was delivered
};

/// Reads CSV (columns quote_id, shop, rider, branch, delivered_at; further ones are passed over) or, where
/// the first character is `{`, JSON lines with these keys.
/// @param faults  takes every fault, as `<name>:<line>`, by line
/// @return the rows without one: whoever goes on with them can tell what else is wrong
std::vector<Delivered> read_deliveries(std::string_view bytes, std::string_view name, RowFaults& faults);

/// The documents of deliveries: fee, VAT, the tariff's VAT rule and rider's pay come from the quotes on
/// record.
struct Joined {
  std::vector<Document> documents;
  std::vector<std::string> wheres;  ///< of each document
};
/// @param faults  takes every fault: a quote that is not in the ledger or was changed there, another shop or
///                branch than the quote's, delivered before it was quoted or after `now`, another currency
/// @return the documents of those without one
/// @errors kEnvironment, kCorrupt  the ledger cannot be read
/// Cost: some 50 µs a delivery.
base::Result<Joined> join_quotes(const std::vector<Delivered>& deliveries, const Ledger& ledger,
                                 const Terms& terms, base::WallTime now, RowFaults& faults);

/// A name that may stand in an account: 1 to 64 letters, digits, '-', '_', '.', beginning with neither '.'
/// (it names files) nor '-' (an option, or a formula in a cell).
bool is_party_name(std::string_view text);

}  // namespace reckon::ledger
