#pragma once

// Content hashes: the names of immutable snapshots (maps, tariffs, traces).

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace reckon::base {

/// `sha256:` followed by 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);

/// The same, fed in pieces. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::span<const std::byte> bytes);
  /// The name of all bytes so far; the object takes no more afterwards.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reckon::base
