#include "reckon/base/json_reader.h"

#include <doctest/doctest.h>

#include <string>

using reckon::base::ErrorCode;
using reckon::base::Faults;
using reckon::base::JsonDocument;

TEST_CASE("JsonDocument::parse: a syntax fault is located by line and column") {
  const auto document = JsonDocument::parse("{\n  \"a\": 1,\n  oops\n}", "t.json");
  REQUIRE_FALSE(document);
  CHECK(document.error().code == ErrorCode::kInvalidInput);
  CHECK(document.error().where == "t.json:3:3");
}

TEST_CASE("JsonDocument::parse: what is not one well-formed document is refused") {
  struct Row {
    std::string bytes;
    std::string why;
  };
  for (const Row& row :
       {Row{"", "empty"}, Row{"{} {}", "trailing document"}, Row{"\xEF\xBB\xBF{}", "byte order mark"},
        Row{"\"\xFF\"", "invalid UTF-8"}, Row{"[1,]", "trailing comma"}, Row{"NaN", "not a number"},
        Row{"{\"a\":1", "truncated"}}) {
    CAPTURE(row.why);
    CHECK_FALSE(JsonDocument::parse(row.bytes, "x").has_value());
  }
}

TEST_CASE("JsonDocument::parse: a million open brackets are a fault, not a crash") {
  const auto document = JsonDocument::parse(std::string(1'000'000, '['), "deep");
  REQUIRE_FALSE(document);
  CHECK(document.error().code == ErrorCode::kLimit);
  CHECK(document.error().where == "deep:1:65");
}

TEST_CASE("JsonDocument::parse: a key that stands twice is a fault with its pointer") {
  const auto document = JsonDocument::parse(R"({"a":{"b/c":1,"b/c":2}})", "t");
  REQUIRE_FALSE(document);
  CHECK(document.error().where == "t#/a/b~1c");
}

TEST_CASE("JsonNode: every fault of meaning is collected with its pointer and what is allowed") {
  const auto document = JsonDocument::parse(R"({"n": 12, "s": 5, "x": 1, "list": [1, "two", 3]})", "t");
  REQUIRE(document);
  Faults faults("t");
  const auto root = document->root(faults);
  root.allow_only({"n", "s", "list", "gone"});
  CHECK_FALSE(root.required("n").integer(0, 10));
  CHECK_FALSE(root.required("s").string());
  CHECK_FALSE(root.required("gone").integer(0, 1));
  CHECK_FALSE(root.required("list").integers(10, 0, 10));
  REQUIRE(faults.list().size() == 5);
  CHECK(faults.list()[0].where == "t#/x");
  CHECK(faults.list()[1].message == "is 12; allowed: an integer from 0 to 10");
  CHECK(faults.list()[2].message == "is a number; a string is needed");
  CHECK(faults.list()[3].message == "is missing; it is required");
  CHECK(faults.list()[4].where == "t#/list/1");
}

TEST_CASE("JsonNode: what is absent and optional is no fault") {
  const auto document = JsonDocument::parse("{}", "t");
  REQUIRE(document);
  Faults faults("t");
  CHECK_FALSE(document->root(faults).optional("a").optional("b").integer(0, 1));
  CHECK(faults.empty());
}

TEST_CASE("Faults: further ones than the limit are counted") {
  Faults faults("t");
  for (std::size_t i = 0; i < reckon::base::kMaxFaults + 3; ++i)
    faults.add("/" + std::to_string(i), "is wrong");
  CHECK(faults.error(ErrorCode::kInvalidInput).all().back().message == "and 3 further faults");
}
