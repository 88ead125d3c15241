#pragma once

// A fee in plain sentences, for whoever pays it: Korean or English, from the trace alone.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reckon/fee/price.h"

namespace reckon::fee {

enum class Language : std::uint8_t { kEnglish, kKorean };
std::optional<Language> language_from(std::string_view name);  ///< `en`, `ko`

/// What was told with the fee but does not stand in its trace: the quote's id and its distance.
struct ToldQuote {
  std::string quote_id;
  struct Interval {
    base::Metres low, high;
  };
  std::optional<Interval> interval;  ///< 90 % of what the first provider would have said
  bool provisional = false;
  std::vector<std::pair<std::string, std::string>> why_not;  ///< rung and reason, the best first
};

/// One sentence; `amount` where it is a line of the fee.
struct Sentence {
  std::string text;
  std::optional<Money> amount = {};
};

/// What was priced, when and by which distance, how sure that is and what better one failed; one sentence for
/// each line of the fee; total and VAT.
std::vector<Sentence> explain(const FeeTrace& trace, Language language, const ToldQuote& told = {});

/// The sentences, one a line, then the names by which anyone computes the fee again.
std::string explanation_text(const FeeTrace& trace, Language language, const ToldQuote& told = {});

/// The same as a page to print, which names quote and shop. @param picture  SVG of the route, or empty
std::string explanation_html(const FeeTrace& trace, Language language, std::string_view picture,
                             const ToldQuote& told = {});

/// `4,500원`, `12.34 USD`.
std::string amount_text(Money amount, const Currency& currency, Language language);

}  // namespace reckon::fee
