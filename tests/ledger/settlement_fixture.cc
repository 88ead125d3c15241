#include "ledger/settlement_fixture.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <utility>

namespace reckon::test {

std::string terms_text() {
  return R"({ "currency": "KRW", "time_zone": "Asia/Seoul",
    "shares": [ { "from": "2026-01-01", "rider_ppm": 900000, "branch_ppm": 70000, "head_office_ppm": 30000, "remainder_to": "branch" } ],
    "programme_fee": [ { "from": "2026-01-01", "amount": 200, "paid_by": "branch" } ],
    "withholding": [ { "from": "2026-01-01", "income_tax": { "rate_ppm": 30000, "rounding": { "unit": 10, "mode": "down" } },
                       "local_tax": { "rate_ppm": 100000, "rounding": { "unit": 10, "mode": "down" }, "on": "income_tax" } } ],
    "insurance": [ { "insurance": "employment", "from": "2026-01-01", "expense_ppm": 250000, "rider_ppm": 8000, "branch_ppm": 8000,
                     "rounding": "down" } ] })";
}

ledger::Terms round_terms() {
  return ledger::read_terms(terms_text(), "terms").value();
}

base::WallTime at(std::string_view time) {
  return base::parse_rfc3339(fmt::format("{}T{}:00+09:00", kDay, time), "at").value();
}

ledger::Document delivery(std::int64_t seq, std::string quote, std::int64_t fee, std::int64_t vat,
                          std::string_view time) {
  ledger::Document document;
  document.seq = seq;
  document.day = ledger::parse_day(kDay).value();
  document.at = at(time);
  document.quote_id = std::move(quote);
  document.shop = "s-1";
  document.rider = "r-1";
  document.branch = "b-1";
  document.amount = {fee};
  document.vat = fee::Money{vat};
  document.vat_rule = fee::Vat{100'000, {1, fee::RoundingMode::kDown}};
  return document;
}

ledger::Document deposit(std::int64_t seq, std::int64_t amount, std::string_view time) {
  ledger::Document document;
  document.seq = seq;
  document.kind = ledger::DocumentKind::kDeposit;
  document.day = ledger::parse_day(kDay).value();
  document.at = at(time);
  document.shop = "s-1";
  document.amount = {amount};
  document.by = "kim";
  return document;
}

std::map<std::string, std::int64_t> moved(const ledger::DayJournal& journal) {
  std::map<std::string, std::int64_t> sums;
  for (const auto& posting : journal.postings)
    sums[journal.accounts[posting.account]] += posting.amount.minor;
  return sums;
}

ledger::DayJournal posted(std::vector<ledger::Document> documents, const ledger::Position& opening) {
  auto journal = ledger::post_day(round_terms(), ledger::parse_day(kDay).value(), opening, documents);
  if (!journal) FAIL(journal.error().where << ": " << journal.error().message);
  return std::move(*journal);
}

Shelf::Shelf() {
  REQUIRE(books->put_terms(round_terms(), at("23:59"), "kim"));
}

std::int64_t Shelf::record(std::vector<ledger::Document> documents) const {
  const std::vector<std::string> wheres(documents.size(), "row");
  const auto done = books->record(std::move(documents), wheres);
  if (!done) FAIL(done.error().message);
  return done->last_document;
}

void Shelf::change(const std::string& sql) const {
  change_file(folder.file(), sql);
}

bool Shelf::names(std::string_view where, std::string_view says) const {
  const auto faults = books->verify();
  if (!faults) return faults.error().message.find(says) != std::string::npos;
  for (const auto& fault : *faults)
    if (fault.where.starts_with(where) && fault.message.find(says) != std::string::npos) return true;
  for (const auto& fault : *faults) MESSAGE(fault.where << ": " << fault.message);
  return false;
}

}  // namespace reckon::test
