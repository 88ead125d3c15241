#pragma once

// A fast 64-bit checksum against damage (not against forgery: the file's SHA-256 is for that).

#include <cstddef>
#include <cstdint>
#include <span>

namespace reckon::road {

/// XXH64 with seed 0. Cost: about 0.1 ns a byte.
/// Source: the xxHash specification, docs/sources.md#xxh64.
std::uint64_t xxh64(std::span<const std::byte> bytes);

}  // namespace reckon::road
