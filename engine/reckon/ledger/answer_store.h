#pragma once

// Providers' answers on disk, beside the ledger: what memory is filled from after a restart and calibration
// learns from. A file of its own, since a provider's terms may want it gone while quotes must stay.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/distance/memory.h"

namespace reckon::ledger {

/// Safe to call from any thread.
class AnswerStore {
 public:
  /// Two million answers, reckoned at 110 bytes each; with short names of providers a row takes some 60.
  static constexpr std::int64_t kDefaultBudgetBytes = 256 << 20;

  /// @param path  an SQLite file, made when missing
  /// @errors kEnvironment  cannot be opened or made; kCorrupt  not such a file
  static base::Result<std::unique_ptr<AnswerStore>> open(const std::string& path,
                                                         std::int64_t budget_bytes = kDefaultBudgetBytes);
  ~AnswerStore();

  /// Appends answers in one commit and forgets the oldest beyond the budget. Not synced to disk at once: an
  /// answer lost to a power cut is asked again.
  /// @errors kEnvironment  the file cannot be written
  base::Result<void> append(const std::vector<distance::PastAnswer>& answers);
  /// Removes the answers of a provider that are older than `before`.
  base::Result<void> forget(std::string_view provider, base::WallTime before);
  /// How many answers of a provider and vehicle there are. Cost: a pass over the file.
  base::Result<std::int64_t> count(std::string_view provider, base::Vehicle vehicle) const;
  using Visit = std::function<bool(const distance::PastAnswer&)>;
  /// All answers in order of time; stops when `visit` returns false. `visit` must not call this store.
  base::Result<void> for_each(const Visit& visit) const;
  /// Those of the last `newest` that were appended.
  base::Result<void> for_each(std::int64_t newest, const Visit& visit) const;

 private:
  struct State;
  explicit AnswerStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reckon::ledger
