// `reckon tariff diff` over a long history: makes a ledger of RECKON_HISTORY_ROWS quotes (default 1,000,000)
// under T5, seed 20261126, in the folder RECKON_HISTORY_DIR (default: a temporary one, taken away at the
// end), then runs the program (RECKON, default build/release/reckon) on it and tells seconds and peak memory.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "reckon/base/file.h"
#include "reckon/base/hash.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"
#include "reckon/ledger/ledger.h"

using namespace reckon;

namespace {

constexpr std::size_t kRowsPerCommit = 20'000;

std::string setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string tariff_text() {
  return base::read_file(std::string(RECKON_SOURCE_DIR) + "/data/tariffs/t5-seongdong-complex.json", 1 << 20)
      .value();
}

fee::FeeContext context_of(std::mt19937_64& random) {
  fee::FeeContext context;
  context.at = base::parse_rfc3339("2022-09-01T00:00:00+09:00", "at").value() +
               std::chrono::minutes{random() % 43'200};
  if (random() % 4 == 0) context.weather = {fee::Weather::kRain};
  if (random() % 5 == 0) context.complex = random() % 2 == 0 ? "A" : "B";
  context.shop = fmt::format("s-{}", random() % 300);
  return context;
}

// Quotes as the service records them; the answer beside the trace is as long as a real one.
void fill(ledger::Ledger& ledger, const std::shared_ptr<const fee::Tariff>& tariff, std::int64_t rows) {
  std::mt19937_64 random(20261126);
  std::lognormal_distribution<double> length(std::log(1800.0), 0.6);
  std::vector<ledger::QuoteRow> batch;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto metres = std::min<std::int64_t>(20'000, static_cast<std::int64_t>(length(random)));
    const fee::TripRecord trip{375'000'000 + static_cast<std::int64_t>(random() % 500'000),
                               1'270'000'000 + static_cast<std::int64_t>(random() % 500'000), 375'100'000,
                               1'270'100'000, "motorcycle"};
    const auto trace =
        fee::price(tariff, context_of(random), {{metres}, "road", "sha256:map", trip, {}}).value();
    ledger::QuoteRow row{
        fmt::format("Q{:025}", i), trace.context.at, tariff->release, fee::to_json(trace), {}};
    row.quote = fmt::format(R"({{"quote_id":"{}","padding":"{}"}})", row.quote_id, std::string(900, 'x'));
    batch.push_back(std::move(row));
    if (batch.size() == kRowsPerCommit || i + 1 == rows) {
      if (const auto kept = ledger.append(std::exchange(batch, {})); !kept) {
        fmt::print(stderr, "{}: {}\n", kept.error().where, kept.error().message);
        std::exit(3);
      }
    }
  }
}

int run(const std::string& command) {
  return std::system(command.c_str());
}

}  // namespace

int main() {
  const auto rows = std::stoll(setting("RECKON_HISTORY_ROWS", "1000000"));
  const bool own_folder = std::getenv("RECKON_HISTORY_DIR") == nullptr;
  const std::filesystem::path folder = setting("RECKON_HISTORY_DIR", "/tmp/reckon-history");
  std::filesystem::create_directories(folder);
  const auto before = tariff_text();
  std::string after = before;
  after.replace(after.find("\"version\": 1"), 12, "\"version\": 2");
  after.replace(after.find("\"price\": 500 }"), 14, "\"price\": 600 }");
  std::ofstream(folder / "old.json") << before;
  std::ofstream(folder / "new.json") << after;
  const auto file = folder / "history.db";
  if (!std::filesystem::exists(file)) {
    const auto tariff = std::make_shared<const fee::Tariff>(fee::read_tariff(before, "old").value());
    const auto ledger = ledger::Ledger::open("sqlite:" + file.string()).value();
    if (!ledger->put_tariff(tariff->release, tariff->canonical)) return 3;
    fill(*ledger, tariff, rows);
  }
  const auto began = std::chrono::steady_clock::now();
  const int exit =
      run(fmt::format("{} tariff diff {}/old.json {}/new.json --ledger sqlite:{} --html {}/diff.html",
                      setting("RECKON", "build/release/reckon"), folder.string(), folder.string(),
                      file.string(), folder.string()));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  fmt::print("{} quotes repriced in {:.2f} s, {:.0f} MB at the most, {:.2f} s of CPU\n", rows, seconds,
             static_cast<double>(usage.ru_maxrss) / 1024,
             static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
  if (own_folder) std::filesystem::remove_all(folder);
  return exit == 0 ? 0 : 1;
}
