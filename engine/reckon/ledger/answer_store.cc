#include "reckon/ledger/answer_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <mutex>

#include "reckon/ledger/sqlite.h"

namespace reckon::ledger {
namespace {

constexpr const char* kSchema = R"(
PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS said (id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, provider TEXT NOT NULL,
  vehicle INTEGER NOT NULL, from_lat INTEGER NOT NULL, from_lng INTEGER NOT NULL, to_lat INTEGER NOT NULL,
  to_lng INTEGER NOT NULL, metres INTEGER NOT NULL, seconds INTEGER NOT NULL);
)";
constexpr std::int64_t kBytesAnAnswer = 110;  // above what a row takes: tests/ledger/answer_store_test.cc

std::int64_t e7(double degrees) {
  return std::llround(degrees * 1e7);
}

}  // namespace

struct AnswerStore::State {
  State(std::string file, Connection open, std::int64_t most)
      : path(std::move(file)), db(std::move(open)), rows(most) {}
  tl::unexpected<base::Error> fault(std::string_view doing) const {
    return base::fail(base::ErrorCode::kEnvironment, path,
                      fmt::format("cannot be {}: {}", doing, db.message()));
  }
  std::string path;
  mutable std::mutex mutex;
  Connection db;
  std::int64_t rows;
};

AnswerStore::AnswerStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
AnswerStore::~AnswerStore() = default;

base::Result<std::unique_ptr<AnswerStore>> AnswerStore::open(const std::string& path,
                                                             std::int64_t budget_bytes) {
  auto db = Connection::open(path, "store of answers",
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, 2000);
  if (!db) return base::fail(db.error());
  if (!db->execute(kSchema)) {
    const bool foreign = db->code() == SQLITE_NOTADB || db->code() == SQLITE_CORRUPT;
    return base::fail(
        foreign ? base::ErrorCode::kCorrupt : base::ErrorCode::kEnvironment, path,
        fmt::format("is not a readable store of answers: {}; it may be deleted", db->message()));
  }
  return std::unique_ptr<AnswerStore>(
      new AnswerStore(std::make_unique<State>(path, std::move(*db), budget_bytes / kBytesAnAnswer)));
}

base::Result<void> AnswerStore::append(const std::vector<distance::PastAnswer>& answers) {
  if (answers.empty()) return {};
  const std::lock_guard lock(state_->mutex);
  auto& db = state_->db;
  if (!db.execute("BEGIN IMMEDIATE")) return state_->fault("written");
  bool written = true;
  {
    Statement insert(
        db.get(),
        "INSERT INTO said (at_us, provider, vehicle, from_lat, from_lng, to_lat, to_lng, metres, "
        "seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const auto& one : answers) {
      insert.bind(1, std::int64_t{one.at.time_since_epoch().count()}).bind(2, one.provider);
      insert.bind(3, static_cast<std::int64_t>(one.vehicle));
      insert.bind(4, e7(one.from.lat_deg())).bind(5, e7(one.from.lng_deg()));
      insert.bind(6, e7(one.to.lat_deg())).bind(7, e7(one.to.lng_deg()));
      insert.bind(8, one.metres.value).bind(9, std::int64_t{one.duration.count()});
      written = written && insert.run();
    }
    Statement trim(db.get(), "DELETE FROM said WHERE id <= (SELECT max(id) FROM said) - ?");
    written = written && trim.bind(1, state_->rows).run();
  }
  if (written && db.execute("COMMIT")) return {};
  auto fault = state_->fault("written");
  db.execute("ROLLBACK");
  return fault;
}

base::Result<void> AnswerStore::forget(std::string_view provider, base::WallTime before) {
  const std::lock_guard lock(state_->mutex);
  Statement remove(state_->db.get(), "DELETE FROM said WHERE provider = ? AND at_us < ?");
  if (remove.bind(1, provider).bind(2, std::int64_t{before.time_since_epoch().count()}).run()) return {};
  return state_->fault("written");
}

base::Result<std::int64_t> AnswerStore::count(std::string_view provider, base::Vehicle vehicle) const {
  const std::lock_guard lock(state_->mutex);
  Statement select(state_->db.get(), "SELECT count(*) FROM said WHERE provider = ? AND vehicle = ?");
  if (select.bind(1, provider).bind(2, static_cast<std::int64_t>(vehicle)).step() == Step::kRow)
    return select.integer(0);
  return state_->fault("read");
}

base::Result<void> AnswerStore::for_each(const Visit& visit) const {
  return for_each(INT64_MAX, visit);
}

base::Result<void> AnswerStore::for_each(std::int64_t newest, const Visit& visit) const {
  const std::lock_guard lock(state_->mutex);
  Statement select(
      state_->db.get(),
      "SELECT at_us, provider, vehicle, from_lat, from_lng, to_lat, to_lng, metres, seconds FROM "
      "said WHERE id > (SELECT max(id) FROM said) - ? ORDER BY id");
  select.bind(1, newest);
  for (;;) {
    const auto step = select.step();
    if (step == Step::kDone) return {};
    if (step == Step::kFailed) return state_->fault("read");
    const auto vehicle = select.integer(2);
    if (vehicle < 0 || vehicle >= static_cast<std::int64_t>(base::kAllVehicles.size())) continue;
    const auto place = [&](int column) {
      return geo::LatLng::from_degrees(static_cast<double>(select.integer(column)) / 1e7,
                                       static_cast<double>(select.integer(column + 1)) / 1e7, "answer");
    };
    const auto from = place(3), to = place(5);
    if (!from || !to) continue;  // a damaged row is one answer fewer
    const distance::PastAnswer answer{std::string(select.text(1)),
                                      static_cast<base::Vehicle>(vehicle),
                                      *from,
                                      *to,
                                      {select.integer(7)},
                                      base::Seconds{select.integer(8)},
                                      base::WallTime{std::chrono::microseconds{select.integer(0)}}};
    if (!visit(answer)) return {};
  }
}

}  // namespace reckon::ledger
