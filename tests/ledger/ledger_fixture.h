#pragma once

// A ledger in a folder of its own that goes with the fixture, and rows as the service writes them.

#include <filesystem>
#include <memory>
#include <string>

#include "reckon/fee/price.h"
#include "reckon/fee/tariff.h"
#include "reckon/ledger/ledger.h"

namespace reckon::test {

class LedgerFolder {
 public:
  LedgerFolder();
  ~LedgerFolder();
  LedgerFolder(const LedgerFolder&) = delete;
  LedgerFolder& operator=(const LedgerFolder&) = delete;
  std::filesystem::path file() const { return folder_ / "reckon.db"; }
  std::string url() const { return "sqlite:" + file().string(); }
  std::unique_ptr<ledger::Ledger> open(ledger::Ledger::Options options = {}) const;

 private:
  std::filesystem::path folder_;
};

/// A sound row: a real fee of the shipped tariff T2 for `metres`, told in a small quote.
ledger::QuoteRow sound_row(const std::string& quote_id, std::int64_t metres);

/// The row of this fee, told in a small quote.
ledger::QuoteRow row_of(const std::string& quote_id, const fee::FeeTrace& priced);

/// Changes a store's file behind its back.
void change_file(const std::filesystem::path& file, const std::string& sql);

/// Keeps T2 in the ledger and appends `count` sound rows `q1`, `q2`, …
void fill(ledger::Ledger& ledger, int count);

}  // namespace reckon::test
