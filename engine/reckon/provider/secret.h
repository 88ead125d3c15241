#pragma once

// A key that can be used but not printed: it has no stream, format or comparison operators, and its bytes are
// wiped when it goes. Whoever needs them says `reveal()`, which is easy to find in a review.

#include <string>
#include <string_view>

namespace reckon::provider {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  bool empty() const { return text_.empty(); }
  /// The bytes themselves, for the wire only.
  std::string_view reveal() const { return text_; }

 private:
  void wipe() noexcept;
  std::string text_;
};

}  // namespace reckon::provider
