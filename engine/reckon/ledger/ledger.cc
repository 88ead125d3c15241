#include "reckon/ledger/ledger.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <condition_variable>
#include <deque>
#include <initializer_list>
#include <limits>
#include <mutex>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/ledger/sqlite.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

// `user_version` of the file; another one is refused.
constexpr std::int64_t kSchemaVersion = 1;
constexpr std::int64_t kApplicationId = 0x52434b4e;  // "RCKN"

constexpr const char* kSchema = R"(
CREATE TABLE tariffs (release TEXT PRIMARY KEY, canonical TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE quotes (seq INTEGER PRIMARY KEY, quote_id TEXT NOT NULL UNIQUE, created_at_us INTEGER NOT NULL,
  tariff_release TEXT NOT NULL, trace TEXT NOT NULL, quote TEXT NOT NULL, row_hash TEXT NOT NULL);
CREATE TABLE answers (key TEXT PRIMARY KEY, request_hash TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
  answer_hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE gaps (id INTEGER PRIMARY KEY, first_at_us INTEGER NOT NULL, last_at_us INTEGER NOT NULL,
  quotes INTEGER NOT NULL, reason TEXT NOT NULL);
PRAGMA application_id = 1380141902;
PRAGMA user_version = 1;
)";
// Added later than the tables above; a ledger without it has had no outages.
constexpr const char* kEventsSchema = R"(
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, incident TEXT NOT NULL, provider TEXT NOT NULL,
  at_us INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL, row_hash TEXT NOT NULL);
)";
// Likewise; which release of an id and version was configured last.
constexpr const char* kNewestSchema = R"(
CREATE TABLE IF NOT EXISTS newest_releases (id TEXT NOT NULL, version INTEGER NOT NULL, release TEXT NOT NULL,
  PRIMARY KEY (id, version)) WITHOUT ROWID;
)";
static_assert(kApplicationId == 1380141902 && kSchemaVersion == 1);

constexpr const char* kSelectRow =
    "SELECT seq, quote_id, created_at_us, tariff_release, trace, quote, row_hash FROM quotes ";

// The answer lies behind the trace: not asking for it saves reading its pages.
constexpr const char* kSelectTrace =
    "SELECT seq, quote_id, created_at_us, tariff_release, trace, '', '' FROM quotes ";

StoredRow read_row(const Statement& at) {
  StoredRow stored;
  stored.seq = at.integer(0);
  stored.row = {std::string(at.text(1)), wall(at.integer(2)), std::string(at.text(3)),
                std::string(at.text(4)), std::string(at.text(5))};
  stored.row_hash = at.text(6);
  return stored;
}

// Makes the tables of a new file; checks that an old one is ours.
base::Result<void> prepare(Connection& connection, const std::string& path, Ledger::Mode mode) {
  constexpr FileFormat kFormat{"ledger", kApplicationId, kSchemaVersion, kSchema};
  const bool writes = mode == Ledger::Mode::kReadWrite;
  if (auto ready = prepare_file(connection, path, writes ? Access::kReadWrite : Access::kReadOnly, kFormat);
      !ready)
    return ready;
  if (writes && !connection.execute(kEventsSchema)) {
    return base::fail(ErrorCode::kEnvironment, path,
                      fmt::format("cannot be made ready for incidents: {}", connection.message()));
  }
  if (writes && !connection.execute(kNewestSchema)) {
    return base::fail(ErrorCode::kEnvironment, path,
                      fmt::format("cannot be made ready for tariffs: {}", connection.message()));
  }
  return {};
}

// One append call waiting for its commit.
struct Ticket {
  std::vector<QuoteRow> rows;
  std::optional<RememberedAnswer> answer;
  std::vector<IncidentEvent> events = {};
  bool done = false;
  base::Result<void> result = {};
};

}  // namespace

std::string chain_hash(std::string_view previous, std::int64_t seq, const QuoteRow& row) {
  const auto number = std::to_string(seq), created = std::to_string(micros(row.created_at));
  return fields_hash({previous, number, row.quote_id, created, row.tariff_release, row.trace, row.quote});
}

