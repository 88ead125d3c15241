#pragma once

// Takes providers' answers from the quotes' threads to the store beside the ledger, as far as each provider's
// terms allow. A quote never waits for it: what does not fit into the queue is dropped and counted.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/log.h"
#include "reckon/base/result.h"
#include "reckon/distance/distance_service.h"
#include "reckon/ledger/answer_store.h"
#include "reckon/service/config.h"
#include "reckon/service/metrics.h"

namespace reckon::service {

/// Answers that may wait for the disk: over a minute of stall at 200 quotes a second, some 3 MB.
inline constexpr std::size_t kMaxWaitingAnswers = 16'384;

/// Answers of one commit where nobody else's thread writes them.
inline constexpr std::size_t kAnswersPerCommit = 500;

/// Safe to call from any thread.
class AnswerRecorder final : public distance::Observer {
 public:
  struct Parts {
    std::unique_ptr<ledger::AnswerStore> store;
    std::vector<ProviderEntry> providers;        ///< whose answers are kept: remember_days > 0
    const base::Clock* clock = nullptr;          ///< outlives the recorder and the background's jobs
    distance::Background* background = nullptr;  ///< null: written on the caller's thread, by hundreds
    Metrics* metrics = nullptr;                  ///< may be null; outlives the background's jobs
    base::Logger* log = nullptr;                 ///< may be null; outlives the background's jobs
    std::size_t most_waiting = kMaxWaitingAnswers;
  };
  explicit AnswerRecorder(Parts parts);
  ~AnswerRecorder() override;
  AnswerRecorder(const AnswerRecorder&) = delete;
  AnswerRecorder& operator=(const AnswerRecorder&) = delete;

  void on_answer(std::string_view provider, const distance::Trip& trip, base::Metres metres,
                 base::Seconds duration) override;

  /// Writes what waits, on this thread; at the end of a batch or of the server.
  void flush();
  /// Removes what the providers' terms do not allow to keep any longer; on the background, if there is one.
  void forget_old();

  /// Answers that were not kept since the start: no room in the queue, or the store could not write.
  std::uint64_t dropped() const;
  const ledger::AnswerStore& store() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // also held by jobs that are under way
};

/// The recorder of a configuration, and `memory` filled from its store: the newest answers that are not too
/// old. Null where nothing may be kept and nothing is there. A store that cannot be used is told to `log` and
/// costs nothing but itself.
/// @param memory  may be null
std::unique_ptr<AnswerRecorder> open_answer_recorder(const Config& config, const base::Clock& clock,
                                                     distance::AnswerMemory* memory,
                                                     distance::Background* background, Metrics* metrics,
                                                     base::Logger& log);

}  // namespace reckon::service
