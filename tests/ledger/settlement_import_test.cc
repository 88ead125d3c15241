#include "reckon/ledger/settlement_import.h"

#include <doctest/doctest.h>

#include "fee/fee_fixture.h"
#include "ledger/ledger_fixture.h"
#include "ledger/settlement_fixture.h"
#include "reckon/base/limits.h"
#include "reckon/fee/price.h"
#include "reckon/ledger/settlement_export.h"

using namespace reckon;
using namespace reckon::test;

namespace {

const auto kNow = at("23:59");
constexpr std::string_view kHeader = "quote_id,shop,rider,branch,delivered_at\n";

std::string csv(std::string_view rows) {
  return std::string(kHeader) + std::string(rows);
}

std::vector<ledger::Delivered> read(std::string_view text) {
  ledger::RowFaults faults;
  auto rows = ledger::read_deliveries(text, "d", faults);
  REQUIRE(faults.empty());
  return rows;
}

}  // namespace

TEST_CASE("read_deliveries: CSV and JSON lines say the same") {
  const auto table = read(csv("q1,s-1,r-1,b-1,2026-03-02T12:00:00+09:00\n"));
  const auto lines = read(
      R"({"quote_id":"q1","shop":"s-1","rider":"r-1","branch":"b-1","delivered_at":"2026-03-02T03:00:00Z"})");
  REQUIRE(table.size() == 1);
  REQUIRE(lines.size() == 1);
  CHECK(table[0].where == "d:2");
  CHECK(lines[0].where == "d:1");
  CHECK(table[0].at == lines[0].at);
  CHECK(table[0].rider == lines[0].rider);
}

TEST_CASE("read_deliveries: every fault is told with its line") {
  struct Row {
    std::string text;
    std::string_view where, says;
  };
  for (const Row& row : {
           Row{csv("q1,s 1,r-1,b-1,2026-03-02T12:00:00+09:00\n"), "d:2", "shop 's 1'"},
           Row{csv("q1,-s,r-1,b-1,2026-03-02T12:00:00+09:00\n"), "d:2", "shop '-s'"},
           Row{csv("q1,s-1,,b-1,2026-03-02T12:00:00+09:00\n"), "d:2", "rider ''"},
           Row{csv("q1,s-1,r-1,../b,2026-03-02T12:00:00+09:00\n"), "d:2", "branch '../b'"},
           Row{csv("\nq1,s-1,r-1,b-1,yesterday\n"), "d:3", "delivered_at"},
           Row{csv("q1,s-1,r-1\n"), "d:2", "fields"},
           Row{"quote_id,shop,rider,branch\nq1,s-1,r-1,b-1\n", "d:1", "column 'delivered_at' is missing"},
           Row{"", "d", "no rows"},
           Row{"{\"quote_id\":\"q1\"}\n", "d:1", "delivered_at"},
           Row{"{\"quote_id\":\n", "d:1", ""},
           Row{"{\"quote_id\":\"q1\",\"shop\":\"s\",\"rider\":\"r\",\"branch\":\"b\",\"delivered_at\":\"2026-"
               "03-02T03:00:00Z\",\"tip\":1}\n",
               "d:1", "tip"},
       }) {
    CAPTURE(row.text);
    ledger::RowFaults faults;
    CHECK(ledger::read_deliveries(row.text, "d", faults).empty());
    REQUIRE_FALSE(faults.empty());
    bool told = false;
    for (const auto& fault : faults.list())
      told = told || (fault.where.starts_with(row.where) &&
                      (fault.where + fault.message).find(row.says) != std::string::npos);
    CHECK_MESSAGE(told, faults.list()[0].where << ": " << faults.list()[0].message);
  }
}

TEST_CASE("read_deliveries: a row with a fault does not hide the others") {
  ledger::RowFaults faults;
  const auto rows = ledger::read_deliveries(csv("q1,s 1,r-1,b-1,2026-03-02T12:00:00+09:00\n"
                                                "q2,s-1,r-1,b-1,2026-03-02T12:00:00+09:00\n"
                                                "q3,s-1,r-1\n"
                                                "q4,s-1,r-1,b-1,2026-03-02T12:00:00+09:00\n"),
                                            "d", faults);
  CHECK(faults.list().size() == 2);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].quote_id == "q2");
  CHECK(rows[1].where == "d:5");
}

