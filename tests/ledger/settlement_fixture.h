#pragma once

// Terms with round numbers, documents of one day, and amounts by account.

#include <map>
#include <string>
#include <string_view>

#include "reckon/ledger/settlement.h"

namespace reckon::test {

/// Rider 90 %, branch 7 %, head office 3 %, remainder to the branch; 200 a call paid by the branch; 3 % and a
/// tenth of that withheld without last digits; employment insurance of 0.8 % each on three quarters of the
/// pay.
std::string terms_text();
ledger::Terms round_terms();

inline constexpr std::string_view kDay = "2026-03-02";
ledger::Document delivery(std::int64_t seq, std::string quote, std::int64_t fee, std::int64_t vat,
                          std::string_view time = "12:00");
ledger::Document deposit(std::int64_t seq, std::int64_t amount, std::string_view time = "09:00");

/// Instant of the local `time` on kDay in Seoul.
base::WallTime at(std::string_view time);

/// Sum of each account's postings.
std::map<std::string, std::int64_t> moved(const ledger::DayJournal& journal);

/// The journal of kDay from an empty position; a refusal fails the test.
ledger::DayJournal posted(std::vector<ledger::Document> documents, const ledger::Position& opening = {});

}  // namespace reckon::test
