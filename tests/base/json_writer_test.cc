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

TEST_CASE("JsonWriter: numbers that JSON lacks become null") {
  std::string out;
  JsonWriter(out).number(std::numeric_limits<double>::quiet_NaN());
  CHECK(out == "null");
}
