// The head of the books: how far each chain goes, so that rows taken away at an end are missed.

#include <fmt/format.h>

#include "reckon/ledger/settlement_state.h"

namespace reckon::ledger {
namespace {

using base::ErrorCode;

// Terms have no hash of their own in their rows: there are few, so it is made anew.
std::optional<ChainEnd> terms_end(const Connection& db) {
  Statement select(db.get(), "SELECT seq, release, at_us, who FROM terms ORDER BY seq");
  ChainEnd end;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return std::nullopt;
    if (step == Step::kDone) return end;
    ++end.rows;
    end.hash = fields_hash({end.hash, std::to_string(select.integer(0)), select.text(1),
                            std::to_string(select.integer(2)), select.text(3)});
  }
}

// The last row of a chain without holes tells how many there are.
std::optional<ChainEnd> last_row(const Connection& db, const std::string& chain) {
  const auto sql = fmt::format("SELECT seq, row_hash FROM {} ORDER BY seq DESC LIMIT 1", chain);
  Statement select(db.get(), sql.c_str());
  const auto step = select.step();
  if (step == Step::kFailed) return std::nullopt;
  if (step == Step::kDone) return ChainEnd{};
  return ChainEnd{select.integer(0), std::string(select.text(1))};
}

}  // namespace

std::optional<ChainEnds> chain_ends(const Connection& db) {
  ChainEnds ends;
  for (std::size_t i = 0; i < kChains.size(); ++i) {
    auto end = i == 0 ? terms_end(db) : last_row(db, std::string(kChains[i]));
    if (!end) return std::nullopt;
    ends[i] = std::move(*end);
  }
  return ends;
}

std::optional<ChainEnds> told_ends(const Connection& db) {
  Statement select(db.get(), "SELECT chain, count, last_hash FROM head");
  ChainEnds ends;
  for (;;) {
    const auto step = select.step();
    if (step == Step::kFailed) return std::nullopt;
    if (step == Step::kDone) return ends;
    const auto chain = std::ranges::find(kChains, select.text(0));
    if (chain != kChains.end())
      ends[static_cast<std::size_t>(chain - kChains.begin())] = {select.integer(1),
                                                                 std::string(select.text(2))};
  }
}

std::string end_fault(std::string_view chain, const ChainEnd& told, const ChainEnd& found) {
  if (told == found) return {};
  if (told.rows == found.rows)
    return fmt::format("the last of {} {} is not the one that was written", told.rows, chain);
  return fmt::format(
      "{} {} are there, {} were written: {}", found.rows, chain, told.rows,
      found.rows < told.rows ? "the last ones were taken away" : "some were put in from outside");
}

bool write_head(Connection& db) {
  const auto ends = chain_ends(db);
  if (!ends) return false;
  Statement put(db.get(), "INSERT OR REPLACE INTO head (chain, count, last_hash) VALUES (?, ?, ?)");
  for (std::size_t i = 0; i < kChains.size(); ++i) {
    if (!put.bind(1, kChains[i]).bind(2, (*ends)[i].rows).bind(3, (*ends)[i].hash).run()) return false;
  }
  return true;
}

base::Result<void> Books::State::begin(const Transaction& transaction, std::string_view doing) const {
  if (!transaction.begun()) return store_fault(doing);
  const auto told = told_ends(db), found = chain_ends(db);
  if (!told || !found) return damage();
  std::vector<base::Fault> faults;
  for (std::size_t i = 0; i < kChains.size(); ++i) {
    if (const auto fault = end_fault(kChains[i], (*told)[i], (*found)[i]); !fault.empty())
      faults.push_back(
          {path, fault + "; nothing more is written before that is cleared up ('reckon settle verify')"});
  }
  if (faults.empty()) return {};
  return base::fail(base::error_of(ErrorCode::kCorrupt, std::move(faults)));
}

base::Result<void> Books::State::commit(Transaction& transaction, std::string_view doing) {
  if (!write_head(db) || !transaction.commit()) return store_fault(doing);
  return {};
}

}  // namespace reckon::ledger
