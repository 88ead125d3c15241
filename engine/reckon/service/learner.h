#pragma once

// Learns the first provider from its answers while the server runs or a batch ends: when enough new ones have
// come it makes a calibration, writes it beside the ledger and puts it into use. No quote waits for it.

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/file_stamp.h"
#include "reckon/base/log.h"
#include "reckon/base/result.h"
#include "reckon/distance/distance_service.h"
#include "reckon/distance/lesson.h"
#include "reckon/service/background_thread.h"
#include "reckon/service/config.h"
#include "reckon/service/quote_engine.h"

namespace reckon::service {

/// A snapshot is made anew when there are half as many answers again as it was learned from.
inline constexpr double kAnswersGrow = 1.5;

/// Safe to call from any thread, but for tick and learn, which one thread calls.
class Learner final : public distance::Observer {
 public:
  struct Parts {
    Config config;
    std::vector<std::shared_ptr<const road::RoadMap>> maps;
    std::shared_ptr<const distance::Learned> learned;  ///< in use at the start; may be empty
    std::string fault;                                 ///< why the snapshot that is there is not used
    const base::Clock* clock = nullptr;                ///< outlives the learner
    base::Logger* log = nullptr;                       ///< outlives the learner
    std::size_t least_pairs = distance::kLeastPairs;
  };
  explicit Learner(Parts parts);
  ~Learner() override;
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  void on_answer(std::string_view provider, const distance::Trip& trip, base::Metres metres,
                 base::Seconds duration) override;

  /// Whether there is enough new to learn from.
  bool due() const;
  /// For a server, every few seconds: takes up a snapshot that somebody else has written, and begins a lesson
  /// on a thread of its own (of lowest priority) when one is due. Waits for nothing.
  void tick(distance::DistanceService& service);
  /// A lesson on this thread: learns, writes the snapshot, puts it into use.
  /// @return nothing when `progress` gave it up
  /// @errors kInvalidInput  too few trips with different doors; kEnvironment  the snapshot cannot be written
  base::Result<std::optional<distance::Lesson>> learn(distance::DistanceService& service,
                                                      const distance::FitProgress& progress);

  /// Gives up a lesson under way and waits for its thread: before the service of tick ends.
  void stop();

  /// What is wrong with the snapshot or the last lesson; empty when all is well.
  std::string fault() const;
  /// A sentence on a lesson, for logs and people.
  static std::string summary(const distance::Lesson& lesson);

 private:
  std::optional<base::FileStamp> stamp() const;
  void reload(distance::DistanceService& service);
  std::vector<distance::PastAnswer> answers() const;
  std::int64_t count_kept() const;

  Parts parts_;
  ProviderEntry first_;  ///< empty name: there is none
  std::string file_;     ///< of the snapshot; empty: nowhere, nothing is learned
  std::optional<base::FileStamp> known_;
  base::SteadyTime last_lesson_;
  base::Seconds age_at_start_{};  ///< of the snapshot that was there

  mutable std::mutex mutex_;  // of all below
  std::shared_ptr<const distance::Learned> learned_;
  std::string fault_;
  std::int64_t answers_ = 0;               ///< kept of the first provider and the configured vehicle
  std::int64_t answers_then_ = 0;          ///< when the last lesson began, or the snapshot was learned
  std::deque<distance::PastAnswer> held_;  ///< of a provider whose answers may not be kept on disk

  std::atomic<bool> stop_ = false;
  std::atomic<bool> learning_ = false;
  std::unique_ptr<BackgroundThread> thread_;  // from the first tick on
};

}  // namespace reckon::service
