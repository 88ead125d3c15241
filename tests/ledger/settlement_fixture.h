#pragma once

// Terms with round numbers, documents of one day, and amounts by account.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger_fixture.h"
#include "reckon/ledger/settlement_store.h"

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

/// Books with the round terms, in a folder that goes with the test.
struct Shelf {
  LedgerFolder folder;
  std::unique_ptr<ledger::Books> books =
      ledger::Books::open(folder.url(), ledger::Books::Mode::kCreate).value();

  Shelf();
  /// Records these; a refusal fails the test. Gives the seq of the last.
  std::int64_t record(std::vector<ledger::Document> documents) const;
  /// Changes the file behind the books' back.
  void change(const std::string& sql) const;
  /// Whether `settle verify` names a place that begins with `where` and says `says`.
  bool names(std::string_view where, std::string_view says) const;
};

}  // namespace reckon::test
