#include "tariff_diff.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cli.h"
#include "reckon/base/json_writer.h"

namespace reckon::cli {
namespace {

constexpr std::int64_t kMostBins = 24;
constexpr std::size_t kMostShops = 10;
constexpr std::int64_t kFewQuotes = 10;

std::string signed_amount(std::int64_t minor, const fee::Currency& currency) {
  return (minor > 0 ? "+" : "") + fee::readable({minor}, currency);
}

std::string share_text(std::int64_t part, std::int64_t all) {
  return all == 0 ? "-"
                  : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

// What differs between two fees, by rule.
std::string differing_lines(const fee::Tariff& a, const fee::Fee& before, const fee::Tariff& b,
                            const fee::Fee& after) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> amounts;
  for (const auto& line : before.lines) amounts[fee::rule_of(a, line)].first += line.amount.minor;
  for (const auto& line : after.lines) amounts[fee::rule_of(b, line)].second += line.amount.minor;
  std::string text;
  for (const auto& [rule, two] : amounts)
    if (two.first != two.second)
      text += fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", rule, two.first, two.second);
  return text;
}

// What a rule is called for people; empty where its name says it all.
std::string label_of(const fee::Tariff& tariff, const fee::LineKind kind, std::uint32_t index) {
  switch (kind) {
    case fee::LineKind::kSurcharge:
      return tariff.surcharges[index].text;
    case fee::LineKind::kPromotion:
      return tariff.promotions[index].text;
    case fee::LineKind::kCancellation:
      return tariff.cancellation[index].text;
    case fee::LineKind::kReturn:
      return tariff.returns[index].text;
    default:
      return {};
  }
}

std::optional<std::int64_t> sum_of(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
  if (!a || !b) return a ? a : b;
  return *a + *b;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '<' ? std::string("&lt;") : c == '&' ? std::string("&amp;") : std::string(1, c);
  return out;
}

}  // namespace

void DiffReport::keep_worst(const Change& change) {
  const auto keep = [&change](std::vector<Change>& worst, auto goes_before) {
    if (worst.size() == kWorst && !goes_before(change, worst.back())) return;
    worst.insert(std::upper_bound(worst.begin(), worst.end(), change, goes_before), change);
    if (worst.size() > kWorst) worst.pop_back();
  };
  const auto more = [](const Change& a, const Change& b) {
    return std::make_pair(b.by(), a.quote_id) < std::make_pair(a.by(), b.quote_id);
  };
  const auto less = [](const Change& a, const Change& b) {
    return std::make_pair(a.by(), a.quote_id) < std::make_pair(b.by(), b.quote_id);
  };
  if (change.by() > 0) keep(up_, more);
  if (change.by() < 0) keep(down_, less);
}

bool DiffReport::is_worst(std::int64_t by) const {
  if (by == 0) return false;
  const auto& list = by > 0 ? up_ : down_;
  return list.size() < kWorst || std::abs(by) >= std::abs(list.back().by());
}

void DiffReport::add(Change change, const std::string& shop) {
  (change.by() > 0 ? dearer_ : change.by() < 0 ? cheaper_ : same_) += 1;
  before_ += change.before;
  after_ += change.after;
  ++spread_[change.by()];
  auto& [quotes, by] = shops_[shop];
  ++quotes;
  by += change.by();
  keep_worst(change);
}

void DiffReport::add_lines(const fee::Fee& before, const fee::Fee& after) {
  for (const auto& line : before.lines) rules_before_[{line.kind, line.index}] += line.amount.minor;
  for (const auto& line : after.lines) rules_after_[{line.kind, line.index}] += line.amount.minor;
}

void DiffReport::add_pay(PayChange pay) {
  pay_.before = sum_of(pay_.before, pay.before);
  pay_.after = sum_of(pay_.after, pay.after);
}

void DiffReport::merge(const DiffReport& other) {
  for (const auto& [line, sum] : other.rules_before_) rules_before_[line] += sum;
  for (const auto& [line, sum] : other.rules_after_) rules_after_[line] += sum;
  add_pay(other.pay_);
  dearer_ += other.dearer_;
  same_ += other.same_;
  cheaper_ += other.cheaper_;
  before_ += other.before_;
  after_ += other.after_;
  for (const auto& [by, quotes] : other.spread_) spread_[by] += quotes;
  for (const auto& [why, quotes] : other.refused_) refused_[why] += quotes;
  for (const auto& [shop, sums] : other.shops_) {
    shops_[shop].first += sums.first;
    shops_[shop].second += sums.second;
  }
  for (const auto* list : {&other.up_, &other.down_})
    for (const auto& change : *list) keep_worst(change);
}

constexpr std::int64_t kOpenEnd = std::numeric_limits<std::int64_t>::max();

std::string DiffReport::Bin::range() const {
  if (high == kOpenEnd) return fmt::format("{} and more", low);
  if (low == -kOpenEnd) return fmt::format("{} and less", high);
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}

// The changes without the hundredth at either end, at the least one quote: a single odd one must not choose
// the width for all.
std::pair<std::int64_t, std::int64_t> DiffReport::usual_changes() const {
  const std::int64_t rest = quotes() < kFewQuotes ? 0 : std::max<std::int64_t>(1, quotes() / 100);
  std::int64_t low = 0, high = 0, seen = 0;
  for (const auto& [by, count] : spread_) {
    if (seen <= rest && rest < seen + count) low = by;
    if (seen <= quotes() - 1 - rest && quotes() - 1 - rest < seen + count) high = by;
    seen += count;
  }
  return {std::min<std::int64_t>(0, low), std::max<std::int64_t>(0, high)};
}

// Bins of a round width; no change at all stands alone, and beyond the usual changes the outermost are
// open-ended.
std::vector<DiffReport::Bin> DiffReport::bins() const {
  if (spread_.empty()) return {};
  const auto usual = usual_changes();
  const std::int64_t low = usual.first, high = usual.second;
  std::int64_t width = 1;
  for (std::int64_t step = 1; (high - low) / width >= kMostBins; step *= 10)
    for (const std::int64_t nice : {1, 2, 5})
      if ((high - low) / width >= kMostBins) width = nice * step;
  std::vector<Bin> bins;
  for (const auto& [by, quotes] : spread_) {
    const std::int64_t size = std::abs(by), slot = by == 0 ? 0 : (size - 1) / width;
    Bin bin{by == 0 ? 0 : slot * width + 1, by == 0 ? 0 : (slot + 1) * width, 0};
    const auto end = ((by < 0 ? -low : high) + width - 1) / width * width;
    if (size > end) bin = {end + 1, kOpenEnd, 0};
    if (by < 0) bin = {-bin.high, -bin.low, 0};
    if (bins.empty() || bins.back().low != bin.low) bins.push_back(bin);
    bins.back().quotes += quotes;
  }
  return bins;
}

std::vector<RuleChange> DiffReport::rules(const fee::Tariff& before, const fee::Tariff& after) const {
  std::map<std::string, RuleChange> by_name;
  const auto take = [&](const fee::Tariff& tariff, const RuleSums& sums, std::int64_t RuleChange::*side) {
    for (const auto& [line, sum] : sums) {
      fee::FeeLine one;
      one.kind = line.first;
      one.index = line.second;
      const auto name = fee::rule_of(tariff, one);
      auto& change = by_name[name];
      change.rule = name;
      change.label = label_of(tariff, line.first, line.second);
      change.*side += sum;
    }
  };
  take(before, rules_before_, &RuleChange::before);
  take(after, rules_after_, &RuleChange::after);  // the new label stands
  std::vector<RuleChange> changes;
  for (auto& [name, change] : by_name) changes.push_back(std::move(change));
  std::ranges::stable_sort(changes, [](const RuleChange& a, const RuleChange& b) {
    return std::abs(a.after - a.before) > std::abs(b.after - b.before);
  });
  return changes;
}

std::string DiffReport::pay_text(const fee::Currency& currency) const {
  if (!pay_.before && !pay_.after) return {};
  const auto amount = [&](std::optional<std::int64_t> sum) {
    return sum ? fee::readable({*sum}, currency) : std::string("none");
  };
  const auto change = [&](std::int64_t from, std::int64_t to) {
    return pay_.before && pay_.after ? fmt::format(" ({})", signed_amount(to - from, currency)) : "";
  };
  const auto margin = [](std::int64_t fees, std::optional<std::int64_t> pay) -> std::optional<std::int64_t> {
    if (!pay) return std::nullopt;
    return fees - *pay;
  };
  const auto old_margin = margin(before_, pay_.before), new_margin = margin(after_, pay_.after);
  return fmt::format("  pay     {} -> {}{}\n  margin  {} -> {}{}\n", amount(pay_.before), amount(pay_.after),
                     change(pay_.before.value_or(0), pay_.after.value_or(0)), amount(old_margin),
                     amount(new_margin), change(old_margin.value_or(0), new_margin.value_or(0)));
}

std::string DiffReport::rules_text(const fee::Tariff& before, const fee::Tariff& after) const {
  std::string out;
  for (const auto& one : rules(before, after)) {
    if (one.before == one.after) continue;
    out += fmt::format("{}  {:<26} {:>14} -> {:>14}  {:>14}  {}\n",
                       out.empty() ? "\nwhat changed, by rule\n" : "", one.rule, one.before, one.after,
                       signed_amount(one.after - one.before, after.currency), one.label);
  }
  return out;
}

// Those that pay more and those that pay less, the largest sums first.
std::string DiffReport::shops_text(const fee::Currency& currency) const {
  if (shops_.size() < 2) return {};
  std::vector<std::pair<std::string, std::pair<std::int64_t, std::int64_t>>> shops(shops_.begin(),
                                                                                   shops_.end());
  std::string out;
  for (const bool more : {true, false}) {
    std::ranges::stable_sort(shops, [more](const auto& a, const auto& b) {
      return more ? a.second.second > b.second.second : a.second.second < b.second.second;
    });
    for (std::size_t i = 0; i < shops.size() && i < kMostShops; ++i) {
      const auto& [quotes, by] = shops[i].second;
      if (more ? by <= 0 : by >= 0) break;
      if (i == 0) out += more ? "\nshops that pay more\n" : "\nshops that pay less\n";
      out += fmt::format("  {:<26} {:>14}  {:>12}\n", shops[i].first.empty() ? "(not said)" : shops[i].first,
                         counted(quotes, "quote", "quotes"), signed_amount(by, currency));
    }
  }
  return out;
}

std::string DiffReport::text(const fee::Tariff& before, const fee::Tariff& after) const {
  const auto& currency = after.currency;
  if (quotes() == 0) {
    std::string out = fmt::format(
        "'{}' version {} -> '{}' version {}: nothing to compare: no quote of '{}' was found that both can "
        "price; '--all' takes quotes of every tariff, a longer '--last' older ones\n",
        before.id, before.version, after.id, after.version, before.id);
    for (const auto& [why, count] : refused_)
      out += fmt::format("  not compared: {}: {}\n", counted(count, "quote", "quotes"), why);
    return out;
  }
  std::string out = fmt::format("'{}' version {} -> '{}' version {}: {}\n", before.id, before.version,
                                after.id, after.version, counted(quotes(), "quote", "quotes"));
  out += fmt::format("  dearer  {:>8}  {:>7}\n  same    {:>8}  {:>7}\n  cheaper {:>8}  {:>7}\n", dearer_,
                     share_text(dearer_, quotes()), same_, share_text(same_, quotes()), cheaper_,
                     share_text(cheaper_, quotes()));
  out += fmt::format("  sum     {} -> {} ({}, {})\n", fee::readable({before_}, currency),
                     fee::readable({after_}, currency), signed_amount(after_ - before_, currency),
                     share_text(after_ - before_, before_));
  out += pay_text(currency);
  for (const auto& [why, count] : refused_)
    out += fmt::format("  not compared: {}: {}\n", counted(count, "quote", "quotes"), why);
  out += rules_text(before, after);
  out += "\nchange of the fee, quotes\n";
  std::int64_t most = 1;
  for (const auto& bin : bins()) most = std::max(most, bin.quotes);
  for (const auto& bin : bins()) {
    out += fmt::format("  {:>22} {:>8}  {}\n", bin.range(), bin.quotes,
                       std::string(static_cast<std::size_t>(1 + bin.quotes * 39 / most), '#'));
  }
  const auto list = [&](std::string_view title, const std::vector<Change>& changes) {
    if (changes.empty()) return;
    out += fmt::format("\n{}\n", title);
    for (const auto& one : changes)
      out += fmt::format("  {:<26} {:>8} -> {:>8}  {:>10}  {}\n", one.quote_id, one.before, one.after,
                         signed_amount(one.by(), currency), one.lines);
  };
  list("largest increases", up_);
  list("largest decreases", down_);
  return out + shops_text(currency);
}

std::string DiffReport::json(const fee::Tariff& before, const fee::Tariff& after) const {
  std::string out;
  base::JsonWriter json(out);
  const auto tariff = [&json](std::string_view key, const fee::Tariff& one) {
    json.key(key)
        .begin_object()
        .key("id")
        .string(one.id)
        .key("version")
        .integer(one.version)
        .key("release")
        .string(one.release)
        .end_object();
  };
  json.begin_object();
  tariff("before", before);
  tariff("after", after);
  json.key("currency").string(after.currency.text()).key("quotes").integer(quotes());
  json.key("dearer").integer(dearer_).key("same").integer(same_).key("cheaper").integer(cheaper_);
  json.key("sum_before").integer(before_).key("sum_after").integer(after_);
  const auto sum = [&json](std::string_view key, std::optional<std::int64_t> amount) {
    json.key(key);
    if (amount)
      json.integer(*amount);
    else
      json.null();
  };
  sum("rider_pay_before", pay_.before);
  sum("rider_pay_after", pay_.after);
  json.key("rules").begin_array();
  for (const auto& one : rules(before, after)) {
    json.begin_object().key("rule").string(one.rule).key("text").string(one.label);
    json.key("before").integer(one.before).key("after").integer(one.after).end_object();
  }
  json.end_array().key("not_compared").begin_array();
  for (const auto& [why, count] : refused_)
    json.begin_object().key("reason").string(why).key("quotes").integer(count).end_object();
  json.end_array().key("distribution").begin_array();
  for (const auto& [by, count] : spread_)
    json.begin_object().key("change").integer(by).key("quotes").integer(count).end_object();
  json.end_array();
  const auto list = [&json](std::string_view key, const std::vector<Change>& changes) {
    json.key(key).begin_array();
    for (const auto& one : changes) {
      json.begin_object()
          .key("quote_id")
          .string(one.quote_id)
          .key("before")
          .integer(one.before)
          .key("after")
          .integer(one.after);
      json.key("lines").string(one.lines).end_object();
    }
    json.end_array();
  };
  list("largest_increases", up_);
  list("largest_decreases", down_);
  json.key("shops").begin_array();
  for (const auto& [shop, sums] : shops_)
    json.begin_object()
        .key("shop")
        .string(shop)
        .key("quotes")
        .integer(sums.first)
        .key("change")
        .integer(sums.second)
        .end_object();
  json.end_array().end_object();
  return out + "\n";
}

std::string DiffReport::picture(const fee::Currency& currency) const {
  const auto all = bins();
  std::int64_t most = 1;
  for (const auto& bin : all) most = std::max(most, bin.quotes);
  const std::size_t height = 40 + 22 * all.size();
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='760' height='{0}' viewBox='0 0 760 {0}' "
      "font-family='sans-serif' font-size='12'>\n"
      "<rect width='100%' height='100%' fill='white'/>\n<text x='10' y='20' font-size='14'>Change of the fee "
      "in minor units of {1}; number of quotes</text>\n",
      height, currency.text());
  std::size_t y = 34;
  for (const auto& bin : all) {
    const auto range = bin.range();
    const double length = 430.0 * static_cast<double>(bin.quotes) / static_cast<double>(most);
    const auto* colour = bin.low > 0 ? "#c8553d" : bin.high < 0 ? "#2a7f62" : "#8a8a8a";
    svg += fmt::format(
        "<text x='190' y='{}' text-anchor='end'>{}</text><rect x='200' y='{}' width='{:.1f}' height='16' "
        "fill='{}'/>"
        "<text x='{:.1f}' y='{}'>{}</text>\n",
        y + 13, range, y, std::max(1.0, length), colour, 206 + length, y + 13, bin.quotes);
    y += 22;
  }
  return svg + "</svg>\n";
}

