#include "reckon/base/csv.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using reckon::base::parse_csv;
using reckon::base::parse_number;

TEST_CASE("parse_csv: quoting, CRLF, blank lines and a byte order mark") {
  const auto table = parse_csv(
      "\xEF\xBB\xBF"
      "a,b\r\n\r\n\"x,\"\"y\"\"\nz\",2\r\n3,\n",
      "t.csv");
  REQUIRE(table);
  CHECK(table->header == std::vector<std::string>{"a", "b"});
  REQUIRE(table->rows.size() == 2);
  CHECK(table->rows[0].fields == std::vector<std::string>{"x,\"y\"\nz", "2"});
  CHECK(table->rows[1].fields == std::vector<std::string>{"3", ""});
  CHECK(table->rows[1].line == 5);
}

TEST_CASE("parse_csv: each fault is told with its line") {
  CHECK(parse_csv("", "t").error().where == "t");
  CHECK(parse_csv("a,b\n", "t").error().message.starts_with("has no rows"));
  CHECK(parse_csv("a,a\n1,2\n", "t").error().message.starts_with("column 'a' stands twice"));
  CHECK(parse_csv("a,b\n1,2\n\"3,4\n", "t").error().where == "t:3");
  const auto ragged = parse_csv("a,b\n1\n1,2\n1,2,3\n", "t");
  REQUIRE_FALSE(ragged);
  CHECK(ragged.error().all().size() == 2);
  CHECK(ragged.error().where == "t:2");
}

TEST_CASE("parse_csv: the first faults are kept, all are counted, and the rows behind them are read") {
  std::string text = "a,b\n";
  const auto most = reckon::base::kMaxFaults;
  for (std::size_t i = 0; i < most + 3; ++i) text += "1\n";
  text += "1,2\n\"3";
  reckon::base::CsvFaults faults;
  const auto table = parse_csv(text, "t", faults);
  CHECK(faults.count == most + 4);
  REQUIRE(faults.first.size() == most);
  CHECK(faults.first.back().where == "t:" + std::to_string(most + 1));
  REQUIRE(table.rows.size() == 1);
  CHECK(table.rows[0].line == most + 5);
  CHECK(parse_csv(text, "t").error().all().size() == most);
}

TEST_CASE("parse_number: only a finite decimal number that is the whole text") {
  CHECK(parse_number("37.5") == 37.5);
  CHECK(parse_number("-1e2") == -100);
  for (const std::string text : {"", " 1", "1 ", "nan", "inf", "1e999", "0x10", "1,5", "+1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text));
  }
}

TEST_CASE("append_csv_row: what is written reads back the same") {
  const std::vector<std::string> fields{"plain", "a,b", "say \"hi\"", "two\nlines", ""};
  std::string out = "1,2,3,4,5\n";
  reckon::base::append_csv_row(out, fields);
  CHECK(parse_csv(out, "t")->rows[0].fields == fields);
}
