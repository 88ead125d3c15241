#pragma once

// A day's money as double entry: from recorded deliveries, adjustments, deposits and payments to postings
// that sum to zero in each entry. Pure: no clock, no file. docs/settlement.md.
//
// An account is `<kind>:<name>`; its balance is what we owe its holder (negative: what is owed to us):
//   shop:S  prepaid deposit     hold:S  fees that the deposit did not cover (never above 0)
//   rider:R, branch:B, head_office, programme   their earnings     cash   money that came in is negative
//   vat:B, income_tax:B, local_tax:B   what branch B must pay on     insurance:NAME

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/fee/tariff.h"
#include "reckon/ledger/settlement_terms.h"

namespace reckon::ledger {

enum class DocumentKind : std::uint8_t {
  kDelivery,
  kAdjustment,
  kDeposit,
  kPayment,
  kReversal  ///< takes back a deposit or payment that was recorded wrongly
};
inline constexpr std::array<std::string_view, 5> kDocumentKindNames = {"DELIVERY", "ADJUSTMENT", "DEPOSIT",
                                                                       "PAYMENT", "REVERSAL"};

/// Why a fee is changed after the sale (docs/sources.md#settlement).
inline constexpr std::array<std::string_view, 4> kAdjustmentReasons = {"OVERLOAD", "CHANGE_DISTANCE",
                                                                       "CHANGE_EXTRA_CHARGE", "ETC"};

/// What happened, as it is recorded: never changed, in a hash chain.
struct Document {
  std::int64_t seq = 0;  ///< 1, 2, 3, … without holes
  DocumentKind kind = DocumentKind::kDelivery;
  std::chrono::sys_days day{};  ///< the local day to which it belongs
  base::WallTime at{};          ///< when it was delivered, decided, paid
  std::string quote_id;         ///< of a delivery or adjustment
  std::string shop, rider, branch;
  fee::Money amount;                 ///< fee without VAT; what is added to it; paid in; paid out; taken back
  std::optional<fee::Money> vat;     ///< of `amount`; nothing: the tariff has none
  std::optional<fee::Vat> vat_rule;  ///< of a delivery: how its VAT is made
  std::optional<fee::Money> rider_pay;  ///< of `amount`, where the rider's pay does not come from shares
  fee::Money before;                    ///< of an adjustment: the fee until then
  std::string reason;                   ///< of an adjustment; of a reversal: Reversed
  std::string by, note;                 ///< of all but a delivery; of a reversal: why
  std::string source;                   ///< of a delivery: the trace's hash; of an adjustment: adjusted_from
};

/// What an adjustment rests on: the delivery's day, by whose shares both splits are made, and the rider's pay
/// until then where it has a tariff of its own. As text: `2026-11-27` or `2026-11-27 3500`.
struct AdjustedFrom {
  std::chrono::sys_days day{};
  std::optional<fee::Money> rider_pay;

  std::string text() const;
  static std::optional<AdjustedFrom> parse(std::string_view text);
};

/// What a reversal takes back. As text: `PAYMENT 7`.
struct Reversed {
  DocumentKind kind = DocumentKind::kPayment;  ///< kDeposit or kPayment
  std::int64_t document = 0;                   ///< seq

  std::string text() const;
  static std::optional<Reversed> parse(std::string_view text);
};

enum class EntryKind : std::uint8_t {
  kDelivery,
  kAdjustment,
  kDeposit,
  kPayment,
  kHold,     ///< the deposit does not cover a charge: it waits
  kRelease,  ///< now it does
  kWithholding,
  kInsurance,
  kReversal
};
inline constexpr std::array<std::string_view, 9> kEntryKindNames = {"DELIVERY",    "ADJUSTMENT", "DEPOSIT",
                                                                    "PAYMENT",     "HOLD",       "RELEASE",
                                                                    "WITHHOLDING", "INSURANCE",  "REVERSAL"};

/// What one posting is for.
enum class What : std::uint8_t {
  kFee,
  kVat,
  kPay,
  kShare,
  kProgramme,
  kDeposit,
  kPayment,
  kHold,
  kIncomeTax,
  kLocalTax,
  kInsurance
};
inline constexpr std::array<std::string_view, 11> kWhatNames = {
    "FEE",     "VAT",  "PAY",        "SHARE",     "PROGRAMME", "DEPOSIT",
    "PAYMENT", "HOLD", "INCOME_TAX", "LOCAL_TAX", "INSURANCE"};

struct Posting {
  std::uint32_t account = 0;  ///< index into DayJournal::accounts
  What what = What::kFee;
  fee::Money amount;  ///< never 0
};

/// Postings [first, last) of DayJournal::postings; they sum to 0.
struct Entry {
  EntryKind kind = EntryKind::kDelivery;
  std::int64_t document = 0;  ///< seq, or 0
  std::size_t first = 0, last = 0;
};

/// A charge that waits for a deposit.
struct Hold {
  std::string shop;
  std::int64_t document = 0;
  fee::Money amount;  ///< > 0

  friend bool operator==(const Hold&, const Hold&) = default;
};

/// Where all accounts stand.
struct Position {
  std::map<std::string, fee::Money, std::less<>> balances;  ///< those that ever moved; sum 0
  std::vector<Hold> holds;                                  ///< by shop, then oldest first

  friend bool operator==(const Position&, const Position&) = default;
};

struct DayJournal {
  std::vector<std::string> accounts;
  std::vector<Entry> entries;
  std::vector<Posting> postings;
  Position closing;
};

/// Posts a day: documents in order of time, then what is kept back of each rider's pay of the day.
///
/// A charge that the shop's deposit does not cover is put on hold, and while one waits the shop's later ones
/// wait behind it; each payment into the deposit releases them in their order.
/// @param documents  of that day, in any order
/// @errors kNotFound  no row of the terms is in force for a branch; `where` is the table
///         kLimit     an amount that does not fit 64 bits; `where` is the account
/// Cost: O(documents), some microseconds each.
base::Result<DayJournal> post_day(const Terms& terms, std::chrono::sys_days day, const Position& opening,
                                  std::span<const Document> documents);

/// What a rider gets of a fee, and how the rest is shared; sums to the fee.
struct FeeShares {
  fee::Money rider, branch, head_office;
};
/// @errors as post_day
base::Result<FeeShares> share(const Terms& terms, std::string_view branch, std::chrono::sys_days day,
                              fee::Money fee, std::optional<fee::Money> rider_pay);

/// The sum of all balances: 0, or the books are broken. Nothing where it does not fit 64 bits.
std::optional<fee::Money> sum_of(const Position& position);

/// The journal and where it left all accounts, as hashes: equal inputs give equal hashes on every machine.
std::string journal_hash(const DayJournal& journal);
std::string position_hash(const Position& position);

}  // namespace reckon::ledger