std::string event_hash(std::string_view previous, std::int64_t seq, const IncidentEvent& event) {
  const auto number = std::to_string(seq), at = std::to_string(micros(event.at));
  return fields_hash({previous, number, event.incident, event.provider, at, event.kind, event.detail});
}

std::string answer_hash(const RememberedAnswer& answer) {
  return fields_hash({answer.key, answer.request_hash, std::to_string(answer.status), answer.body});
}

struct Ledger::State {
  State(std::string file, Connection write, Connection read)
      : path(std::move(file)), writer(std::move(write)), reader(std::move(read)) {}

  void commit(const std::vector<Ticket*>& batch);
  base::Result<void> write_batch(const std::vector<Ticket*>& batch);
  bool insert_rows(Ticket& ticket, std::int64_t& seq, std::string& hash);
  bool insert_events(const std::vector<IncidentEvent>& events);
  base::Result<void> submit(Ticket& ticket);
  bool insert_gap();
  base::Result<void> read_page(const char* select_sql, std::int64_t from_seq, std::size_t count,
                               std::vector<StoredRow>& page);
  base::Result<void> visit_rows(const char* select_sql, std::int64_t from_seq,
                                const std::function<bool(const StoredRow&)>& visit);
  tl::unexpected<base::Error> store_fault(std::string_view doing) const {
    return base::fail(ErrorCode::kEnvironment, path, fmt::format("cannot {}: {}", doing, writer.message()));
  }

  // The first column of the first row, or nothing where there is none; under read_mutex.
  base::Result<std::optional<std::string>> read_text(Statement& select) const;

  std::string path;
  Connection writer;  // used by the committing thread only
  Connection reader;  // under read_mutex
  std::mutex read_mutex;

  mutable std::mutex mutex;  // of all below
  std::condition_variable changed;
  std::deque<Ticket*> waiting;
  bool committing = false;
  Gap gap;  // of quotes not recorded since the last commit
};

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::~Ledger() {
  if (unrecorded() > 0) state_->write_batch({});  // the last chance to record the gap
}

