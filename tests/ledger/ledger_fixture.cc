#include "ledger/ledger_fixture.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "fee/fee_fixture.h"
#include "reckon/base/hash.h"
#include "reckon/base/json_writer.h"
#include "reckon/fee/price.h"

namespace reckon::test {

LedgerFolder::LedgerFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "reckon-ledger-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  folder_ = name;
}

LedgerFolder::~LedgerFolder() {
  std::filesystem::remove_all(folder_);
}

std::unique_ptr<ledger::Ledger> LedgerFolder::open(ledger::Ledger::Options options) const {
  auto opened = ledger::Ledger::open(url(), options);
  if (!opened) FAIL(opened.error().where << ": " << opened.error().message);
  return std::move(*opened);
}

ledger::QuoteRow sound_row(const std::string& quote_id, std::int64_t metres) {
  static const auto kTariff = shipped_tariff("t2-province-100m");
  fee::FeeContext context;
  context.at = kTariff->valid_from;
  return row_of(quote_id, fee::price(kTariff, context, {base::Metres{metres}, "road", "sha256:map"}).value());
}

ledger::QuoteRow row_of(const std::string& quote_id, const fee::FeeTrace& priced) {
  const auto& tariff = *priced.tariff;
  ledger::QuoteRow row{quote_id, priced.context.at, tariff.release, fee::to_json(priced), {}};
  base::JsonWriter json(row.quote);
  json.begin_object().key("quote_id").string(quote_id).key("fee").begin_object();
  json.key("total").integer(priced.total.minor).key("currency").string(tariff.currency.text()).key("vat");
  if (priced.vat)
    json.integer(priced.vat->minor);
  else
    json.null();
  json.key("lines").begin_array();
  for (const auto& line : priced.lines) {
    json.begin_object().key("rule").string(fee::rule_of(tariff, line));
    json.key("type").string(fee::type_of(tariff, line)).key("amount").integer(line.amount.minor);
    json.key("text").string(fee::text_of(tariff, line)).end_object();
  }
  json.end_array().end_object().key("trace_hash").string(base::sha256(row.trace)).end_object();
  return row;
}

void change_file(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &raw) == SQLITE_OK);
  CHECK_MESSAGE(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, sqlite3_errmsg(raw));
  sqlite3_close(raw);
}

void fill(ledger::Ledger& ledger, int count) {
  const auto tariff = shipped_tariff("t2-province-100m");
  REQUIRE(ledger.put_tariff(tariff->release, tariff->canonical));
  std::vector<ledger::QuoteRow> rows;
  for (int i = 1; i <= count; ++i) rows.push_back(sound_row(fmt::format("q{}", i), 900 + 37 * i));
  REQUIRE(ledger.append(std::move(rows)));
}

}  // namespace reckon::test
