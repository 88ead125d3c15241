#include "reckon/provider/json_cursor.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <random>
#include <string>

#include "reckon/base/json_reader.h"

using namespace reckon;
using provider::JsonCursor;

namespace {

// `a` of the top object, and whether the whole document was taken.
std::string read_a(std::string_view bytes) {
  JsonCursor json(bytes);
  std::optional<double> a;
  json.object([&](std::string_view key) { key == "a" ? void(a = json.number()) : void(json.skip()); });
  if (!json.at_end()) return "gave up";
  return a ? fmt::format("{}", *a) : "none";
}

}  // namespace

TEST_CASE("cursor: reads what it is asked for and passes over the rest, or gives up") {
  struct Row {
    std::string bytes, expected, why;
  };
  const std::string deep = std::string(63, '[') + std::string(63, ']');
  for (const auto& row :
       std::vector<Row>{{R"({"a":1})", "1", "plain"},
                        {R"( { "x" : [1,{"a":2},"]}\"{"] , "a" : -1.5e2 , "y":null } )", "-150",
                         "nested, blanks, escapes"},
                        {R"({"x":true})", "none", "absent"},
                        {"{}", "none", "empty"},
                        {R"({"a":1}x)", "gave up", "trailing garbage"},
                        {R"({"a":1)", "gave up", "truncated"},
                        {R"({"x":[1,{"y":2},"a":1})", "gave up", "truncated within"},
                        {R"({"x":[}],"a":1})", "gave up", "brackets crossed"},
                        {R"({"x":"abc,"a":1})", "gave up", "a string without end"},
                        {R"({"a":01})", "gave up", "a leading zero"},
                        {R"({"a":1.})", "gave up", "a point without digits"},
                        {R"({"a":+1})", "gave up", "a plus"},
                        {R"({"a":NaN})", "gave up", "no number"},
                        {R"({"a":"1"})", "gave up", "a string"},
                        {R"({"a":1e999})", "gave up", "beyond a double"},
                        {R"({"\u0061":1})", "gave up", "a key with escapes: the tree decides"},
                        {"\xEF\xBB\xBF{\"a\":1}", "gave up", "byte order mark"},
                        {"{\"x\":" + deep + ",\"a\":1}", "1", "64 levels"},
                        {"{\"x\":[" + deep + "],\"a\":1}", "gave up", "65 levels"},
                        {"[1]", "gave up", "no object"},
                        {"", "gave up", "nothing"},
                        {R"({"x":,"a":1})", "gave up", "no value"},
                        {R"({"a":1,})", "gave up", "a comma too many"}}) {
    CAPTURE(row.why);
    CHECK(read_a(row.bytes) == row.expected);
  }
}

TEST_CASE("cursor: finds brackets and quotes as the plain search does") {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::array<char, 64> bytes;
    for (char& c : bytes) {
      const bool structural = random() % 4 == 0;
      c = structural ? "\"[]{}\\,\x7F"[random() % 8] : static_cast<char>(random() % 256);
    }
    REQUIRE(provider::structural_bits(bytes.data()) == provider::structural_bits_plain(bytes.data()));
  }
}

TEST_CASE("cursor: passes over a long value as the tree does, wherever quotes, escapes and brackets fall") {
  // Random arrays of strings full of what must not be seen, with the block's edges everywhere.
  std::mt19937 random(5);
  for (int i = 0; i < 3000; ++i) {
    std::string value = "[";
    for (auto n = random() % 12; n > 0; --n) {
      std::string text;
      for (auto c = random() % 40; c > 0; --c) {
        constexpr std::array<std::string_view, 8> kParts = {"a", "]", "}", "{", "[", R"(\\)", R"(\")", " "};
        text += kParts[random() % kParts.size()];
      }
      value += fmt::format(R"("{}",{{"k":[1,"{}"]}},)", text, text.substr(0, 0));
    }
    value += "0]";
    const auto bytes = fmt::format(R"({{"x":{},"a":7}})", value);
    CAPTURE(bytes);
    REQUIRE(base::JsonDocument::parse(bytes, "body"));
    REQUIRE(read_a(bytes) == "7");
    const auto cut = bytes.substr(0, random() % bytes.size());
    REQUIRE(read_a(cut) == "gave up");
  }
}

TEST_CASE("cursor: numbers are the doubles that the tree reads") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    const auto whole = random() % 3 == 0 ? random() % 1000 : random() % 1'000'000'000'000;
    auto text = fmt::format("{}{}", random() % 2 == 0 ? "-" : "", whole);
    if (random() % 2 == 0) text += fmt::format(".{:0{}}", random() % 10'000, 4 + random() % 6);
    if (random() % 8 == 0) text += fmt::format("e{}", static_cast<int>(random() % 20) - 10);
    const auto bytes = fmt::format(R"({{"a":{}}})", text);
    JsonCursor json(bytes);
    std::optional<double> a;
    json.object([&](std::string_view) { a = json.number(); });
    const auto document = base::JsonDocument::parse(bytes, "body").value();
    base::Faults faults("body");
    CAPTURE(text);
    REQUIRE(a == document.root(faults).optional("a").number(-1e300, 1e300));
  }
}

TEST_CASE("cursor: what it takes, the tree takes with the same number") {
  // Documents with one byte changed, dropped or put in: where the cursor is sure, the tree must agree, but
  // for faults inside of what is passed over.
  const std::string good = R"({"code":"Ok","a":1234.5,"b":[1,{"c":"d"}],"e":{"f":null}})";
  const std::string bytes_in = "{}[]\",:0a.e-\\ ";
  std::mt19937 random(11);
  int sure = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    const auto at = random() % bytes.size();
    switch (random() % 3) {
      case 0:
        bytes[at] = bytes_in[random() % bytes_in.size()];
        break;
      case 1:
        bytes.erase(at, 1);
        break;
      default:
        bytes.insert(at, 1, bytes_in[random() % bytes_in.size()]);
    }
    const auto told = read_a(bytes);
    if (told == "gave up") continue;
    ++sure;
    const auto document = base::JsonDocument::parse(bytes, "body");
    if (!document) {
      CAPTURE(bytes);
      CHECK(at >= 8);  // the fault lies in a value that was passed over
      continue;
    }
    base::Faults faults("body");
    const auto a = document->root(faults).optional("a").number(-1e300, 1e300);
    CAPTURE(bytes);
    CHECK(told == (a ? fmt::format("{}", *a) : "none"));
  }
  CHECK(sure > 1000);
}