base::Result<std::unique_ptr<Ledger>> Ledger::open(std::string_view url, Options options) {
  const auto named = path_of(url, "ledger");
  if (!named) return base::fail(named.error());
  const std::string& path = *named;
  const bool read_only = options.mode == Mode::kReadOnly;
  const int flags =
      (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_FULLMUTEX;
  const auto timeout = static_cast<int>(options.busy_timeout.count());
  auto writer = Connection::open(path, "ledger", flags, timeout);
  if (!writer) return base::fail(writer.error());
  if (auto ready = prepare(*writer, path, options.mode); !ready) return base::fail(ready.error());
  auto reader = Connection::open(path, "ledger", flags & ~SQLITE_OPEN_CREATE, timeout);
  if (!reader) return base::fail(reader.error());
  return std::unique_ptr<Ledger>(
      new Ledger(std::make_unique<State>(path, std::move(*writer), std::move(*reader))));
}

bool Ledger::State::insert_rows(Ticket& ticket, std::int64_t& seq, std::string& hash) {
  Statement insert(
      writer.get(),
      "INSERT INTO quotes (seq, quote_id, created_at_us, tariff_release, trace, quote, row_hash) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const auto& row : ticket.rows) {
    hash = chain_hash(hash, ++seq, row);
    insert.bind(1, seq).bind(2, row.quote_id).bind(3, micros(row.created_at)).bind(4, row.tariff_release);
    insert.bind(5, row.trace).bind(6, row.quote).bind(7, hash);
    if (!insert.run()) return false;
  }
  if (!ticket.answer) return true;
  Statement answer(
      writer.get(),
      "INSERT INTO answers (key, request_hash, status, body, answer_hash) VALUES (?, ?, ?, ?, ?)");
  answer.bind(1, ticket.answer->key).bind(2, ticket.answer->request_hash).bind(3, ticket.answer->status);
  const auto sealed = answer_hash(*ticket.answer);
  return answer.bind(4, ticket.answer->body).bind(5, sealed).run();
}

bool Ledger::State::insert_events(const std::vector<IncidentEvent>& events) {
  if (events.empty()) return true;
  std::int64_t seq = 0;
  std::string hash;
  {
    Statement last(writer.get(), "SELECT seq, row_hash FROM events ORDER BY seq DESC LIMIT 1");
    const auto step = last.step();
    if (step == Step::kFailed) return false;
    if (step == Step::kRow) {
      seq = last.integer(0);
      hash = last.text(1);
    }
  }
  Statement insert(writer.get(),
                   "INSERT INTO events (seq, incident, provider, at_us, kind, detail, row_hash) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const auto& event : events) {
    hash = event_hash(hash, ++seq, event);
    insert.bind(1, seq).bind(2, event.incident).bind(3, event.provider).bind(4, micros(event.at));
    if (!insert.bind(5, event.kind).bind(6, event.detail).bind(7, hash).run()) return false;
  }
  return true;
}

bool Ledger::State::insert_gap() {
  Gap recorded;
  {
    const std::lock_guard lock(mutex);
    recorded = gap;
  }
  if (recorded.quotes == 0) return true;
  Statement insert(writer.get(),
                   "INSERT INTO gaps (first_at_us, last_at_us, quotes, reason) VALUES (?, ?, ?, ?)");
  insert.bind(1, micros(recorded.first_at)).bind(2, micros(recorded.last_at)).bind(3, recorded.quotes);
  return insert.bind(4, recorded.reason).run();
}

// Up to `count` rows from `from_seq` on; those before a damaged one are in `page` also on error.
base::Result<void> Ledger::State::read_page(const char* select_sql, std::int64_t from_seq, std::size_t count,
                                            std::vector<StoredRow>& page) {
  const std::lock_guard lock(read_mutex);
  const std::string sql = std::string(select_sql) + "WHERE seq >= ? ORDER BY seq";
  Statement select(reader.get(), sql.c_str());
  select.bind(1, from_seq);
  while (page.size() < count) {
    const auto step = select.step();
    if (step == Step::kDone) return {};
    if (step == Step::kFailed) {
      const auto row = page.empty() ? from_seq : page.back().seq + 1;
      return base::fail(ErrorCode::kCorrupt, fmt::format("row {}", row),
                        fmt::format("cannot be read: {}", reader.message()));
    }
    page.push_back(read_row(select));
  }
  return {};
}

// The whole batch in one transaction, or nothing.
base::Result<void> Ledger::State::write_batch(const std::vector<Ticket*>& batch) {
  if (!writer.execute("BEGIN IMMEDIATE")) return store_fault("begin a commit");
  std::int64_t seq = 0;
  std::string hash;
  {
    Statement last(writer.get(), "SELECT seq, row_hash FROM quotes ORDER BY seq DESC LIMIT 1");
    const auto step = last.step();
    if (step == Step::kFailed) {
      auto fault = store_fault("read the last row");
      writer.execute("ROLLBACK");
      return fault;
    }
    if (step == Step::kRow) {
      seq = last.integer(0);
      hash = last.text(1);
    }
  }
  bool written = insert_gap();
  for (Ticket* ticket : batch)
    written = written && insert_rows(*ticket, seq, hash) && insert_events(ticket->events);
  if (written && writer.execute("COMMIT")) return {};
  const bool taken = writer.code() == SQLITE_CONSTRAINT;
  auto fault =
      taken ? base::fail(ErrorCode::kConflict, path, "a quote id or idempotency key is taken; use another")
            : store_fault("write");
  writer.execute("ROLLBACK");
  return fault;
}

// Commits a batch; where one call's key is taken, each call is tried alone so that the others do not suffer.
void Ledger::State::commit(const std::vector<Ticket*>& batch) {
  const auto result = write_batch(batch);
  if (batch.size() > 1 && !result && result.error().code == ErrorCode::kConflict) {
    for (Ticket* ticket : batch) commit({ticket});
    return;
  }
  const std::lock_guard lock(mutex);
  if (result) gap = {};  // it went with this commit
  for (Ticket* ticket : batch) {
    ticket->result = result;
    if (result || result.error().code != ErrorCode::kEnvironment || ticket->rows.empty()) continue;
    if (gap.quotes == 0) gap.first_at = ticket->rows.front().created_at;
    gap.last_at = ticket->rows.back().created_at;
    gap.quotes += static_cast<std::int64_t>(ticket->rows.size());
    gap.reason = result.error().message;
  }
}

base::Result<void> Ledger::append(std::vector<QuoteRow> rows, std::optional<RememberedAnswer> answer) {
  Ticket ticket{std::move(rows), std::move(answer)};
  return state_->submit(ticket);
}

base::Result<void> Ledger::append_events(std::vector<IncidentEvent> events) {
  Ticket ticket{{}, {}, std::move(events)};
  return state_->submit(ticket);
}

base::Result<void> Ledger::State::submit(Ticket& ticket) {
  std::unique_lock lock(mutex);
  waiting.push_back(&ticket);
  for (;;) {
    changed.wait(lock, [&] { return ticket.done || !committing; });
    if (ticket.done) return ticket.result;
    // Nobody commits: this thread does, for all that wait.
    committing = true;
    const std::vector<Ticket*> batch(waiting.begin(), waiting.end());
    waiting.clear();
    lock.unlock();
    commit(batch);
    lock.lock();
    for (Ticket* one : batch) one->done = true;
    committing = false;
    changed.notify_all();
  }
}

// A page at a time, as for_each has it. The table may be absent, then nothing is there.
base::Result<void> Ledger::for_each_event(std::int64_t from_seq,
                                          const std::function<bool(const StoredEvent&)>& visit) const {
  constexpr std::size_t kPageRows = 256;
  for (std::int64_t next = from_seq;;) {
    std::vector<StoredEvent> page;
    {
      const std::lock_guard lock(state_->read_mutex);
      Statement there(state_->reader.get(), "SELECT 1 FROM sqlite_master WHERE name = 'events'");
      if (there.step() == Step::kDone) return {};
      Statement select(state_->reader.get(),
                       "SELECT seq, incident, provider, at_us, kind, detail, row_hash FROM events "
                       "WHERE seq >= ? ORDER BY seq");
      select.bind(1, next);
      while (page.size() < kPageRows) {
        const auto step = select.step();
        if (step == Step::kDone) break;
        if (step == Step::kFailed)
          return base::fail(ErrorCode::kCorrupt,
                            fmt::format("event {}", page.empty() ? next : page.back().seq + 1),
                            fmt::format("cannot be read: {}", state_->reader.message()));
        page.push_back({select.integer(0),
                        {std::string(select.text(1)), std::string(select.text(2)), wall(select.integer(3)),
                         std::string(select.text(4)), std::string(select.text(5))},
                        std::string(select.text(6))});
      }
    }
    for (const auto& stored : page) {
      if (!visit(stored)) return {};
      next = stored.seq + 1;
    }
    if (page.size() < kPageRows) return {};
  }
}

base::Result<void> Ledger::put_tariff(std::string_view release, std::string_view canonical) {
  // Through the writer, so it must not meet a running commit.
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return !state_->committing; });
  Statement insert(state_->writer.get(), "INSERT OR IGNORE INTO tariffs (release, canonical) VALUES (?, ?)");
  if (!insert.bind(1, release).bind(2, canonical).run()) return state_->store_fault("keep the tariff");
  // Nothing is written where it stands already: most starts are of an unchanged configuration.
  Statement newest(
      state_->writer.get(),
      "WITH said AS (SELECT CASE WHEN json_valid(?2) THEN ?2 ELSE '{}' END AS text), "
      "one AS (SELECT json_extract(text, '$.id') AS id, json_extract(text, '$.version') AS version FROM "
      "said) "
      "INSERT OR REPLACE INTO newest_releases (id, version, release) SELECT id, version, ?1 FROM one "
      "WHERE id IS NOT NULL AND version IS NOT NULL AND NOT EXISTS (SELECT 1 FROM newest_releases AS known "
      "WHERE known.id = one.id AND known.version = one.version AND known.release = ?1)");
  if (!newest.bind(1, release).bind(2, canonical).run()) return state_->store_fault("keep the tariff");
  return {};
}

