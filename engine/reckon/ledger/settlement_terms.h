#pragma once

// Who gets what of a delivery's money, and what is kept back of a rider's pay: tables by date, read from a
// file. No rate stands in code. docs/settlement.md.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/fee/money.h"

namespace reckon::ledger {

/// Rows of one table: two changes a year for a hundred branches over many years.
inline constexpr std::size_t kMaxTermsRows = 5'000;

/// Who has a part in a delivery.
enum class Party : std::uint8_t { kShop, kRider, kBranch, kHeadOffice };
inline constexpr std::array<std::string_view, 4> kPartyNames = {"shop", "rider", "branch", "head_office"};

/// From when a row counts, and for whom: a row of the branch goes before one for all.
struct Validity {
  std::chrono::sys_days from{};  ///< local day
  std::string branch;            ///< empty = every branch without rows of its own
};

/// How a fee is shared; the three sum to 1,000,000. Where the rider's pay has a tariff of its own, branch and
/// head office share what it leaves, in proportion to their rates (all to the branch where both are 0).
struct Shares : Validity {
  std::int64_t rider_ppm = 0, branch_ppm = 0, head_office_ppm = 0;
  Party remainder_to = Party::kBranch;  ///< not the shop
};

/// What the programme's maker gets for each delivery.
struct ProgrammeFee : Validity {
  fee::Money amount;
  Party paid_by = Party::kBranch;  ///< not the head office
};

struct Tax {
  std::int64_t rate_ppm = 0;
  fee::Rounding rounding;
};

/// Kept back of a rider's pay of one day from one branch.
struct Withholding : Validity {
  Tax income, local;
  bool local_on_income_tax = false;  ///< the local tax stands on the income tax, not on the pay
};

/// One insurance, shared by rider and branch, on pay less a rate of expenses.
struct Insurance : Validity {
  std::string name;
  std::int64_t expense_ppm = 0, rider_ppm = 0, branch_ppm = 0;
  fee::Rounding rounding;
};

struct Terms {
  fee::Currency currency;
  std::optional<base::TimeZone> time_zone;  ///< in which days begin; always set by the reader
  std::vector<Shares> shares;
  std::vector<ProgrammeFee> programme_fees;
  std::vector<Withholding> withholding;
  std::vector<Insurance> insurance;
  std::string text;     ///< compact JSON of the file
  std::string release;  ///< `sha256:…` of `text`
};

/// Reads terms of settlement.
/// @param name  stands in `where`
/// @errors kInvalidInput  every fault: unknown keys, shares that do not sum to 1,000,000, two rows of one
/// day, …
base::Result<Terms> read_terms(std::string_view bytes, std::string_view name);

/// The row that counts for a branch on a day, or null: of its own rows the latest begun, else of those for
/// all.
template <class Row>
const Row* in_force(const std::vector<Row>& rows, std::string_view branch, std::chrono::sys_days day) {
  const Row* best = nullptr;
  for (const auto& row : rows) {
    if (row.from > day || (!row.branch.empty() && row.branch != branch)) continue;
    const bool as_near = best != nullptr && row.branch == best->branch;
    if (best == nullptr || (as_near ? row.from > best->from : best->branch.empty())) best = &row;
  }
  return best;
}

/// The local day of an instant.
std::chrono::sys_days day_of(const Terms& terms, base::WallTime at);
/// The last second of a local day: when what is posted once a day is told to have been.
base::WallTime end_of(const Terms& terms, std::chrono::sys_days day);
/// `2026-03-01`, or nothing.
std::optional<std::chrono::sys_days> parse_day(std::string_view text);

/// A part of `amount`; of a negative one the same with the other sign, so that what is taken back is what was
/// given.
/// @return nothing when it does not fit 64 bits
std::optional<fee::Money> part_of(fee::Money amount, std::int64_t ppm, const fee::Rounding& rounding);

}  // namespace reckon::ledger
