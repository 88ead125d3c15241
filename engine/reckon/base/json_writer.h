#pragma once

// JSON that we write: members in the order written, no white space, integers exact, doubles in their shortest
// form that reads back the same. Equal calls give equal bytes on every machine, which is what content hashes
// rest on.

#include <cstdint>
#include <string>
#include <string_view>

namespace reckon::base {

/// Appends to a caller's string; commas are put in by itself. Nesting is the caller's to keep right.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  /// Any bytes; what is not valid UTF-8 is written as U+FFFD, so that the document always is.
  JsonWriter& string(std::string_view text);
  JsonWriter& integer(std::int64_t number);
  /// NaN and infinities, which JSON lacks, become null.
  JsonWriter& number(double number);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string& out_;
  bool after_value_ = false;
};

}  // namespace reckon::base
