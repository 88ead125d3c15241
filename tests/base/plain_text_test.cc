#include "reckon/base/plain_text.h"

#include <doctest/doctest.h>

using namespace reckon;

TEST_CASE("plain_text_fault: one line that no spreadsheet takes for a formula") {
  for (const char* text : {"", "other gate", "다른 문", "a = b", "1+1", "e-mail @ noon", "naïve"}) {
    CAPTURE(text);
    CHECK(base::plain_text_fault(text, 100).empty());
  }
  struct Row {
    std::string text;
    std::string_view says;
  };
  for (const Row& row :
       {Row{"=1+1", "'='"}, Row{"+82", "'+'"}, Row{"-5", "'-'"}, Row{"@a", "'@'"}, Row{"＝1", "'＝'"},
        Row{"a\nb", "U+000A at byte 2"}, Row{"\tx", "U+0009"}, Row{std::string("a\0b", 3), "U+0000"},
        Row{"a\x7f", "U+007F"}, Row{"a\xc2\x85", "U+0085"}, Row{"a\xe2\x80\xae", "U+202E"},
        Row{"a\xff", "no UTF-8 at byte 2"}, Row{"\xc0\xaf", "no UTF-8 at byte 1"},
        Row{std::string(101, 'x'), "101 bytes"}}) {
    CAPTURE(row.text);
    CHECK(base::plain_text_fault(row.text, 100).find(row.says) != std::string::npos);
  }
}
