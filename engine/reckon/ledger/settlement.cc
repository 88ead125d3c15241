#include "reckon/ledger/settlement.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <iterator>
#include <limits>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/fee/condition.h"
#include "reckon/fee/split.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;
using fee::Money;

constexpr fee::Rounding kDown{1, fee::RoundingMode::kDown};

// Checked sums. The first fault is kept, and what follows it is of no account.
class Sums {
 public:
  Money needed(std::optional<Money> amount, std::string_view where) {
    if (amount) return *amount;
    fail(ErrorCode::kLimit, std::string(where), "does not fit 64 bits; a smaller amount is needed");
    return {};
  }
  Money plus(Money a, Money b, std::string_view where) { return needed(fee::add(a, b), where); }
  Money negated(Money amount, std::string_view where) {
    if (amount.minor == std::numeric_limits<std::int64_t>::min()) return needed({}, where);
    return {-amount.minor};
  }
  Money minus(Money a, Money b, std::string_view where) { return plus(a, negated(b, where), where); }
  void fail(ErrorCode code, std::string where, std::string message) {
    if (!fault_) fault_ = base::Error{code, std::move(where), std::move(message)};
  }
  const std::optional<base::Error>& fault() const { return fault_; }

  /// The row in force; a row of zeros, and a fault, where none is.
  template <class Row>
  const Row& row(const std::vector<Row>& rows, std::string_view table, std::string_view branch,
                 std::chrono::sys_days day) {
    static const Row kNone{};
    if (const Row* found = in_force(rows, branch, day)) return *found;
    fail(ErrorCode::kNotFound, fmt::format("terms#/{}", table),
         fmt::format("no row is in force on {} for branch '{}'; a row from that day or earlier is needed",
                     fee::date_text(day), branch));
    return kNone;
  }

 private:
  std::optional<base::Error> fault_;
};

FeeShares shares_of(Sums& sums, const Shares& row, Money fee, std::optional<Money> rider_pay) {
  std::array<std::int64_t, 3> weights = {row.rider_ppm, row.branch_ppm, row.head_office_ppm};
  auto remainder_to = static_cast<std::size_t>(row.remainder_to) - 1;
  Money rest = fee;
  if (rider_pay) {
    rest = sums.minus(fee, *rider_pay, "rider_pay");
    weights[0] = 0;
    if (weights[1] + weights[2] == 0) weights[1] = 1;
    if (remainder_to == 0) remainder_to = 1;
  }
  const auto parts = fee::split(rest, weights, remainder_to);
  if (!parts) {  // no row was in force, which is told already, or it does not fit
    sums.needed({}, "shares");
    return {};
  }
  return {rider_pay.value_or((*parts)[0]), (*parts)[1], (*parts)[2]};
}

// Builds one day's journal.
class Poster {
 public:
  Poster(const Terms& terms, std::chrono::sys_days day, const Position& opening) : terms_(terms), day_(day) {
    for (const auto& [name, balance] : opening.balances) balances_[id_of(name)] = balance;
    for (const auto& hold : opening.holds) holds_[hold.shop].push_back(hold);
  }

  const std::optional<base::Error>& fault() const { return sums_.fault(); }

  void post(const Document& document) {
    switch (document.kind) {
      case DocumentKind::kDelivery:
        delivery(document);
        return;
      case DocumentKind::kAdjustment:
        adjustment(document);
        return;
      case DocumentKind::kDeposit:
        begin(EntryKind::kDeposit, document.seq);
        move("cash", account("shop", document.shop), What::kDeposit, document.amount);
        end();
        release(document.shop);
        return;
      case DocumentKind::kPayment:
        begin(EntryKind::kPayment, document.seq);
        move(payee(document), "cash", What::kPayment, document.amount);
        end();
        return;
      case DocumentKind::kReversal:
        reversal(document);
        return;
    }
  }

  /// What is kept back of the day's pay, by branch and rider.
  void keep_back() {
    for (const auto& [who, pay] : pay_) {
      withhold(who.first, who.second, pay);
      insure(who.first, who.second, pay);
    }
  }