TEST_CASE("read_deliveries: the first twenty faults of the file are told, whatever their kind") {
  std::string rows;
  for (int line = 2; line <= 6; ++line)
    rows += "q" + std::to_string(line) + ",s 1,r-1,b-1,2026-03-02T12:00:00+09:00\n";
  for (int line = 7; line <= 40; ++line) rows += "q,s-1\n";
  for (int line = 41; line <= 43; ++line) rows += "q,s 1,r-1,b-1,2026-03-02T12:00:00+09:00\n";
  rows += "q44,s-1,r-1,b-1,2026-03-02T12:00:00+09:00\n";
  ledger::RowFaults faults;
  const auto sound = ledger::read_deliveries(csv(rows), "d", faults);
  REQUIRE(sound.size() == 1);
  CHECK(sound[0].where == "d:44");
  const auto all = faults.error(base::ErrorCode::kInvalidInput).all();
  REQUIRE(all.size() == base::kMaxFaults + 1);
  for (std::size_t i = 0; i < base::kMaxFaults; ++i) CHECK(all[i].where == "d:" + std::to_string(i + 2));
  CHECK(all[base::kMaxFaults].message.starts_with("22 more"));  // 5 + 34 + 3 - 20
}

TEST_CASE("RowFaults: those of several finders stand by line, the first twenty told and the others counted") {
  ledger::RowFaults reader, joiner;
  for (int line = 2; line <= 30; line += 2) reader.add("d:" + std::to_string(line), "reader");
  for (int line = 3; line <= 31; line += 2) joiner.add("d:" + std::to_string(line) + "#/shop", "joiner");
  reader.merge(joiner, "d");
  const auto all = reader.error(base::ErrorCode::kInvalidInput).all();
  REQUIRE(all.size() == base::kMaxFaults + 1);
  CHECK(all[0].where == "d:2");
  CHECK(all[1].where == "d:3#/shop");
  CHECK(all[19].where == "d:21#/shop");
  CHECK(all[20].message.starts_with("10 more"));
}

TEST_CASE("join_quotes: fee, VAT and its rule come from the quote on record") {
  const LedgerFolder folder;
  const auto ledger = folder.open();
  fill(*ledger, 1);  // 937 m under T2: 3,500 and VAT of 10 %
  const auto rows = read(csv("q1,s-1,r-1,b-1,2026-03-02T12:00:00+09:00\n"));
  ledger::RowFaults faults;
  const auto joined = ledger::join_quotes(rows, *ledger, round_terms(), kNow, faults);
  REQUIRE(joined);
  REQUIRE(joined->documents.size() == 1);
  const auto& document = joined->documents[0];
  CHECK(document.amount.minor == 3500);
  CHECK(document.vat->minor == 350);
  CHECK(document.vat_rule->rate_ppm == 100'000);
  CHECK(document.source.starts_with("sha256:"));
}

TEST_CASE("join_quotes: a rider's pay with a tariff of its own comes from the trace") {
  const LedgerFolder folder;
  const auto ledger = folder.open();
  const auto tariff = shipped_tariff("v8-rider-pay");
  REQUIRE(ledger->put_tariff(tariff->release, tariff->canonical));
  fee::FeeContext context;
  context.at = tariff->valid_from;
  context.shop = "s-1";
  const auto priced = fee::price(tariff, context, {base::Metres{2700}, "road", {}}).value();
  REQUIRE(ledger->append({row_of("q1", priced)}));
  const auto of = [](std::string_view shop) {
    return read(csv("q1," + std::string(shop) + ",r-1,b-1,2026-03-02T12:00:00+09:00\n"));
  };
  ledger::RowFaults faults;
  const auto joined = ledger::join_quotes(of("s-1"), *ledger, round_terms(), kNow, faults);
  REQUIRE(joined);
  CHECK(joined->documents[0].amount.minor == 5500);
  CHECK(joined->documents[0].rider_pay == fee::Money{4140});
  CHECK(faults.empty());
  CHECK(ledger::join_quotes(of("s-2"), *ledger, round_terms(), kNow, faults)->documents.empty());
  REQUIRE_FALSE(faults.empty());
  CHECK(faults.list()[0].message.find("of shop 's-1', not 's-2'") != std::string::npos);
}

TEST_CASE("join_quotes: a quote that does not fit the delivery is told, all of them at once") {
  const LedgerFolder folder;
  const auto ledger = folder.open();
  fill(*ledger, 2);
  const auto rows =
      read(csv("q9,s-1,r-1,b-1,2026-03-02T12:00:00+09:00\n"
               "q1,s-1,r-1,b-1,2000-01-01T12:00:00+09:00\n"
               "q2,s-1,r-1,b-1,2026-03-03T00:00:00+09:00\n"));
  ledger::RowFaults found;
  CHECK(ledger::join_quotes(rows, *ledger, round_terms(), kNow, found)->documents.empty());
  const auto& faults = found.list();
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].where == "d:2");
  CHECK(faults[0].message.find("not in the ledger") != std::string::npos);
  CHECK(faults[1].where == "d:3");
  CHECK(faults[1].message.find("after the delivery") != std::string::npos);
  CHECK(faults[2].message.find("but now is") != std::string::npos);
}

