#include "tariff_diff.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reckon/base/json_writer.h"

namespace reckon::cli {
namespace {

constexpr std::int64_t kMostBins = 24;
constexpr std::size_t kMostShops = 10;

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

void DiffReport::merge(const DiffReport& other) {
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

// Bins of a round width; no change at all stands alone.
std::vector<DiffReport::Bin> DiffReport::bins() const {
  if (spread_.empty()) return {};
  const std::int64_t low = std::min<std::int64_t>(0, spread_.begin()->first),
                     high = std::max<std::int64_t>(0, spread_.rbegin()->first);
  std::int64_t width = 1;
  for (std::int64_t step = 1; (high - low) / width >= kMostBins; step *= 10)
    for (const std::int64_t nice : {1, 2, 5})
      if ((high - low) / width >= kMostBins) width = nice * step;
  std::vector<Bin> bins;
  for (const auto& [by, quotes] : spread_) {
    const std::int64_t size = std::abs(by), slot = by == 0 ? 0 : (size - 1) / width;
    Bin bin{by == 0 ? 0 : slot * width + 1, by == 0 ? 0 : (slot + 1) * width, 0};
    if (by < 0) bin = {-bin.high, -bin.low, 0};
    if (bins.empty() || bins.back().low != bin.low) bins.push_back(bin);
    bins.back().quotes += quotes;
  }
  return bins;
}

std::string DiffReport::text(const fee::Tariff& before, const fee::Tariff& after) const {
  const auto& currency = after.currency;
  std::string out = fmt::format("'{}' version {} -> '{}' version {}: {} quotes\n", before.id, before.version,
                                after.id, after.version, quotes());
  out += fmt::format("  dearer  {:>8}  {:>7}\n  same    {:>8}  {:>7}\n  cheaper {:>8}  {:>7}\n", dearer_,
                     share_text(dearer_, quotes()), same_, share_text(same_, quotes()), cheaper_,
                     share_text(cheaper_, quotes()));
  out += fmt::format("  sum     {} -> {} ({}, {})\n", fee::readable({before_}, currency),
                     fee::readable({after_}, currency), signed_amount(after_ - before_, currency),
                     share_text(after_ - before_, before_));
  for (const auto& [why, count] : refused_) out += fmt::format("  not compared: {} quotes: {}\n", count, why);
  out += "\nchange of the fee, quotes\n";
  std::int64_t most = 1;
  for (const auto& bin : bins()) most = std::max(most, bin.quotes);
  for (const auto& bin : bins()) {
    const auto range =
        bin.low == bin.high ? fmt::format("{}", bin.low) : fmt::format("{} to {}", bin.low, bin.high);
    out += fmt::format("  {:>22} {:>8}  {}\n", range, bin.quotes,
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
  std::vector<std::pair<std::string, std::pair<std::int64_t, std::int64_t>>> shops(shops_.begin(),
                                                                                   shops_.end());
  std::ranges::stable_sort(shops,
                           [](const auto& a, const auto& b) { return a.second.second > b.second.second; });
  if (shops.size() > 1) {
    out += "\nshops that pay more\n";
    for (std::size_t i = 0; i < shops.size() && i < kMostShops && shops[i].second.second > 0; ++i)
      out += fmt::format("  {:<26} {:>8} quotes  {:>12}\n",
                         shops[i].first.empty() ? "(not said)" : shops[i].first, shops[i].second.first,
                         signed_amount(shops[i].second.second, currency));
  }
  return out;
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
  json.key("not_compared").begin_array();
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
    const auto range =
        bin.low == bin.high ? fmt::format("{}", bin.low) : fmt::format("{} to {}", bin.low, bin.high);
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
  thread_local fee::Fee old_fee, new_fee;
  thread_local std::string room;
  const auto inputs = fee::read_trace_inputs(inputs_part(trace, room), "trace");
  if (!inputs) return fmt::format("its trace cannot be read: {}", inputs.error().message);
  const auto delivery = fee::delivery_of(inputs->distance);
  if (const auto priced = before.plan->evaluate(delivery, inputs->context, old_fee); !priced)
    return fmt::format("refused by the old tariff at {}", priced.error().where);
  if (const auto priced = after.plan->evaluate(delivery, inputs->context, new_fee); !priced)
    return fmt::format("refused by the new tariff at {}", priced.error().where);
  Change change{quote_id, old_fee.total.minor, new_fee.total.minor, {}};
  if (report.is_worst(change.by())) change.lines = differing_lines(before, old_fee, after, new_fee);
  report.add(std::move(change), inputs->context.shop);
  return {};
}

}  // namespace reckon::cli
