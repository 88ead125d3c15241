#include "reckon/fee/explain.h"

#include <fmt/format.h>

#include "reckon/base/hash.h"

namespace reckon::fee {
namespace {

std::string grouped(std::int64_t number) {
  return readable({number}, Currency{}).substr(0, readable({number}, Currency{}).find(' '));
}

// Parts per million as per cent: `10`, `8.875`.
std::string per_cent(std::int64_t ppm) {
  std::string text =
      fmt::format("{}{}.{:04}", ppm < 0 ? "-" : "", std::abs(ppm) / 10'000, std::abs(ppm) % 10'000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

class Teller {
 public:
  Teller(const FeeTrace& trace, Language language, const ToldQuote& told)
      : trace_(trace),
        told_(told),
        tariff_(*trace.tariff),
        korean_(language == Language::kKorean),
        language_(language) {}

  std::vector<Sentence> run() {
    std::vector<Sentence> all = {{when_and_what()}, {how_far()}};
    if (const auto sure = told_.interval ? how_sure(*told_.interval) : std::string{}; !sure.empty())
      all.push_back({sure});
    for (const auto& [rung, reason] : told_.why_not)
      all.push_back({say(fmt::format("not {}: {}", rung, reason), fmt::format("{} 아님: {}", rung, reason))});
    for (const FeeLine& line : trace_.lines) {
      running_ = running_ + line.amount;
      all.push_back({of_line(line), line.amount});
      const bool of_route = line.kind >= LineKind::kPickup && line.kind <= LineKind::kLegs;
      if (of_route || line.kind <= LineKind::kDistanceRounding) base_and_distance_ = running_;
    }
    all.push_back({total()});
    return all;
  }

 private:
  std::string money(Money amount) const { return amount_text(amount, tariff_.currency, language_); }
  std::string say(std::string english, std::string korean) const {
    return korean_ ? std::move(korean) : std::move(english);
  }

  std::string when_and_what() const {
    const auto at = decisive_time(tariff_, trace_.context).value_or(trace_.context.at);
    const auto local = tariff_.time_zone->local(at);
    const auto time = fmt::format("{} {:02}:{:02}", date_text(std::chrono::sys_days{local.date}),
                                  local.time_of_day.count() / 60, local.time_of_day.count() % 60);
    return say(fmt::format("Priced for {} ({}) under tariff '{}', version {}.", time,
                           tariff_.time_zone->name(), tariff_.id, tariff_.version),
               fmt::format("{} ({}) 기준, 요금표 '{}' 제{}판을 적용했습니다.", time,
                           tariff_.time_zone->name(), tariff_.id, tariff_.version));
  }

  std::string how_sure(const ToldQuote::Interval& interval) const {
    const auto low = grouped(interval.low.value), high = grouped(interval.high.value);
    if (interval.low == interval.high) {
      // What the provider said itself, or what the contract itself names as the distance.
      if (trace_.distance.source.starts_with("provider:") || tariff_.basis != DistanceBasis::kProvider)
        return {};
      return say(fmt::format("More than nine in ten such estimates are exact{}.",
                             told_.provisional ? "; provisional: a better distance may come" : ""),
                 fmt::format("이런 추정은 열에 아홉 이상이 정확합니다{}.",
                             told_.provisional ? " (잠정: 더 정확한 거리가 나올 수 있습니다)" : ""));
    }
    return say(fmt::format("90 % between {} and {} m{}.", low, high,
                           told_.provisional ? ", provisional: a better distance may come" : ""),
               fmt::format("90% 구간은 {}~{}m입니다{}.", low, high,
                           told_.provisional ? " (잠정: 더 정확한 거리가 나올 수 있습니다)" : ""));
  }

  std::string how_far() const {
    const auto& source = trace_.distance.source;
    const auto metres = grouped(trace_.distance.metres.value);
    std::string english = "told by the caller", korean = "요청에 적힌 거리";
    if (source.starts_with("provider:")) {
      english = fmt::format("by the map provider {}", source.substr(9));
      korean = fmt::format("지도 서비스 {}의 길안내 거리", source.substr(9));
    } else if (source.starts_with("memory:")) {
      english = fmt::format("as the map provider {} said before", source.substr(7));
      korean = fmt::format("지도 서비스 {}가 앞서 알려 준 거리", source.substr(7));
    } else if (source == "road" && trace_.distance.calibration) {
      english = "by the own road map, as the map provider's answers have taught it";
      korean = "지도 서비스의 답변으로 학습한 자체 도로 지도 거리";
    } else if (source == "road") {
      english = "by the own road map's legal route";
      korean = "자체 도로 지도의 합법 경로 거리";
    } else if (source == "geodesic") {
      english = tariff_.basis == DistanceBasis::kStraight || tariff_.basis == DistanceBasis::kHaversine
                    ? "in a straight line"
                    : "estimated from the straight line";
      korean = tariff_.basis == DistanceBasis::kStraight || tariff_.basis == DistanceBasis::kHaversine
                   ? "직선거리"
                   : "직선거리로 추정한 거리";
    } else if (source == "zone") {
      english = "by the tariff's table of zones";
      korean = "요금표의 구역표 거리";
    }
    return say(fmt::format("The distance is {} m, {}.", metres, english),
               fmt::format("거리는 {}m입니다 ({}).", metres, korean)) +
           which_estimate();
  }

  // What the tariff chose to price while the provider was silent.
  std::string which_estimate() const {
    const std::string_view source = trace_.distance.source;
    const bool estimated = source == "road" || source == "geodesic" || source.starts_with("memory:");
    if (!estimated) return {};
    switch (tariff_.estimate) {
      case EstimateChoice::kLikely:
        return {};
      case EstimateChoice::kMedian:
        return say(" It is the middle one of what the map provider may have said.",
                   " 지도 서비스가 알려 주었을 거리의 중앙값입니다.");
      case EstimateChoice::kLow:
        return say(" It is the low end of what the map provider may have said (90 %).",
                   " 지도 서비스가 알려 주었을 거리(90%)의 최솟값입니다.");
      case EstimateChoice::kHigh:
        return say(" It is the high end of what the map provider may have said (90 %).",
                   " 지도 서비스가 알려 주었을 거리(90%)의 최댓값입니다.");
    }
    return {};
  }

  std::string of_step(const FeeLine& line) const {
    const auto& step = tariff_.steps[line.index];
    const auto beyond = grouped(step.beyond.value), length = grouped(step.length.value);
    if (step.pro_rata) {
      return say(fmt::format("The {} m beyond {} m cost {} for each {} m, by the metre: {}.",
                             grouped(line.count), beyond, money(step.price), length, money(line.amount)),
                 fmt::format("{}m를 넘는 {}m는 {}m당 {}씩 거리에 비례하여 {}입니다.", beyond,
                             grouped(line.count), length, money(step.price), money(line.amount)));
    }
    return say(
        fmt::format("Beyond {} m each started {} m costs {}: {} of them {} {}.", beyond, length,
                    money(step.price), line.count, line.count == 1 ? "makes" : "make", money(line.amount)),
        fmt::format("{}m를 넘으면 {}m마다 {}이고, 시작된 {}구간이므로 {}입니다.", beyond, length,
                    money(step.price), line.count, money(line.amount)));
  }

  std::string rate_base(const Surcharge& rule) const {
    switch (rule.on) {
      case RateBase::kBase:
        return say("the base fee", "기본요금");
      case RateBase::kBaseAndDistance:
        return say(fmt::format("base and distance ({})", money(base_and_distance_)),
                   fmt::format("기본·거리 요금({})", money(base_and_distance_)));
      case RateBase::kWithSurcharges:
        return say("the fee so far", "그때까지의 요금");
    }
    return {};
  }

  std::string of_rule(const Surcharge& rule, const FeeLine& line) const {
    const std::string name = korean_ ? rule.text_ko.value_or(rule.text) : rule.text;
    if (rule.kind == SurchargeKind::kNone)
      return say(fmt::format("{}: applies, but its amount is not known yet.", name),
                 fmt::format("{}: 적용되지만 금액은 아직 정해지지 않았습니다.", name));
    std::string how;
    if (rule.kind == SurchargeKind::kRate) {
      how = say(fmt::format("{} % of {}, ", per_cent(rule.rate_ppm), rate_base(rule)),
                fmt::format("{}의 {}%, ", rate_base(rule), per_cent(rule.rate_ppm)));
    } else if (rule.per) {
      how = say(fmt::format("{} x {}, ", line.count, money(rule.amount)),
                fmt::format("{} × {}, ", line.count, money(rule.amount)));
    }
    return fmt::format("{}: {}{}{}.", name, how, line.amount.minor > 0 ? "+" : "", money(line.amount));
  }

  std::string of_rounding(const std::optional<Rounding>& rounding, const FeeLine& line) const {
    static constexpr const char* kKorean[] = {"내림", "올림", "반올림", "오사육입", "짝수 반올림"};
    static constexpr const char* kEnglish[] = {"down", "up", "to the nearest, halves up",
                                               "to the nearest, halves down",
                                               "to the nearest, halves to even"};
    const auto mode = static_cast<std::size_t>(rounding->mode);
    return say(fmt::format("Rounded {} to a multiple of {}: {}{}.", kEnglish[mode], money({rounding->unit}),
                           line.amount.minor > 0 ? "+" : "", money(line.amount)),
               fmt::format("{} 단위 {}: {}{}.", money({rounding->unit}), kKorean[mode],
                           line.amount.minor > 0 ? "+" : "", money(line.amount)));
  }

  std::string of_outcome(const OutcomeFee& fee, const FeeLine& line) const {
    const std::string name = korean_ ? fee.text_ko.value_or(fee.text) : fee.text;
    const bool cancelled = line.kind == LineKind::kCancellation;
    const std::string what = fee.amount ? money(*fee.amount) : fmt::format("{} %", per_cent(fee.rate_ppm));
    const auto change = fmt::format("{}{}", line.amount.minor > 0 ? "+" : "", money(line.amount));
    return cancelled ? say(fmt::format("{}: {} in place of the fee: {}.", name, what, change),
                           fmt::format("{}: 배달요금 대신 {}: {}.", name, what, change))
                     : say(fmt::format("{}: {} on top of the fee: {}.", name, what, change),
                           fmt::format("{}: 배달요금에 더해 {}: {}.", name, what, change));
  }

  std::string of_cap(const std::string& english, const std::string& korean,
                     const std::optional<Money>& maximum, const FeeLine& line) const {
    return say(fmt::format("{} at most {}: {}.", english, money(*maximum), money(line.amount)),
               fmt::format("{} 최대 {}: {}.", korean, money(*maximum), money(line.amount)));
  }

  std::string of_line(const FeeLine& line) const {
    switch (line.kind) {
      case LineKind::kBase:
        return say(fmt::format("The base fee covers up to {} m: {}.", grouped(tariff_.base_up_to.value),
                               money(line.amount)),
                   fmt::format("기본요금은 {}m까지 {}입니다.", grouped(tariff_.base_up_to.value),
                               money(line.amount)));
      case LineKind::kTable: {
        const auto& entry = tariff_.table->entries[line.index];
        return say(fmt::format("Between the zones {} and {} the price is {}.", entry.from, entry.to,
                               money(line.amount)),
                   fmt::format("{} 구역과 {} 구역 사이의 요금은 {}입니다.", entry.from, entry.to,
                               money(line.amount)));
      }
      case LineKind::kStep:
        return of_step(line);
      case LineKind::kDistanceRounding:
        return of_rounding(tariff_.distance_rounding, line);
      case LineKind::kSurcharge:
        return of_rule(tariff_.surcharges[line.index], line);
      case LineKind::kGroupMaximum: {
        const auto& group = tariff_.groups[line.index];
        return of_cap(fmt::format("The rules of '{}' together", group.name),
                      fmt::format("'{}' 항목 합계", group.name), group.maximum, line);
      }
      case LineKind::kSurchargeMaximum:
        return of_cap("All surcharges together", "할증 합계", tariff_.surcharge_maximum, line);
      case LineKind::kSurchargeRounding:
        return of_rounding(tariff_.surcharge_rounding, line);
      case LineKind::kPromotion:
        return of_rule(tariff_.promotions[line.index], line);
      case LineKind::kPromotionMaximum:
        return of_cap("All promotions together", "할인 합계", tariff_.promotion_maximum, line);
      case LineKind::kMinimum:
        return say(
            fmt::format("The fee is at least {}: +{}.", money(tariff_.minimum.value_or(Money{})),
                        money(line.amount)),
            fmt::format("최저 요금 {}: +{}.", money(tariff_.minimum.value_or(Money{})), money(line.amount)));
      case LineKind::kMaximum:
        return of_cap("The fee is", "요금은", tariff_.maximum, line);
      case LineKind::kRounding:
        return of_rounding(tariff_.rounding, line);
      case LineKind::kPickup:
        return say(fmt::format("Its part of the route's {} pickups: {}.", line.count, money(line.amount)),
                   fmt::format("묶음 경로의 픽업 {}건 중 이 주문의 몫: {}.", line.count, money(line.amount)));
      case LineKind::kDrop:
        return say(fmt::format("The drop-off: {}.", money(line.amount)),
                   fmt::format("전달: {}.", money(line.amount)));
      case LineKind::kExtraStop:
        return say(fmt::format("{} further stops: {}.", line.count, money(line.amount)),
                   fmt::format("추가 경유 {}곳: {}.", line.count, money(line.amount)));
      case LineKind::kLegs:
        return say(
            fmt::format("Its part of the route's {} m: {}.", grouped(line.count), money(line.amount)),
            fmt::format("묶음 경로 {}m 중 이 주문의 몫: {}.", grouped(line.count), money(line.amount)));
      case LineKind::kCancellation:
        return of_outcome(tariff_.cancellation[line.index], line);
      case LineKind::kReturn:
        return of_outcome(tariff_.returns[line.index], line);
    }
    return {};
  }

  std::string total() const {
    const auto fee = money(trace_.total);
    if (!trace_.vat)
      return say(fmt::format("The fee is {}; there is no VAT.", fee),
                 fmt::format("요금은 {}이며 부가세는 없습니다.", fee));
    if (tariff_.vat->rate_ppm == 0)
      return say(fmt::format("The fee is {}, zero-rated for VAT.", fee),
                 fmt::format("요금은 {}이며 부가세는 영세율입니다.", fee));
    const auto all = money(trace_.total + *trace_.vat), rate = per_cent(tariff_.vat->rate_ppm);
    return say(
        fmt::format("The fee is {}; with VAT of {} % ({}) it is {}.", fee, rate, money(*trace_.vat), all),
        fmt::format("요금은 {}, 부가세 {}%({})를 더하면 {}입니다.", fee, rate, money(*trace_.vat), all));
  }

  const FeeTrace& trace_;
  const ToldQuote& told_;
  const Tariff& tariff_;
  bool korean_;
  Language language_;
  Money running_, base_and_distance_;
};

std::string check_line(const FeeTrace& trace, Language language) {
  const auto hash = base::sha256(to_json(trace));
  return language == Language::kKorean
             ? fmt::format("누구나 다시 계산할 수 있습니다: 요금표 {}, 계산 기록 {}", trace.tariff->release,
                           hash)
             : fmt::format("Anyone can compute this again: tariff {}, trace {}", trace.tariff->release, hash);
}

}  // namespace

std::optional<Language> language_from(std::string_view name) {
  if (name == "en") return Language::kEnglish;
  if (name == "ko") return Language::kKorean;
  return std::nullopt;
}

std::string amount_text(Money amount, const Currency& currency, Language language) {
  const std::string text = readable(amount, currency);
  if (language == Language::kKorean && currency.text() == "KRW")
    return text.substr(0, text.size() - 4) + "원";
  return text;
}

std::vector<Sentence> explain(const FeeTrace& trace, Language language, const ToldQuote& told) {
  return Teller(trace, language, told).run();
}

std::string explanation_text(const FeeTrace& trace, Language language, const ToldQuote& told) {
  std::string out;
  for (const auto& sentence : explain(trace, language, told)) out += sentence.text + "\n";
  return out + check_line(trace, language) + "\n";
}

std::string explanation_html(const FeeTrace& trace, Language language, std::string_view picture,
                             const ToldQuote& told) {
  const bool korean = language == Language::kKorean;
  std::string out = fmt::format(
      "<!doctype html>\n<html lang='{}'><head><meta charset='utf-8'><title>{}</title><style>"
      "body{{font-family:sans-serif;margin:1.5em;color:#222;max-width:50em}}td{{padding:.2em 1em .2em 0}}"
      "td.amount{{text-align:right;white-space:nowrap}}tr.total td{{border-top:1px solid "
      "#222;font-weight:bold}}"
      "svg{{max-width:100%;height:auto;border:1px solid "
      "#ddd}}p.check{{font-size:.8em;color:#555;overflow-wrap:anywhere}}"
      "@media print{{body{{margin:0}}}}</style></head><body>\n<h1>{}</h1>\n",
      korean ? "ko" : "en", korean ? "배달 요금 설명" : "A delivery fee, explained",
      korean ? "배달 요금 설명" : "A delivery fee, explained");
  std::string table, whose;
  const auto name = [&whose](std::string_view what, const std::string& value) {
    if (!value.empty()) whose += fmt::format("{}{} {}", whose.empty() ? "" : ", ", what, value);
  };
  name(korean ? "견적" : "Quote", told.quote_id);
  name(korean ? "상점" : "shop", trace.context.shop);
  if (!whose.empty()) out += fmt::format("<p>{}</p>\n", escaped(whose));
  const auto sentences = explain(trace, language, told);
  for (const auto& sentence : sentences) {
    if (sentence.amount) {
      table += fmt::format("<tr><td>{}</td><td class='amount'>{}</td></tr>\n", escaped(sentence.text),
                           escaped(amount_text(*sentence.amount, trace.tariff->currency, language)));
    } else if (table.empty()) {
      out += fmt::format("<p>{}</p>\n", escaped(sentence.text));
    }
  }
  out += fmt::format("<table>\n{}<tr class='total'><td>{}</td><td class='amount'>{}</td></tr>\n</table>\n",
                     table, escaped(sentences.back().text),
                     escaped(amount_text(trace.total, trace.tariff->currency, language)));
  out += picture;
  out += fmt::format("<p class='check'>{}</p>\n</body></html>\n", escaped(check_line(trace, language)));
  return out;
}

}  // namespace reckon::fee
