#include "reckon/base/json_pen.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "reckon/base/json_writer.h"

using reckon::base::JsonPage;
using reckon::base::JsonPen;
using reckon::base::JsonWriter;

namespace {

std::string random_text(std::mt19937_64& random, std::size_t bytes) {
  // Odd bytes are rare, so that each place of a word sees one alone; multibyte ones are cut at any place.
  static const std::vector<std::string> kOdd = {"\"",   "\\",           "\n",           "\x01",
                                                "\x1F", "\x7F",         "\xED\x95\x9C", "\xC3",
                                                "\xFF", "\xED\xA0\x80", "\xF0\x9F",     "\xF0\x9F\x9B\xB5"};
  std::string text;
  while (text.size() < bytes) {
    if (random() % 24 == 0) {
      text += kOdd[random() % kOdd.size()];
    } else {
      text += static_cast<char>(0x20 + random() % 0x5F);
    }
  }
  text.resize(bytes);
  return text;
}

std::int64_t random_number(std::mt19937_64& random) {
  const auto number = static_cast<std::int64_t>(random() >> (random() % 64));
  return random() % 2 == 0 ? number : -number;
}

// The same random value by both writers.
void write_value(JsonPen& pen, JsonWriter& writer, std::mt19937_64& random, int depth) {
  switch (random() % (depth > 3 ? 6U : 8U)) {
    case 0: {
      // On the heap to the byte, so that a read beyond its end is one that a checker of memory sees.
      const auto made = random_text(random, random() % 40);
      const std::vector<char> text(made.begin(), made.end());
      pen.string({text.data(), text.size()});
      writer.string({text.data(), text.size()});
      return;
    }
    case 1: {
      const auto number = random_number(random);
      pen.integer(number);
      writer.integer(number);
      return;
    }
    case 2: {
      const bool value = random() % 2 == 0;
      pen.boolean(value);
      writer.boolean(value);
      return;
    }
    case 3:
      pen.null();
      writer.null();
      return;
    case 4: {
      const reckon::base::WallTime time{
          std::chrono::microseconds{random_number(random) % 300'000'000'000'000'000}};
      pen.time(time);
      writer.string(reckon::base::format_rfc3339(time));
      return;
    }
    case 5: {
      const auto number = random_number(random);
      pen.part("{\"n\":").digits(number).part("},");
      writer.raw("{\"n\":" + std::to_string(number) + '}');
      return;
    }
    case 6:
      pen.begin_array();
      writer.begin_array();
      for (auto left = random() % 6; left > 0; --left) write_value(pen, writer, random, depth + 1);
      pen.end_array();
      writer.end_array();
      return;
    default:
      pen.begin_object();
      writer.begin_object();
      for (auto left = random() % 6; left > 0; --left) {
        write_value(pen.key("a_key of text"), writer.key("a_key of text"), random, depth + 1);
      }
      pen.end_object();
      writer.end_object();
  }
}

}  // namespace

TEST_CASE("JsonPen: the bytes are JsonWriter's") {
  const std::uint64_t seed = 20261127;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  std::size_t longest = 0;
  for (int i = 0; i < 5'000; ++i) {
    CAPTURE(i);
    JsonPage page;
    auto pen = page.pen();
    std::string expected;
    JsonWriter writer(expected);
    pen.begin_array();
    writer.begin_array();
    for (auto left = random() % (i % 50 == 0 ? 400 : 8); left > 0; --left)
      write_value(pen, writer, random, 0);
    pen.end_array();
    writer.end_array();
    REQUIRE(page.text(pen) == expected);
    longest = std::max(longest, expected.size());
  }
  CHECK(longest > 8'192);  // beyond the page's own memory, more than once
}

TEST_CASE("JsonPen: a document that fills the page's memory to any byte goes on beyond it") {
  for (std::size_t length = 1'900; length < 2'100; ++length) {
    JsonPage page;
    auto pen = page.pen();
    pen.begin_object().key("a").string(std::string(length, 'x')).key("b").integer(-7).key("c");
    pen.begin_array().null().end_array().end_object();
    CHECK(page.text(pen) == R"({"a":")" + std::string(length, 'x') + R"(","b":-7,"c":[null]})");
  }
}

TEST_CASE("JsonPen: integers of any length are whole") {
  for (const auto number : {std::numeric_limits<std::int64_t>::min(),
                            std::numeric_limits<std::int64_t>::max(), std::int64_t{0}}) {
    JsonPage page;
    auto pen = page.pen();
    CHECK(page.text(pen.integer(number)) == std::to_string(number));
  }
}
