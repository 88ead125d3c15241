// `reckon tariff diff`: the ledger's history priced under an old and a new tariff, on all cores.

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "commands.h"
#include "reckon/base/file.h"
#include "reckon/fee/tariff_reader.h"
#include "reckon/ledger/ledger.h"
#include "tariff_diff.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using base::Result;

constexpr std::size_t kBatchRows = 512;
constexpr std::size_t kWaitingBatches = 32;  // some 20 MB of traces

struct Row {
  std::string quote_id, trace;
};
using Batch = std::vector<Row>;

// Batches from the one who reads to those who price; both end through `close`.
class Queue {
 public:
  void push(Batch batch) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return batches_.size() < kWaitingBatches; });
    batches_.push_back(std::move(batch));
    filled_.notify_one();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }
  std::optional<Batch> pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return closed_ || !batches_.empty(); });
    if (batches_.empty()) return std::nullopt;
    Batch batch = std::move(batches_.front());
    batches_.pop_front();
    room_.notify_one();
    return batch;
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<Batch> batches_;
  bool closed_ = false;
};

Result<fee::Tariff> load(const std::string& path) {
  const auto bytes = base::read_file(path, fee::kMaxTariffBytes);
  if (!bytes) return base::fail(bytes.error());
  return fee::read_tariff(*bytes, path);
}

// `30d`, `12h`: the instant that long before now; the beginning of time without --last.
Result<base::WallTime> since(const Args& args) {
  const auto text = args.get("last");
  if (!text) return base::WallTime::min();
  const auto digits = text->find_first_not_of("0123456789");
  if (digits != 0 && digits != std::string_view::npos && digits <= 5 && digits + 1 == text->size()) {
    const auto count = std::stol(std::string(text->substr(0, digits)));
    const auto now = base::SystemClock().wall_now();
    if (text->back() == 'd') return now - std::chrono::hours{24 * count};
    if (text->back() == 'h') return now - std::chrono::hours{count};
  }
  return base::fail(
      ErrorCode::kInvalidInput, "--last",
      fmt::format("'{}' is no span; allowed: days or hours, such as 30d or 12h", text->substr(0, 40)));
}

// Releases whose quotes are compared: all versions of the old tariff's id, or all of the ledger.
class Wanted {
 public:
  Wanted(const ledger::Ledger& ledger, std::string id) : ledger_(ledger), id_(std::move(id)) {}

  bool operator()(const std::string& release) {
    if (id_.empty()) return true;
    const auto [at, fresh] = known_.try_emplace(release, false);
    if (!fresh) return at->second;
    const auto canonical = ledger_.tariff(release);
    if (canonical && *canonical) {
      const auto tariff = fee::read_tariff(**canonical, "tariff");
      at->second = tariff && tariff->id == id_;
    }
    return at->second;
  }

 private:
  const ledger::Ledger& ledger_;
  std::string id_;
  std::map<std::string, bool> known_;
};

struct Workers {
  std::vector<std::thread> threads;
  std::vector<DiffReport> reports;
};

Workers start(Queue& queue, const fee::Tariff& before, const fee::Tariff& after) {
  Workers workers;
  const std::size_t count = std::max(1U, std::thread::hardware_concurrency());
  workers.reports.resize(count);
  for (auto& report : workers.reports) {
    workers.threads.emplace_back([&queue, &before, &after, &report] {
      while (const auto batch = queue.pop()) {
        for (const auto& row : *batch) {
          const auto why = compare_trace(row.quote_id, row.trace, before, after, report);
          if (!why.empty()) report.refuse(why);
        }
      }
    });
  }
  return workers;
}

Result<DiffReport> compare_history(const ledger::Ledger& ledger, const fee::Tariff& before,
                                   const fee::Tariff& after, base::WallTime from, bool every_tariff) {
  const auto last = ledger.last_seq();
  if (!last) return base::fail(last.error());
  Progress progress;
  Queue queue;
  Workers workers = start(queue, before, after);
  Wanted wanted(ledger, every_tariff ? "" : before.id);
  Batch batch;
  const auto read = ledger.for_each_trace(1, [&](const ledger::StoredRow& stored) {
    if (stored.seq % 1000 == 0)
      progress.show("pricing history", static_cast<double>(stored.seq) / static_cast<double>(*last));
    if (stored.row.created_at < from || !wanted(stored.row.tariff_release)) return true;
    batch.push_back({stored.row.quote_id, stored.row.trace});
    if (batch.size() == kBatchRows) queue.push(std::exchange(batch, {}));
    return true;
  });
  if (!batch.empty()) queue.push(std::move(batch));
  queue.close();
  for (auto& thread : workers.threads) thread.join();
  if (!read) return base::fail(read.error());
  DiffReport all;
  for (const auto& report : workers.reports) all.merge(report);
  return all;
}

void warn_of_basis(const fee::Tariff& before, const fee::Tariff& after) {
  if (before.basis == after.basis) return;
  fmt::print(stderr,
             "reckon: warning: the old tariff measures by {}, the new one by {}; both are priced on the "
             "recorded distances\n",
             fee::to_string(before.basis), fee::to_string(after.basis));
}

int run_diff(const Args& args) {
  const auto before = load(args.words()[0]);
  const auto after = load(args.words()[1]);
  int exit = kDone;
  if (!before) exit = std::max(exit, report(before.error()));
  if (!after) exit = std::max(exit, report(after.error()));
  if (exit != kDone) return exit;
  if (!(before->currency == after->currency)) {
    return report({ErrorCode::kInvalidInput, args.words()[1],
                   fmt::format("is in {}, the old tariff in {}; both must be in one currency",
                               after->currency.text(), before->currency.text())});
  }
  const auto from = since(args);
  if (!from) return report(from.error());
  const auto ledger = ledger::Ledger::open(*args.get("ledger"), {.mode = ledger::Ledger::Mode::kReadOnly});
  if (!ledger) return report(ledger.error());
  warn_of_basis(*before, *after);
  const auto compared =
      compare_history(**ledger, always_in_force(*before), always_in_force(*after), *from, args.has("all"));
  if (!compared) return report(compared.error());
  if (const auto file = args.get("svg")) {
    if (const auto written =
            base::write_file_atomically(std::string(*file), compared->picture(after->currency));
        !written)
      return report(written.error());
  }
  if (const auto file = args.get("html")) {
    if (const auto written = base::write_file_atomically(std::string(*file), compared->page(*before, *after));
        !written)
      return report(written.error());
  }
  return deliver(args, args.has("json") ? compared->json(*before, *after) : compared->text(*before, *after));
}

}  // namespace

std::vector<Command> tariff_diff_commands() {
  return {{"tariff diff",
           "prices recorded history under two tariffs: who pays more, how much, the worst cases",
           "OLD.json NEW.json",
           2,
           2,
           {{"ledger", "URL", "the history, such as sqlite:reckon.db"},
            {"last", "SPAN", "only quotes of the last days or hours, such as 30d"},
            {"all", "", "quotes of every tariff, not only of OLD's id"},
            {"html", "FILE.html", "also a page with the distribution drawn"},
            {"svg", "FILE.svg", "the drawing alone"},
            {"json", "", "one JSON document"},
            {"out", "FILE", "the table into a file"}},
           {"ledger"},
           run_diff}};
}

}  // namespace reckon::cli
