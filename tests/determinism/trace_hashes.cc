// Prints the hash of every trace that the vectors of the tariffs named by the arguments give, and one of the
// traces of random tariffs: what two compilers must agree in to the byte (tests/system/test_same_bytes.py).

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "fee/random_tariff_fixture.h"
#include "reckon/base/hash.h"
#include "reckon/base/json_reader.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"

using namespace reckon;

namespace {

constexpr std::uint64_t kSeed = 20261127;
constexpr int kTariffs = 200, kDeliveries = 50;

using TariffPointer = std::shared_ptr<const fee::Tariff>;

TariffPointer read(const std::string& json) {
  auto tariff = fee::read_tariff(json, "tariff");
  return tariff ? std::make_shared<const fee::Tariff>(std::move(*tariff)) : nullptr;
}

std::string answer(const base::Result<fee::FeeTrace>& trace) {
  return trace ? fee::to_json(*trace) : "refused " + trace.error().where + ": " + trace.error().message;
}

bool print_vectors(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const auto tariff = read({std::istreambuf_iterator<char>(file), {}});
  if (!tariff || tariff->vectors.empty()) return false;
  std::printf("%s %s\n", tariff->id.c_str(), tariff->release.c_str());
  for (const auto& vector : tariff->vectors) {
    const auto trace = fee::price(tariff, vector.context, {vector.distance, "road", {}, vector.trip, {}});
    std::printf("%s %s\n", base::sha256(answer(trace)).c_str(), vector.name.c_str());
  }
  return true;
}

std::int64_t e7(const base::JsonNode& node) {
  return std::llround(node.number(-180, 180).value_or(0) * 1e7);
}

fee::DistanceRecord record_of(const base::JsonNode& delivery) {
  fee::DistanceRecord record{
      {delivery.required("distance_m").integer(0, 1'000'000).value_or(0)}, "road", {}, {}, {}};
  const auto from = delivery.optional("from"), to = delivery.optional("to");
  if (from.present() && to.present())
    record.trip = fee::TripRecord{e7(from.required("lat")), e7(from.required("lon")), e7(to.required("lat")),
                                  e7(to.required("lon")), "motorcycle"};
  return record;
}

// Random tariffs and deliveries, one a line. A seed gives each compiler its own, so one of them writes for
// both.
bool write_pairs(const char* path) {
  std::ofstream file(path, std::ios::binary);
  test::RandomTariffs random(kSeed);
  const auto line = [&file](char kind, std::string json) {
    std::ranges::replace(json, '\n', ' ');
    file << kind << json << '\n';
  };
  for (int t = 0; t < kTariffs; ++t) {
    line('T', random.tariff());
    for (int d = 0; d < kDeliveries; ++d) line('D', random.delivery());
  }
  return static_cast<bool>(file.flush());
}

bool print_pairs(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string line, all;
  TariffPointer tariff;
  while (std::getline(file, line)) {
    const auto kind = line.front();
    line.erase(0, 1);
    if (kind == 'T') {
      tariff = read(line);
      if (!tariff) return false;
      all += tariff->release;
      continue;
    }
    const auto document = base::JsonDocument::parse(line, "delivery");
    if (!document || !tariff) return false;
    base::Faults faults("delivery");
    const auto root = document->root(faults);
    all += answer(fee::price(tariff, fee::read_context(root.required("context"), {}), record_of(root)));
  }
  std::printf("%s random, %zu bytes\n", base::sha256(all).c_str(), all.size());
  return !all.empty();
}

}  // namespace

// `write PAIRS`, or `PAIRS TARIFF…`.
int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "write") return write_pairs(argv[2]) ? 0 : 1;
  for (int i = 2; i < argc; ++i)
    if (!print_vectors(argv[i])) return 1;
  return argc > 1 && print_pairs(argv[1]) ? 0 : 1;
}
