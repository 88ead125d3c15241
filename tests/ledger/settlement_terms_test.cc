#include "reckon/ledger/settlement_terms.h"

#include <doctest/doctest.h>

#include "ledger/settlement_fixture.h"
#include "reckon/base/file.h"
#include "reckon/base/json_reader.h"

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

// tests/ledger/terms_faults.json, against which the JSON Schema is tried as well.
TEST_CASE("read_terms: each fault is told with its place") {
  const auto bytes =
      base::read_file(std::string(RECKON_SOURCE_DIR) + "/tests/ledger/terms_faults.json", 1 << 20).value();
  const auto document = base::JsonDocument::parse(bytes, "faults").value();
  base::Faults none("faults");
  const auto root = document.root(none);
  const auto sound = root.required("base").dump();
  REQUIRE(ledger::read_terms(sound, "t"));
  std::size_t count = 0;
  for (const auto& row : root.required("faults").items(1000)) {
    const auto text = [&](const char* key) { return std::string(row.required(key).string().value_or("")); };
    auto faulty = sound;
    CAPTURE(text("other"));
    const auto place = faulty.find(text("part"));
    REQUIRE(place != std::string::npos);
    faulty.replace(place, text("part").size(), text("other"));
    const auto terms = ledger::read_terms(faulty, "t");
    REQUIRE_FALSE(terms);
    bool told = false;
    for (const auto& fault : terms.error().all())
      told = told || (fault.where.starts_with("t#" + text("where")) &&
                      (fault.where + fault.message).find(text("says")) != std::string::npos);
    CHECK_MESSAGE(told, terms.error().where << ": " << terms.error().message);
    ++count;
  }
  CHECK(none.empty());
  CHECK(count >= 30);
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