  DayJournal finish() {
    for (std::size_t i = 0; i < journal_.accounts.size(); ++i)
      journal_.closing.balances.emplace(journal_.accounts[i], balances_[i]);
    for (const auto& [shop, waiting] : holds_)
      journal_.closing.holds.insert(journal_.closing.holds.end(), waiting.begin(), waiting.end());
    return std::move(journal_);
  }

 private:
  static std::string account(std::string_view kind, std::string_view name) {
    std::string text(kind);
    text += ':';
    return text += name;
  }

  static std::string payee(const Document& document) {
    if (!document.rider.empty()) return account("rider", document.rider);
    if (!document.branch.empty()) return account("branch", document.branch);
    return account("shop", document.shop);
  }

  std::uint32_t id_of(const std::string& name) {
    const auto [at, fresh] = ids_.try_emplace(name, static_cast<std::uint32_t>(journal_.accounts.size()));
    if (fresh) {
      journal_.accounts.push_back(name);
      balances_.emplace_back();
    }
    return at->second;
  }

  void begin(EntryKind kind, std::int64_t document) {
    journal_.entries.push_back({kind, document, journal_.postings.size(), 0});
  }

  void end() {
    auto& entry = journal_.entries.back();
    entry.last = journal_.postings.size();
    if (entry.first == entry.last) {
      journal_.entries.pop_back();
      return;
    }
    Money sum;
    for (std::size_t i = entry.first; i < entry.last; ++i)
      sum = sums_.plus(sum, journal_.postings[i].amount, "entry");
    RECKON_CHECK(sum.minor == 0 || fault());
  }

  void add(const std::string& name, What what, Money amount) {
    if (amount.minor == 0) return;
    const auto id = id_of(name);
    balances_[id] = sums_.plus(balances_[id], amount, name);
    journal_.postings.push_back({id, what, amount});
  }

  void move(const std::string& from, const std::string& to, What what, Money amount) {
    add(from, what, sums_.negated(amount, from));
    add(to, what, amount);
  }

  // Fee and VAT from the shop to those who share it.
  void spread(const Document& document, const FeeShares& shares) {
    const auto shop = account("shop", document.shop);
    const auto branch = account("branch", document.branch);
    add(shop, What::kFee, sums_.negated(document.amount, shop));
    add(account("rider", document.rider), What::kPay, shares.rider);
    add(branch, What::kShare, shares.branch);
    add("head_office", What::kShare, shares.head_office);
    if (document.vat) move(shop, account("vat", document.branch), What::kVat, *document.vat);
    auto& pay = pay_[{document.branch, document.rider}];
    pay = sums_.plus(pay, shares.rider, "pay");
  }

  void delivery(const Document& document) {
    const auto& row = sums_.row(terms_.shares, "shares", document.branch, day_);
    const auto& programme = sums_.row(terms_.programme_fees, "programme_fee", document.branch, day_);
    begin(EntryKind::kDelivery, document.seq);
    spread(document, shares_of(sums_, row, document.amount, document.rider_pay));
    move(payer(document, programme.paid_by), "programme", What::kProgramme, programme.amount);
    end();
    Money charge = sums_.plus(document.amount, document.vat.value_or(Money{}), "charge");
    if (programme.paid_by == Party::kShop) charge = sums_.plus(charge, programme.amount, "charge");
    charged(document, charge);
  }

  // As if the fee had been the other one from the start: the difference of the two splits, both by the shares
  // of the delivery's day.
  void adjustment(const Document& document) {
    const auto from = AdjustedFrom::parse(document.source);
    if (!from || from->rider_pay.has_value() != document.rider_pay.has_value()) {
      sums_.fail(ErrorCode::kCorrupt, fmt::format("document {}", document.seq),
                 "does not tell what it adjusts; the books were changed");
      return;
    }
    const auto& row = sums_.row(terms_.shares, "shares", document.branch, from->day);
    auto pay = from->rider_pay;
    const auto old = shares_of(sums_, row, document.before, pay);
    if (pay) pay = sums_.plus(*pay, *document.rider_pay, "rider_pay");
    const auto now = shares_of(sums_, row, sums_.plus(document.before, document.amount, "fee"), pay);
    begin(EntryKind::kAdjustment, document.seq);
    spread(document, {sums_.minus(now.rider, old.rider, "pay"), sums_.minus(now.branch, old.branch, "share"),
                      sums_.minus(now.head_office, old.head_office, "share")});
    end();
    charged(document, sums_.plus(document.amount, document.vat.value_or(Money{}), "charge"));
  }