TEST_CASE("join_quotes: a quote that was changed in the ledger is named, whatever of it was changed") {
  struct Row {
    std::string sql;
    std::string_view says;
  };
  const auto replace = [](const std::string& column, const std::string& what, const std::string& by) {
    return "UPDATE quotes SET " + column + " = replace(" + column + ", '" + what + "', '" + by +
           "') WHERE quote_id = 'q2'";
  };
  for (const Row& row :
       {Row{replace("quote", "\"total\":3500", "\"total\":100"), "does not match its hash"},
        Row{replace("quote", "\"vat\":350", "\"vat\":0"), "does not match its hash"},
        Row{replace("trace", "\"total\":3500", "\"total\":100"), "does not match its hash"},
        Row{"UPDATE quotes SET created_at_us = created_at_us - 1 WHERE quote_id = 'q2'",
            "does not match its hash"},
        Row{"UPDATE quotes SET row_hash = 'sha256:0' WHERE quote_id = 'q2'", "does not match its hash"},
        Row{"UPDATE quotes SET tariff_release = 'sha256:0' WHERE quote_id = 'q2'", "does not match its hash"},
        Row{"DELETE FROM quotes WHERE quote_id = 'q1'", "follows a row that is missing"}}) {
    CAPTURE(row.sql);
    const LedgerFolder folder;
    const auto ledger = folder.open();
    fill(*ledger, 3);
    const auto rows = read(csv("q2,s-1,r-1,b-1,2026-03-02T12:00:00+09:00\n"));
    ledger::RowFaults none, faults;
    REQUIRE(ledger::join_quotes(rows, *ledger, round_terms(), kNow, none)->documents.size() == 1);
    change_file(folder.file(), row.sql);
    CHECK(ledger::join_quotes(rows, *ledger, round_terms(), kNow, faults)->documents.empty());
    REQUIRE(faults.list().size() == 1);
    CHECK(faults.list()[0].where == "d:2");
    CHECK(faults.list()[0].message.starts_with("quote q2 "));
    CHECK_MESSAGE(faults.list()[0].message.find(row.says) != std::string::npos, faults.list()[0].message);
  }
}

TEST_CASE("join_quotes: a quote that tells another fee than its trace is refused although it was sealed so") {
  const LedgerFolder folder;
  const auto ledger = folder.open();
  fill(*ledger, 1);
  auto other = sound_row("q2", 937);
  const auto at = other.quote.find("\"total\":3500");
  REQUIRE(at != std::string::npos);
  other.quote.replace(at, 12, "\"total\":3501");
  REQUIRE(ledger->append({other}));
  const auto rows = read(csv("q2,s-1,r-1,b-1,2026-03-02T12:00:00+09:00\n"));
  ledger::RowFaults faults;
  CHECK(ledger::join_quotes(rows, *ledger, round_terms(), kNow, faults)->documents.empty());
  REQUIRE(faults.list().size() == 1);
  CHECK(faults.list()[0].message.find("says total 3501, the trace says 3500") != std::string::npos);
}

TEST_CASE("decimal: digits are the currency's") {
  const auto dollar = *fee::currency_from("USD"), won = *fee::currency_from("KRW"),
             dinar = *fee::currency_from("KWD");
  CHECK(ledger::decimal({-5}, dollar) == "-0.05");
  CHECK(ledger::decimal({123'456}, dollar) == "1234.56");
  CHECK(ledger::decimal({4500}, won) == "4500");
  CHECK(ledger::decimal({1}, dinar) == "0.001");
}
