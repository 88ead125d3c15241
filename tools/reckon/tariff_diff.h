#pragma once

// History priced under two tariffs: who would pay more, how much, how it is spread, and the worst cases.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reckon/fee/plan.h"
#include "reckon/fee/price.h"

namespace reckon::cli {

/// One quote under both tariffs.
struct Change {
  std::string quote_id;
  std::int64_t before = 0, after = 0;  ///< totals without VAT, minor units
  std::string lines;                   ///< what differs, `rain 500 -> 700`

  std::int64_t by() const { return after - before; }
};

/// What one rule came to over many fees, by kind and index of its lines in a tariff.
using RuleSums = std::map<std::pair<fee::LineKind, std::uint32_t>, std::int64_t>;

/// One rule of two tariffs over all quotes.
struct RuleChange {
  std::string rule, label;  ///< `steps/0`; for people, or empty
  std::int64_t before = 0, after = 0;
};

/// Riders' pay over all quotes; nothing under a tariff without `rider_pay`.
struct PayChange {
  std::optional<std::int64_t> before, after;
};

/// Sums over many quotes. One thread each; `merge` joins them.
class DiffReport {
 public:
  static constexpr std::size_t kWorst = 10;

  /// Whether the change is among the worst so far: only then its lines need telling.
  bool is_worst(std::int64_t by) const;
  void add(Change change, const std::string& shop);
  void add_lines(const fee::Fee& before, const fee::Fee& after);
  void add_pay(PayChange pay);
  void refuse(const std::string& why) { ++refused_[why]; }
  void merge(const DiffReport& other);

  std::int64_t quotes() const { return dearer_ + same_ + cheaper_; }
  std::string text(const fee::Tariff& before, const fee::Tariff& after) const;
  std::string json(const fee::Tariff& before, const fee::Tariff& after) const;
  /// The distribution as bars. SVG.
  std::string picture(const fee::Currency& currency) const;
  std::string page(const fee::Tariff& before, const fee::Tariff& after) const;

 private:
  struct Bin {
    std::int64_t low, high;  // changes in [low, high]; the outermost may be open-ended
    std::int64_t quotes;
    std::string range() const;
  };
  std::vector<Bin> bins() const;
  std::pair<std::int64_t, std::int64_t> usual_changes() const;
  std::vector<RuleChange> rules(const fee::Tariff& before, const fee::Tariff& after) const;
  std::string pay_text(const fee::Currency& currency) const;
  std::string rules_text(const fee::Tariff& before, const fee::Tariff& after) const;
  std::string shops_text(const fee::Currency& currency) const;
  void keep_worst(const Change& change);

  std::int64_t dearer_ = 0, same_ = 0, cheaper_ = 0, before_ = 0, after_ = 0;
  std::map<std::int64_t, std::int64_t> spread_;                         // change -> quotes
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> shops_;  // quotes, change
  RuleSums rules_before_, rules_after_;
  PayChange pay_;
  std::map<std::string, std::int64_t> refused_;
  std::vector<Change> up_, down_;  // worst first
};

/// `tariff` as if it had been in force always: history is priced under it.
fee::Tariff always_in_force(const fee::Tariff& tariff);

/// Prices one recorded trace under both.
/// @return why it could not be; empty = it was, into `report`
std::string compare_trace(const std::string& quote_id, std::string_view trace, const fee::Tariff& before,
                          const fee::Tariff& after, DiffReport& report);

}  // namespace reckon::cli
