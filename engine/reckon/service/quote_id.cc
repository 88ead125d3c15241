#include "reckon/service/quote_id.h"

#include <unistd.h>

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
  // The system's own call: std::random_device asks the processor what it can do each time it is made, which
  // takes 15 us where a hypervisor answers.
  std::array<unsigned char, 16> random{};
  if (::getentropy(random.data(), random.size()) != 0) {  // refused, as by a sandbox
    std::random_device device;
    for (auto& byte : random) byte = static_cast<unsigned char>(device());
  }
  for (std::size_t i = 0; i < random.size(); ++i) id[10 + i] = kAlphabet[random[i] & 31];
  return id;
}

bool is_quote_id(std::string_view text) {
  return text.size() == 26 && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace reckon::service
