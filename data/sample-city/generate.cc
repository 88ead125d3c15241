// Writes the sample city (city.h). Same options, same bytes.

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "sample-city/city.h"

namespace {

int usage(std::string_view fault) {
  fmt::print(stderr,
             "reckon_sample_city: error: {}\nusage: reckon_sample_city --out CITY.osm.pbf [--nodes 20000] "
             "[--seed 1]\n",
             fault);
  return 2;
}

bool read_number(std::string_view text, std::int64_t min, std::int64_t max, std::int64_t& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc{} && end == text.data() + text.size() && number >= min && number <= max;
}

}  // namespace

int main(int argc, char** argv) {
  std::string out;
  std::int64_t nodes = 20'000, seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i], value = argv[i + 1];
    if (name == "--out") {
      out = value;
    } else if (name == "--nodes") {
      if (!read_number(value, reckon::sample_city::kLeastNodes, reckon::sample_city::kMostNodes, nodes))
        return usage("--nodes: allowed: 5000 to 20000000");
    } else if (name == "--seed") {
      if (!read_number(value, 0, INT64_MAX, seed)) return usage("--seed: allowed: an integer from 0");
    } else {
      return usage(fmt::format("{}: is not known", name));
    }
  }
  if (argc % 2 == 0 || out.empty()) return usage("--out and a value for each option are needed");
  try {
    reckon::sample_city::write(out, nodes, static_cast<std::uint64_t>(seed));
  } catch (const std::exception& error) {
    fmt::print(stderr, "reckon_sample_city: error: {}: {}\n", out, error.what());
    return 3;
  }
  return 0;
}