base::Result<std::optional<std::string>> Ledger::State::read_text(Statement& select) const {
  const auto step = select.step();
  if (step == Step::kRow) return std::string(select.text(0));
  if (step == Step::kDone) return std::nullopt;
  return base::fail(ErrorCode::kEnvironment, path, fmt::format("cannot be read: {}", reader.message()));
}

base::Result<std::optional<std::string>> Ledger::other_release(std::string_view id, std::int64_t version,
                                                               std::string_view release) const {
  const std::lock_guard lock(state_->read_mutex);
  Statement there(state_->reader.get(), "SELECT name FROM sqlite_master WHERE name = 'newest_releases'");
  const auto known = state_->read_text(there);
  if (!known) return known;
  if (*known) {
    Statement select(state_->reader.get(),
                     "SELECT release FROM newest_releases WHERE id = ? AND version = ?");
    auto newest = state_->read_text(select.bind(1, id).bind(2, version));
    if (newest && *newest == std::string(release)) return std::nullopt;
    if (!newest || *newest) return newest;
  }
  // Kept before it was recorded which is the newest. Canonical texts begin with the id, so that most need no
  // parsing.
  Statement select(
      state_->reader.get(),
      "SELECT release FROM tariffs WHERE release <> ?1 AND instr(substr(canonical, 1, 128), ?2) > 0 "
      "AND json_valid(canonical) AND json_extract(canonical, '$.id') = ?2 AND "
      "json_extract(canonical, '$.version') = ?3 ORDER BY release LIMIT 1");
  return state_->read_text(select.bind(1, release).bind(2, id).bind(3, version));
}

