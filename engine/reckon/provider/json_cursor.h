#pragma once

// A forward reader for the few numbers that decide, out of an answer that is much longer: a parsed tree of 5
// kB costs ten times what a quote may. It is sure or it gives up, and then the caller reads the whole tree
// (base::JsonDocument), which also says what is wrong. What it reads is read strictly; what it skips is
// checked for balanced brackets, ended strings and depth, and not for grammar, encoding or repeated keys.
// Internal to the room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace reckon::provider {

/// Reads one document once. All functions are false or empty for ever once it has given up.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// Calls `member(key)` for each member of the object that comes next; `member` reads or skips the value.
  /// False when it is no object. Keys with escapes, repeated keys and very many keys make it give up.
  template <class Member>
  bool object(Member&& member) {
    if (!take('{') || !deeper()) return false;
    if (!take_if('}')) {
      Keys keys;
      do {
        const auto key = string();
        if (!key || !keys.add(*key) || !take(':')) return give_up();
        member(*key);
      } while (!given_up_ && take_if(','));
      if (!take('}')) return false;
    }
    --depth_;
    return true;
  }

  /// Calls `element(index)` for each element of the array that comes next; `element` reads or skips it.
  template <class Element>
  bool array(Element&& element) {
    if (!take('[') || !deeper()) return false;
    if (!take_if(']')) {
      std::size_t index = 0;
      do {
        element(index++);
      } while (!given_up_ && take_if(','));
      if (!take(']')) return false;
    }
    --depth_;
    return true;
  }

  /// The number that comes next.
  std::optional<double> number();
  /// The string that comes next, if it has no escapes; a view into the bytes.
  std::optional<std::string_view> string();
  /// Passes over any value.
  bool skip();
  /// True when nothing but blanks is left and it never gave up.
  bool at_end();
  bool give_up() {
    given_up_ = true;
    return false;
  }

 private:
  // The keys of one object so far. Left uninitialised beyond `count_`: there is one for each object that is
  // read.
  class Keys {
   public:
    bool add(std::string_view key) {
      for (std::size_t i = 0; i < count_; ++i) {
        if (seen_[i].size == key.size() && std::string_view(seen_[i].text, seen_[i].size) == key)
          return false;
      }
      if (count_ == seen_.size()) return false;
      seen_[count_++] = {key.data(), key.size()};
      return true;
    }

   private:
    struct Key {
      const char* text;
      std::size_t size;
    };
    std::array<Key, 32> seen_;
    std::size_t count_ = 0;
  };

  void blanks();
  bool take(char wanted);
  bool take_if(char wanted);
  bool deeper();
  bool skip_nested();
  bool skip_string();

  const char* at_;
  const char* end_;
  std::size_t depth_ = 0;
  bool given_up_ = false;
};

/// Where the quotes, backslashes and brackets of 64 bytes stand; the first byte is bit 0.
struct StructuralBits {
  std::uint64_t quotes = 0, backslashes = 0, brackets = 0;

  friend bool operator==(const StructuralBits&, const StructuralBits&) = default;
};

/// @param bytes  64 of them. Sixteen at a time where the machine can.
StructuralBits structural_bits(const char* bytes);
/// The same, one byte at a time: the reference.
StructuralBits structural_bits_plain(const char* bytes);

}  // namespace reckon::provider
