#pragma once

// JSON for the few documents of which thousands are made a second: JsonWriter's bytes, in a quarter of its
// time. A pen is a pointer into a page's memory that the compiler can keep in a register; names of members
// are known and checked when compiled.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "reckon/base/clock.h"
#include "reckon/base/digits.h"
#include "reckon/base/json_plain.h"
#include "reckon/base/time_text.h"

namespace reckon::base {

/// The name of a member, of characters that stand for themselves; any other does not compile.
class JsonKey {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): so that a literal can stand where a key is wanted
  consteval JsonKey(const char* name) : name_(name) {
    for (const char c : name_)
      if (!is_plain(c)) throw "a key must need no escapes";
  }
  constexpr std::string_view name() const { return name_; }

 private:
  std::string_view name_;
};

class JsonPen;

/// Memory for one document: 2 kB of its own, and more when that is full. Outlives its pen.
class JsonPage {
 public:
  JsonPage() : begin_(near_), end_(near_ + sizeof near_) {}
  JsonPage(const JsonPage&) = delete;
  JsonPage& operator=(const JsonPage&) = delete;

  /// The only pen of this page, at its beginning.
  JsonPen pen();
  /// All that `pen` has written; it must stand behind a whole value.
  std::string text(const JsonPen& pen) const;

 private:
  friend class JsonPen;
  // Moves what stands before `at` to where at least `bytes` more can follow, and returns its end there.
  char* more(char* at, std::size_t bytes);

  char* begin_;
  char* end_;
  std::unique_ptr<char[]> far_;  // in use once `near_` was too short
  char near_[2048];              // not set: only what a pen has written is read
};

/// Appends to a page. Each value takes a comma behind it, and the bracket that closes takes the last one
/// away. Nesting is the caller's to keep right. Copies of a pen share the page: go on with the latest one
/// only, as in `pen = written(pen, …)`.
class JsonPen {
 public:
  JsonPen& begin_object() { return open('{'); }
  JsonPen& end_object() { return close('}'); }
  JsonPen& begin_array() { return open('['); }
  JsonPen& end_array() { return close(']'); }

  [[gnu::always_inline]] JsonPen& key(JsonKey key) {
    const auto name = key.name();
    room(name.size() + 3);
    put('"');
    copy(name);
    put('"');
    put(':');
    return *this;
  }

  /// Any bytes, as JsonWriter::string writes them.
  JsonPen& string(std::string_view text) {
    room(text.size() + 3);
    char* const begin = at_;
    put('"');
    if (char* const end = copy_plain(text, at_)) {
      at_ = end;
      put('"');
      put(',');
      return *this;
    }
    at_ = begin;
    return raw(escaped(text));
  }
  JsonPen& integer(std::int64_t number) { return digits(number).comma(); }
  JsonPen& boolean(bool value) { return value ? raw("true") : raw("false"); }
  JsonPen& null() { return raw("null"); }
  /// An instant as a string, as format_rfc3339 tells it.
  JsonPen& time(WallTime time) {
    room(kMaxRfc3339Bytes + 3);
    put('"');
    at_ = write_rfc3339(time, at_);
    put('"');
    put(',');
    return *this;
  }
  /// A value that is JSON already.
  [[gnu::always_inline]] JsonPen& raw(std::string_view json) { return part(json).comma(); }

  /// Bytes that are no whole value: what follows them is the caller's to keep right, commas too.
  [[gnu::always_inline]] JsonPen& part(std::string_view bytes) {
    room(bytes.size());
    copy(bytes);
    return *this;
  }
  /// A number within such bytes.
  JsonPen& digits(std::int64_t number) {
    room(kMaxDigits);
    at_ = write_integer(number, at_);
    return *this;
  }

 private:
  friend class JsonPage;
  JsonPen(JsonPage& page, char* at) : page_(&page), at_(at) {}

  /// Copies text that stands for itself; null where some of it does not.
  static char* copy_plain(std::string_view text, char* out);
  static std::string escaped(std::string_view text);

  void room(std::size_t bytes) {
    if (static_cast<std::size_t>(page_->end_ - at_) < bytes) [[unlikely]]
      at_ = page_->more(at_, bytes);
  }
  void put(char c) { *at_++ = c; }
  void copy(std::string_view bytes) {
    if (bytes.empty()) return;  // whose pointer may be null
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  JsonPen& comma() {
    room(1);
    put(',');
    return *this;
  }
  JsonPen& open(char bracket) {
    room(1);
    put(bracket);
    return *this;
  }
  // Every bracket that is open, or a comma, stands before.
  JsonPen& close(char bracket) {
    room(2);
    if (at_[-1] == ',') --at_;
    put(bracket);
    put(',');
    return *this;
  }

  JsonPage* page_;
  char* at_;
};

inline JsonPen JsonPage::pen() {
  return {*this, begin_};
}

}  // namespace reckon::base
