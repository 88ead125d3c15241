#include "reckon/base/json_pen.h"

#include <algorithm>

#include "reckon/base/json_writer.h"
#include "reckon/base/result.h"

namespace reckon::base {

std::string JsonPage::text(const JsonPen& pen) const {
  RECKON_CHECK(pen.at_ > begin_);
  return {begin_, pen.at_ - 1};  // without the comma
}

char* JsonPage::more(char* at, std::size_t bytes) {
  const auto written = static_cast<std::size_t>(at - begin_);
  const auto size = std::max(written + bytes, 2 * static_cast<std::size_t>(end_ - begin_));
  std::unique_ptr<char[]> memory(new char[size]);
  std::memcpy(memory.get(), begin_, written);
  far_ = std::move(memory);
  begin_ = far_.get();
  end_ = begin_ + size;
  return begin_ + written;
}

namespace {

// Copies `size` bytes word by word, where they fill one at least: the last word ends with them, and may begin
// within the one before.
template <class Word>
char* copy_words(const char* from, std::size_t size, char* out) {
  const auto copied = [&](std::size_t at) {
    const auto word = word_at<Word>(from + at);
    std::memcpy(out + at, &word, sizeof word);
    return all_plain(word);
  };
  for (std::size_t at = 0; at + sizeof(Word) < size; at += sizeof(Word))
    if (!copied(at)) return nullptr;
  return copied(size - sizeof(Word)) ? out + size : nullptr;
}

}  // namespace

char* JsonPen::copy_plain(std::string_view text, char* out) {
  if (text.size() >= sizeof(Block)) return copy_words<Block>(text.data(), text.size(), out);
  if (text.size() >= sizeof(std::uint64_t)) return copy_words<std::uint64_t>(text.data(), text.size(), out);
  for (const char c : text) {
    if (!is_plain(c)) return nullptr;
    *out++ = c;
  }
  return out;
}

std::string JsonPen::escaped(std::string_view text) {
  std::string json;
  JsonWriter(json).string(text);
  return json;
}

}  // namespace reckon::base