base::Result<std::optional<std::string>> Ledger::tariff(std::string_view release) const {
  const std::lock_guard lock(state_->read_mutex);
  Statement select(state_->reader.get(), "SELECT canonical FROM tariffs WHERE release = ?");
  return state_->read_text(select.bind(1, release));
}

base::Result<std::optional<StoredRow>> Ledger::find(std::string_view quote_id) const {
  const std::lock_guard lock(state_->read_mutex);
  const std::string sql = std::string(kSelectRow) + "WHERE quote_id = ?";
  Statement select(state_->reader.get(), sql.c_str());
  const auto step = select.bind(1, quote_id).step();
  if (step == Step::kFailed) {
    return base::fail(ErrorCode::kEnvironment, state_->path,
                      fmt::format("cannot be read: {}", state_->reader.message()));
  }
  if (step == Step::kDone) return std::nullopt;
  return read_row(select);
}

base::Result<std::optional<std::string>> Ledger::hash_before(std::int64_t seq) const {
  if (seq <= 1) return std::string();
  const std::lock_guard lock(state_->read_mutex);
  Statement select(state_->reader.get(), "SELECT row_hash FROM quotes WHERE seq = ?");
  return state_->read_text(select.bind(1, seq - 1));
}

base::Result<std::optional<RememberedAnswer>> Ledger::remembered(std::string_view key) const {
  const std::lock_guard lock(state_->read_mutex);
  Statement select(state_->reader.get(), "SELECT key, request_hash, status, body FROM answers WHERE key = ?");
  const auto step = select.bind(1, key).step();
  if (step == Step::kFailed) {
    return base::fail(ErrorCode::kEnvironment, state_->path,
                      fmt::format("cannot be read: {}", state_->reader.message()));
  }
  if (step == Step::kDone) return std::nullopt;
  return RememberedAnswer{std::string(select.text(0)), std::string(select.text(1)), select.integer(2),
                          std::string(select.text(3))};
}

// A page of rows at a time, so that `visit` runs without the lock and may read the ledger itself.
base::Result<void> Ledger::State::visit_rows(const char* select_sql, std::int64_t from_seq,
                                             const std::function<bool(const StoredRow&)>& visit) {
  constexpr std::size_t kPageRows = 256;
  for (std::int64_t next = from_seq;;) {
    std::vector<StoredRow> page;
    const auto read = read_page(select_sql, next, kPageRows, page);
    for (const auto& stored : page) {
      if (!visit(stored)) return {};
      next = stored.seq + 1;
    }
    if (!read || page.size() < kPageRows) return read;
  }
}