  // The other way round. A deposit taken back may leave the shop owing; money back in its deposit covers what
  // waits.
  void reversal(const Document& document) {
    const auto of = Reversed::parse(document.reason);
    if (!of) {
      sums_.fail(ErrorCode::kCorrupt, fmt::format("document {}", document.seq),
                 "does not tell what it takes back; the books were changed");
      return;
    }
    begin(EntryKind::kReversal, document.seq);
    if (of->kind == DocumentKind::kDeposit)
      move(account("shop", document.shop), "cash", What::kDeposit, document.amount);
    else
      move("cash", payee(document), What::kPayment, document.amount);
    end();
    if (!document.shop.empty()) release(document.shop);
  }

  static std::string payer(const Document& document, Party party) {
    switch (party) {
      case Party::kShop:
        return account("shop", document.shop);
      case Party::kRider:
        return account("rider", document.rider);
      case Party::kBranch:
        return account("branch", document.branch);
      case Party::kHeadOffice:
        break;
    }
    return "head_office";
  }

  // After a charge: on hold where the deposit did not cover it, or others wait already.
  void charged(const Document& document, Money charge) {
    const auto shop = account("shop", document.shop);
    if (charge.minor <= 0) {
      release(document.shop);
      return;
    }
    auto& waiting = holds_[document.shop];
    if (balances_[id_of(shop)].minor >= 0 && waiting.empty()) return;
    begin(EntryKind::kHold, document.seq);
    move(account("hold", document.shop), shop, What::kHold, charge);
    end();
    waiting.push_back({document.shop, document.seq, charge});
  }

  // The shop's oldest charges that the deposit covers now.
  void release(const std::string& name) {
    const auto shop = account("shop", name);
    auto& waiting = holds_[name];
    while (!waiting.empty() && balances_[id_of(shop)] >= waiting.front().amount) {
      begin(EntryKind::kRelease, waiting.front().document);
      move(shop, account("hold", name), What::kHold, waiting.front().amount);
      end();
      waiting.pop_front();
    }
  }

  void withhold(const std::string& branch, const std::string& rider, Money pay) {
    const auto& row = sums_.row(terms_.withholding, "withholding", branch, day_);
    const auto income = sums_.needed(part_of(pay, row.income.rate_ppm, row.income.rounding), "income_tax");
    const auto local = sums_.needed(
        part_of(row.local_on_income_tax ? income : pay, row.local.rate_ppm, row.local.rounding), "local_tax");
    begin(EntryKind::kWithholding, 0);
    move(account("rider", rider), account("income_tax", branch), What::kIncomeTax, income);
    move(account("rider", rider), account("local_tax", branch), What::kLocalTax, local);
    end();
  }

  void insure(const std::string& branch, const std::string& rider, Money pay) {
    for (const auto* row : insurances(branch)) {
      const auto base =
          sums_.minus(pay, sums_.needed(part_of(pay, row->expense_ppm, kDown), "insurance"), "insurance");
      begin(EntryKind::kInsurance, 0);
      const auto of = [&](std::int64_t ppm) {
        return sums_.needed(part_of(base, ppm, row->rounding), "insurance");
      };
      const auto to = account("insurance", row->name);
      move(account("rider", rider), to, What::kInsurance, of(row->rider_ppm));
      move(account("branch", branch), to, What::kInsurance, of(row->branch_ppm));
      end();
    }
  }

  // Of each insurance the row in force, by name. One that has not begun is none.
  const std::vector<const Insurance*>& insurances(const std::string& branch) {
    const auto [at, fresh] = insurances_.try_emplace(branch);
    if (!fresh) return at->second;
    std::map<std::string_view, const Insurance*> best;
    for (const auto& row : terms_.insurance) {
      if (row.from > day_ || (!row.branch.empty() && row.branch != branch)) continue;
      const Insurance*& kept = best[row.name];
      const bool nearer = kept == nullptr || std::tuple(!row.branch.empty(), row.from) >
                                                 std::tuple(!kept->branch.empty(), kept->from);
      if (nearer) kept = &row;
    }
    for (const auto& [name, row] : best) at->second.push_back(row);
    return at->second;
  }

