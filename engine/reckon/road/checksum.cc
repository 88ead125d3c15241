#include "reckon/road/checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace reckon::road {
namespace {

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5;

template <class Word>
Word take(const std::byte*& at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  at += sizeof word;
  return word;
}

std::uint64_t mix(std::uint64_t lane, std::uint64_t word) {
  return std::rotl(lane + word * kPrime2, 31) * kPrime1;
}

std::uint64_t fold(std::uint64_t hash, std::uint64_t lane) {
  return (hash ^ mix(0, lane)) * kPrime1 + kPrime4;
}

// Four independent lanes over whole stripes of 32 bytes.
std::uint64_t stripes(const std::byte*& at, std::size_t count) {
  std::array<std::uint64_t, 4> lane = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
  for (; count > 0; --count) {
    for (auto& value : lane) value = mix(value, take<std::uint64_t>(at));
  }
  std::uint64_t hash =
      std::rotl(lane[0], 1) + std::rotl(lane[1], 7) + std::rotl(lane[2], 12) + std::rotl(lane[3], 18);
  for (const auto value : lane) hash = fold(hash, value);
  return hash;
}

}  // namespace

std::uint64_t xxh64(std::span<const std::byte> bytes) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t hash = left >= 32 ? stripes(at, left / 32) : kPrime5;
  left %= 32;
  hash += bytes.size();
  for (; left >= 8; left -= 8)
    hash = std::rotl(hash ^ mix(0, take<std::uint64_t>(at)), 27) * kPrime1 + kPrime4;
  for (; left >= 4; left -= 4)
    hash = std::rotl(hash ^ take<std::uint32_t>(at) * kPrime1, 23) * kPrime2 + kPrime3;
  for (; left > 0; --left)
    hash = std::rotl(hash ^ std::to_integer<std::uint64_t>(take<std::byte>(at)) * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

}  // namespace reckon::road