base::Result<void> Ledger::for_each(std::int64_t from_seq,
                                    const std::function<bool(const StoredRow&)>& visit) const {
  return state_->visit_rows(kSelectRow, from_seq, visit);
}

base::Result<void> Ledger::for_each_trace(std::int64_t from_seq,
                                          const std::function<bool(const StoredRow&)>& visit) const {
  return state_->visit_rows(kSelectTrace, from_seq, visit);
}

base::Result<void> Ledger::for_each_newest(base::WallTime from, base::WallTime to,
                                           const std::function<bool(const StoredRow&)>& visit) const {
  constexpr std::size_t kPageRows = 64;
  const auto sql = std::string(kSelectRow) +
                   "WHERE seq < ? AND created_at_us >= ? AND created_at_us < ? ORDER BY seq DESC LIMIT 64";
  for (std::int64_t before = std::numeric_limits<std::int64_t>::max();;) {
    std::vector<StoredRow> page;
    {
      const std::lock_guard lock(state_->read_mutex);
      Statement select(state_->reader.get(), sql.c_str());
      select.bind(1, before).bind(2, micros(from)).bind(3, micros(to));
      Step step = Step::kRow;
      while ((step = select.step()) == Step::kRow) page.push_back(read_row(select));
      if (step == Step::kFailed)
        return base::fail(ErrorCode::kCorrupt, state_->path,
                          fmt::format("cannot be read: {}", state_->reader.message()));
    }
    for (const auto& stored : page) {
      if (!visit(stored)) return {};
      before = stored.seq;
    }
    if (page.size() < kPageRows) return {};
  }
}

base::Result<std::int64_t> Ledger::last_seq() const {
  const std::lock_guard lock(state_->read_mutex);
  Statement select(state_->reader.get(), "SELECT coalesce(max(seq), 0) FROM quotes");
  if (select.step() == Step::kRow) return select.integer(0);
  return base::fail(ErrorCode::kCorrupt, state_->path,
                    fmt::format("cannot be read: {}", state_->reader.message()));
}

base::Result<std::vector<Gap>> Ledger::gaps() const {
  const std::lock_guard lock(state_->read_mutex);
  Statement select(state_->reader.get(),
                   "SELECT first_at_us, last_at_us, quotes, reason FROM gaps ORDER BY id");
  std::vector<Gap> gaps;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kDone) return gaps;
    if (step == Step::kFailed) {
      return base::fail(ErrorCode::kCorrupt, state_->path,
                        fmt::format("cannot be read: {}", state_->reader.message()));
    }
    gaps.push_back(
        {wall(select.integer(0)), wall(select.integer(1)), select.integer(2), std::string(select.text(3))});
  }
}

base::Result<std::vector<std::string>> Ledger::changed_answers() const {
  const std::lock_guard lock(state_->read_mutex);
  Statement select(state_->reader.get(), "SELECT key, request_hash, status, body, answer_hash FROM answers");
  std::vector<std::string> changed;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kDone) return changed;
    if (step == Step::kFailed) {
      return base::fail(ErrorCode::kCorrupt, state_->path,
                        fmt::format("cannot be read: {}", state_->reader.message()));
    }
    const RememberedAnswer answer{std::string(select.text(0)), std::string(select.text(1)), select.integer(2),
                                  std::string(select.text(3))};
    if (answer_hash(answer) != select.text(4)) changed.push_back(answer.key);
  }
}

std::vector<std::string> Ledger::structure_faults() const {
  const std::lock_guard lock(state_->read_mutex);
  Statement check(state_->reader.get(), "PRAGMA integrity_check(20)");
  std::vector<std::string> faults;
  for (;;) {
    const auto step = check.step();
    if (step == Step::kFailed) faults.push_back(state_->reader.message());
    if (step != Step::kRow) break;
    if (check.text(0) != "ok") faults.emplace_back(check.text(0));
  }
  return faults;
}

std::int64_t Ledger::unrecorded() const {
  const std::lock_guard lock(state_->mutex);
  return state_->gap.quotes;
}

}  // namespace reckon::ledger