std::string DiffReport::page(const fee::Tariff& before, const fee::Tariff& after) const {
  return "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>Tariff diff</title><style>"
         "body{font-family:sans-serif;margin:1.5em;color:#222}pre{background:#f6f6f4;padding:1em;overflow:"
         "auto}"
         "svg{max-width:100%;height:auto;border:1px solid #ddd}</style></head><body>\n<h1>" +
         escaped(fmt::format("'{}' version {} to '{}' version {}", before.id, before.version, after.id,
                             after.version)) +
         "</h1>\n" + picture(after.currency) + "<pre>" + escaped(text(before, after)) +
         "</pre>\n</body></html>\n";
}

fee::Tariff always_in_force(const fee::Tariff& tariff) {
  fee::Tariff always = tariff;
  always.valid_from = base::WallTime::min();
  always.valid_until.reset();
  if (tariff.rider_pay)
    always.rider_pay = std::make_shared<const fee::Tariff>(always_in_force(*tariff.rider_pay));
  always.plan = std::make_shared<const fee::Plan>(always);
  return always;
}

namespace {

// A trace without its lines and sums, which are what is priced again: most of its bytes. In canonical JSON
// these characters stand nowhere but before the lines, since a quote within a string has a backslash before
// it.
std::string_view inputs_part(std::string_view trace, std::string& room) {
  constexpr std::string_view kLines = R"(,"lines":[)";
  const void* found = ::memmem(trace.data(), trace.size(), kLines.data(), kLines.size());
  if (found == nullptr) return trace;
  room.assign(trace.data(), static_cast<const char*>(found));
  room += '}';
  return room;
}

}  // namespace