  const Terms& terms_;
  std::chrono::sys_days day_;
  Sums sums_;
  std::map<std::string, std::deque<Hold>> holds_;  // by shop, oldest first
  DayJournal journal_;
  std::vector<Money> balances_;  // by account
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::map<std::pair<std::string, std::string>, Money> pay_;  // of branch and rider
  std::map<std::string, std::vector<const Insurance*>> insurances_;
};

}  // namespace

std::string AdjustedFrom::text() const {
  return rider_pay ? fmt::format("{} {}", fee::date_text(day), rider_pay->minor) : fee::date_text(day);
}

std::optional<AdjustedFrom> AdjustedFrom::parse(std::string_view text) {
  const auto space = text.find(' ');
  const auto day = parse_day(text.substr(0, space));
  if (!day) return std::nullopt;
  AdjustedFrom from{*day, std::nullopt};
  if (space == std::string_view::npos) return from;
  std::int64_t minor = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + space + 1, end, minor);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  from.rider_pay = Money{minor};
  return from;
}

std::string Reversed::text() const {
  return fmt::format("{} {}", kDocumentKindNames[static_cast<std::size_t>(kind)], document);
}

std::optional<Reversed> Reversed::parse(std::string_view text) {
  for (const auto kind : {DocumentKind::kDeposit, DocumentKind::kPayment}) {
    const auto name = kDocumentKindNames[static_cast<std::size_t>(kind)];
    if (!text.starts_with(name) || text.size() < name.size() + 2 || text[name.size()] != ' ') continue;
    Reversed reversed{kind, 0};
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + name.size() + 1, end, reversed.document);
    if (read.ec == std::errc{} && read.ptr == end && reversed.document > 0) return reversed;
  }
  return std::nullopt;
}

base::Result<DayJournal> post_day(const Terms& terms, std::chrono::sys_days day, const Position& opening,
                                  std::span<const Document> documents) {
  std::vector<const Document*> ordered;
  for (const auto& document : documents) ordered.push_back(&document);
  std::ranges::sort(ordered, {}, [](const Document* one) { return std::pair(one->at, one->seq); });
  Poster poster(terms, day, opening);
  for (const Document* document : ordered) poster.post(*document);
  poster.keep_back();
  if (poster.fault()) return base::fail(*poster.fault());
  return poster.finish();
}

base::Result<FeeShares> share(const Terms& terms, std::string_view branch, std::chrono::sys_days day,
                              Money fee, std::optional<Money> rider_pay) {
  Sums sums;
  const auto shares = shares_of(sums, sums.row(terms.shares, "shares", branch, day), fee, rider_pay);
  if (sums.fault()) return base::fail(*sums.fault());
  return shares;
}

std::optional<Money> sum_of(const Position& position) {
  std::optional<Money> sum = Money{};
  for (const auto& [name, balance] : position.balances) {
    if (sum) sum = fee::add(*sum, balance);
  }
  return sum;
}

std::string journal_hash(const DayJournal& journal) {
  fmt::memory_buffer text;
  for (std::size_t i = 0; i < journal.entries.size(); ++i) {
    const auto& entry = journal.entries[i];
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", i,
                   kEntryKindNames[static_cast<std::size_t>(entry.kind)], entry.document);
    for (std::size_t p = entry.first; p < entry.last; ++p) {
      const auto& posting = journal.postings[p];
      fmt::format_to(std::back_inserter(text), " {} {} {}\n", journal.accounts[posting.account],
                     kWhatNames[static_cast<std::size_t>(posting.what)], posting.amount.minor);
    }
  }
  return base::sha256({text.data(), text.size()});
}

std::string position_hash(const Position& position) {
  std::string text;
  for (const auto& [name, balance] : position.balances) text += fmt::format("{} {}\n", name, balance.minor);
  for (const auto& hold : position.holds)
    text += fmt::format("hold {} {} {}\n", hold.shop, hold.document, hold.amount.minor);
  return base::sha256(text);
}

}  // namespace reckon::ledger
