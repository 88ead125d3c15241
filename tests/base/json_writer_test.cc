#include "reckon/base/json_writer.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "reckon/base/json_reader.h"

using reckon::base::JsonWriter;

TEST_CASE("JsonWriter: members stand in the order written, without white space") {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("b").integer(1).key("a").begin_array().number(0.1).null().boolean(true).end_array();
  json.key("c").begin_object().end_object().end_object();
  CHECK(out == R"({"b":1,"a":[0.1,null,true],"c":{}})");
}

TEST_CASE("JsonWriter: any bytes become valid JSON") {
  std::string out;
  JsonWriter(out).string(std::string_view("a\"\\\n\x01\xFF\xED\xA0\x80 \xED\x95\x9C", 14));
  const auto document = reckon::base::JsonDocument::parse(out, "x");
  REQUIRE(document);
}

TEST_CASE("JsonWriter: what must be escaped is, wherever it stands") {
  const std::string plain = "abcdefghijklmnop 0123456789~";
  for (int c = 0; c < 256; ++c) {
    for (std::size_t at = 0; at < plain.size(); ++at) {
      auto text = plain;
      text[at] = static_cast<char>(c);
      std::string whole, alone;
      JsonWriter(whole).string(text);
      JsonWriter(alone).string(text.substr(at, 1));
      CAPTURE(c);
      CAPTURE(at);
      CHECK(whole ==
            '"' + plain.substr(0, at) + alone.substr(1, alone.size() - 2) + plain.substr(at + 1) + '"');
      CHECK((alone.size() == 3) == (c >= 0x20 && c < 0x80 && c != '"' && c != '\\'));
    }
  }
}

TEST_CASE("JsonWriter: numbers that JSON lacks become null") {
  std::string out;
  JsonWriter(out).number(std::numeric_limits<double>::quiet_NaN());
  CHECK(out == "null");
}

TEST_CASE(
    "JsonWriter: reading and dumping again gives the same bytes, so embedded documents keep their hash") {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("all").begin_array();
  for (char c = 1; c < 127; ++c) json.string(std::string(1, c));
  json.string("\xED\x95\x9C/\xF0\x9F\x9B\xB5").integer(-5).null().boolean(false).end_array().end_object();
  const auto document = reckon::base::JsonDocument::parse(out, "x");
  REQUIRE(document);
  reckon::base::Faults faults("x");
  CHECK(document->root(faults).dump() == out);
}
