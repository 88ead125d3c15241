#include "reckon/ledger/settlement_terms.h"

#include <doctest/doctest.h>

#include "ledger/settlement_fixture.h"
#include "reckon/base/file.h"

using namespace reckon;
using namespace reckon::test;

namespace {

std::string with(std::string_view part, std::string_view other) {
  auto text = terms_text();
  const auto place = text.find(part);
  REQUIRE(place != std::string::npos);
  return text.replace(place, part.size(), other);
}

}  // namespace

TEST_CASE("read_terms: the shipped example is sound") {
  const auto text =
      base::read_file(std::string(RECKON_SOURCE_DIR) + "/data/settlement/terms-example.json", 1 << 20);
  const auto terms = ledger::read_terms(text.value(), "example");
  REQUIRE(terms);
  CHECK(terms->release.starts_with("sha256:"));
}

TEST_CASE("read_terms: each fault is told with its place") {
  struct Row {
    std::string_view part, other, where, says;
  };
  for (const Row& row : {
           Row{"\"KRW\"", "\"WON\"", "/currency", "no currency"},
           Row{"\"employment\"", "\".employment\"", "/insurance/0/insurance", "letter or digit"},
           Row{"Asia/Seoul", "Asia/Soul", "/time_zone", "Asia/Soul"},
           Row{"70000", "70001", "/shares/0", "sum to 1000001"},
           Row{"\"remainder_to\": \"branch\"", "\"remainder_to\": \"shop\"", "/shares/0/remainder_to",
               "no part"},
           Row{"\"remainder_to\"", "\"rest_to\"", "/shares/0", "rest_to"},
           Row{"\"amount\": 200", "\"amount\": -200", "/programme_fee/0/amount", "-200"},
           Row{"\"paid_by\": \"branch\"", "\"paid_by\": \"head_office\"", "/programme_fee/0/paid_by",
               "no part"},
           Row{"\"rate_ppm\": 30000", "\"rate_ppm\": 3000000", "/withholding/0/income_tax/rate_ppm",
               "3000000"},
           Row{"\"on\": \"income_tax\"", "\"on\": \"fee\"", "/withholding/0/local_tax/on", "allowed: pay"},
           Row{"\"2026-01-01\"", "\"2026-02-30\"", "/shares/0/from", "2026-02-30"},
           Row{"\"insurance\": \"employment\"", "\"insurance\": \"a b\"", "/insurance/0/insurance", "a b"},
           Row{"\"down\" } ] }", "\"down\" } ], \"more\": 1 }", "more", "more"},
       }) {
    CAPTURE(row.part);
    const auto terms = ledger::read_terms(with(row.part, row.other), "t");
    REQUIRE_FALSE(terms);
    bool told = false;
    for (const auto& fault : terms.error().all())
      told = told || ((fault.where + fault.message).find(row.where) != std::string::npos &&
                      (fault.where + fault.message).find(row.says) != std::string::npos);
    CHECK_MESSAGE(told, terms.error().where << ": " << terms.error().message);
  }
}

TEST_CASE("read_terms: two rows that begin on one day for one branch contradict each other") {
  const auto twice =
      with("\"programme_fee\": [",
           "\"programme_fee\": [ { \"from\": \"2026-01-01\", \"amount\": 100, \"paid_by\": \"shop\" },");
  const auto terms = ledger::read_terms(twice, "t");
  REQUIRE_FALSE(terms);
  CHECK(terms.error().where == "t#/programme_fee/1");
}

TEST_CASE("in_force: a branch's own row goes before one for all, then the latest begun") {
  const auto day = [](std::string_view text) { return ledger::parse_day(text).value(); };
  std::vector<ledger::ProgrammeFee> rows(4);
  rows[0].from = day("2026-01-01");
  rows[1].from = day("2026-07-01");
  rows[2].from = day("2026-03-01");
  rows[2].branch = "b-1";
  rows[3].from = day("2026-02-01");
  rows[3].branch = "b-1";
  struct Row {
    std::string_view branch, day;
    int row;
    const char* why;
  };
  for (const Row& row :
       {Row{"b-1", "2025-12-31", -1, "nothing has begun"},
        Row{"b-1", "2026-01-31", 0, "its own has not begun"}, Row{"b-1", "2026-02-28", 3, "its own"},
        Row{"b-1", "2026-08-01", 2, "its own latest, older than the general one"},
        Row{"b-2", "2026-06-30", 0, "the day before"}, Row{"b-2", "2026-07-01", 1, "the day itself"}}) {
    CAPTURE(row.why);
    const auto* found = ledger::in_force(rows, row.branch, day(row.day));
    CHECK(found == (row.row < 0 ? nullptr : &rows[static_cast<std::size_t>(row.row)]));
  }
}

TEST_CASE("day_of: the local day, not that of UTC") {
  const auto terms = round_terms();
  CHECK(ledger::day_of(terms, base::parse_rfc3339("2026-03-01T14:59:59Z", "").value()) ==
        ledger::parse_day("2026-03-01"));
  CHECK(ledger::day_of(terms, base::parse_rfc3339("2026-03-01T15:00:00Z", "").value()) ==
        ledger::parse_day("2026-03-02"));
}

TEST_CASE("part_of: a part of what is taken back is what was given") {
  const fee::Rounding ten{10, fee::RoundingMode::kDown};
  CHECK(ledger::part_of({3600}, 30'000, ten)->minor == 100);
  CHECK(ledger::part_of({-3600}, 30'000, ten)->minor == -100);
}
