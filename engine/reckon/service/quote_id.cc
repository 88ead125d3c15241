#include "reckon/service/quote_id.h"

#include <array>
#include <cstdint>
#include <random>
#include <string_view>

namespace reckon::service {
namespace {
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
}

std::string new_quote_id(base::WallTime now) {
  auto millis = static_cast<std::uint64_t>(now.time_since_epoch().count() / 1000);
  std::string id(26, '0');
  for (std::size_t i = 10; i-- > 0; millis >>= 5) id[i] = kAlphabet[millis & 31];
  std::random_device random;
  for (std::size_t i = 10; i < 26;) {
    std::uint32_t bits = random();
    for (int k = 0; k < 6 && i < 26; ++k, ++i, bits >>= 5) id[i] = kAlphabet[bits & 31];
  }
  return id;
}

bool is_quote_id(std::string_view text) {
  return text.size() == 26 && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace reckon::service