std::string compare_trace(const std::string& quote_id, std::string_view trace, const fee::Tariff& before,
                          const fee::Tariff& after, DiffReport& report) {
  thread_local fee::Fee old_fee, new_fee, pay_fee;
  thread_local std::string room;
  const auto inputs = fee::read_trace_inputs(inputs_part(trace, room), "trace");
  if (!inputs) return fmt::format("its trace cannot be read: {}", inputs.error().message);
  const auto delivery = fee::delivery_of(inputs->distance);
  if (const auto priced = before.plan->evaluate(delivery, inputs->context, old_fee); !priced)
    return fmt::format("refused by the old tariff at {}", priced.error().where);
  if (const auto priced = after.plan->evaluate(delivery, inputs->context, new_fee); !priced)
    return fmt::format("refused by the new tariff at {}", priced.error().where);
  PayChange pay;
  for (const auto& [tariff, sum] : {std::pair{&before, &pay.before}, std::pair{&after, &pay.after}}) {
    if (!tariff->rider_pay) continue;
    if (const auto priced = tariff->rider_pay->plan->evaluate(delivery, inputs->context, pay_fee); !priced)
      return fmt::format("rider's pay refused by the {} tariff at {}", tariff == &before ? "old" : "new",
                         priced.error().where);
    *sum = pay_fee.total.minor;
  }
  Change change{quote_id, old_fee.total.minor, new_fee.total.minor, {}};
  if (report.is_worst(change.by())) change.lines = differing_lines(before, old_fee, after, new_fee);
  report.add(std::move(change), inputs->context.shop);
  report.add_lines(old_fee, new_fee);
  report.add_pay(pay);
  return {};
}

}  // namespace reckon::cli
