// A day's close: RECKON_SETTLE_ROWS deliveries (default 100,000) of 300 shops, 500 riders and 10 branches,
// seed 20261127, recorded in new books in the folder RECKON_SETTLE_DIR (default: a temporary one, taken away
// at the end); tells the seconds of recording, closing and verifying, the peak memory and the sum of all
// balances.

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "reckon/base/file.h"
#include "reckon/ledger/settlement_store.h"

using namespace reckon;

namespace {

constexpr std::string_view kDay = "2026-03-02";

std::string setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

ledger::Document of(ledger::DocumentKind kind, std::uint64_t shop, std::int64_t amount,
                    std::int64_t minutes) {
  ledger::Document document;
  document.kind = kind;
  document.at = base::parse_rfc3339(fmt::format("{}T00:00:00+09:00", kDay), "at").value() +
                std::chrono::minutes{minutes};
  document.shop = fmt::format("s-{}", shop);
  document.amount = {amount};
  document.by = "bench";
  return document;
}

// Most shops paid in enough; one in ten runs out in the evening.
std::vector<ledger::Document> a_day(std::int64_t rows) {
  std::mt19937_64 random(20261127);
  std::lognormal_distribution<double> fee(std::log(4500.0), 0.3);
  std::vector<ledger::Document> documents;
  const auto usual = rows / 300 * 5500;
  for (std::uint64_t shop = 0; shop < 300; ++shop)
    documents.push_back(of(ledger::DocumentKind::kDeposit, shop, shop % 10 == 0 ? usual / 2 : usual * 2, 0));
  for (std::int64_t i = 0; i < rows; ++i) {
    auto one = of(ledger::DocumentKind::kDelivery, random() % 300, static_cast<std::int64_t>(fee(random)),
                  static_cast<std::int64_t>(random() % 1440));
    one.quote_id = fmt::format("Q{:025}", i);
    one.rider = fmt::format("r-{}", random() % 500);
    one.branch = fmt::format("b-{}", random() % 10);
    one.vat = fee::Money{one.amount.minor / 10};
    one.vat_rule = fee::Vat{100'000, {1, fee::RoundingMode::kDown}};
    one.source = "sha256:" + std::string(64, '0');
    documents.push_back(std::move(one));
  }
  return documents;
}

// Of the clock, and of this process: on a busy machine the second tells more.
struct Seconds {
  double wall = 0, cpu = 0;
};

template <class Work>
Seconds seconds_of(Work&& work) {
  const auto began = std::chrono::steady_clock::now();
  const auto used = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(),
          static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC};
}

}  // namespace

int main() {
  const auto rows = std::stoll(setting("RECKON_SETTLE_ROWS", "100000"));
  const std::filesystem::path folder = setting("RECKON_SETTLE_DIR", "/tmp/reckon-settle");
  std::filesystem::create_directories(folder);
  const auto file = folder / "books.db";
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
  const auto books = ledger::Books::open("sqlite:" + file.string(), ledger::Books::Mode::kCreate).value();
  const auto text =
      base::read_file(std::string(RECKON_SOURCE_DIR) + "/data/settlement/terms-example.json", 1 << 20)
          .value();
  const auto terms = ledger::read_terms(text, "terms").value();
  auto documents = a_day(rows);
  const auto now = documents.front().at + std::chrono::hours{24};
  if (!books->put_terms(terms, now, "bench")) return 3;
  const std::vector<std::string> wheres(documents.size(), "row");
  bool sound = true;
  const auto recording = seconds_of([&] { sound = books->record(documents, wheres).has_value(); });
  ledger::Close close;
  const auto closing = seconds_of([&] {
    const auto closed = books->close(ledger::parse_day(kDay).value(), now, "bench");
    sound = sound && closed;
    if (closed) close = *closed;
  });
  std::size_t differences = 1;
  const auto verifying = seconds_of([&] {
    const auto verified = books->verify();
    if (verified) differences = verified->size();
  });
  const auto position = books->position(close.seq);
  std::int64_t sum = -1;
  if (position) sum = ledger::sum_of(*position).value_or(fee::Money{-1}).minor;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{} deliveries: recorded in {:.2f} s ({:.2f} s of CPU), closed in {:.2f} s ({:.2f}), verified in "
      "{:.2f} s "
      "({:.2f}; {} differences)\n",
      rows, recording.wall, recording.cpu, closing.wall, closing.cpu, verifying.wall, verifying.cpu,
      differences);
  fmt::print("{} entries, {} postings, {} on hold, sum {}; {:.0f} MB at the most, file {:.0f} MB\n",
             close.entries, close.postings, close.holds, sum, static_cast<double>(usage.ru_maxrss) / 1024,
             static_cast<double>(std::filesystem::file_size(file)) / 1e6);
  if (std::getenv("RECKON_SETTLE_DIR") == nullptr) std::filesystem::remove_all(folder);
  return sound && differences == 0 && sum == 0 ? 0 : 1;
}
