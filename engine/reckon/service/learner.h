#pragma once

// Learns, for each vehicle, the first provider that serves it from its answers, while the server runs or a
// batch ends: when enough new ones have come it makes a calibration, writes it beside the ledger and puts it
// into use. One vehicle is learned at a time, and no quote waits for it.

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
#include "reckon/service/calibrations.h"
#include "reckon/service/config.h"

namespace reckon::service {

/// A snapshot is made anew when there are half as many answers again as it was learned from.
inline constexpr double kAnswersGrow = 1.5;

/// Safe to call from any thread, but for tick and learn, which one thread calls.
class Learner final : public distance::Observer {
 public:
  struct Parts {
    Config config;
    std::vector<std::shared_ptr<const road::RoadMap>> maps;
    std::vector<VehicleCalibration> calibrations;  ///< at the start; no other vehicle is learned
    const base::Clock* clock = nullptr;            ///< outlives the learner
    base::Logger* log = nullptr;                   ///< outlives the learner
    std::size_t least_pairs = distance::kLeastPairs;
  };
  explicit Learner(Parts parts);
  ~Learner() override;
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  void on_answer(std::string_view provider, const distance::Trip& trip, base::Metres metres,
                 base::Seconds duration) override;

  /// A vehicle for which there is enough new to learn from; of several one that has no calibration yet, then
  /// the one that waits longest.
  std::optional<base::Vehicle> due() const;
  /// For a server, every few seconds: takes up snapshots that somebody else has written, and begins a lesson
  /// on a thread of its own (of lowest priority) when one is due. Waits for nothing.
  void tick(distance::DistanceService& service);
  /// A lesson on this thread: learns, writes the snapshot, puts it into use.
  /// @param vehicle  one that a provider serves
  /// @return nothing when `progress` gave it up
  /// @errors kInvalidInput  too few trips with different doors; kEnvironment  the snapshot cannot be written;
  ///         kNotFound  no provider serves the vehicle
  base::Result<std::optional<distance::Lesson>> learn(base::Vehicle vehicle,
                                                      distance::DistanceService& service,
                                                      const distance::FitProgress& progress);

  /// Gives up a lesson under way and waits for its thread: before the service of tick ends.
  void stop();

  /// What is wrong with a vehicle's snapshot or its last lesson; empty when all is well.
  std::string fault(base::Vehicle vehicle) const;
  /// What a lesson would be from, for people: `820 answers of kakao for motorcycle`, and whether they are
  /// kept.
  std::string matter(base::Vehicle vehicle) const;
  /// A sentence on a lesson, for logs and people.
  static std::string summary(const distance::Lesson& lesson);

 private:
  /// One vehicle, and the provider whose answers to it are learned.
  struct Course {
    Lead lead;
    std::vector<std::string> files;  ///< that may hold its snapshot
    std::vector<std::optional<base::FileStamp>> known;
    base::SteadyTime last_lesson;
    base::Seconds age_at_start{};  ///< of the snapshot that was there
    std::shared_ptr<const distance::Learned> learned;
    std::string file_fault, lesson_fault;   ///< of the snapshot that is there; of the last lesson
    std::int64_t answers = 0;               ///< kept of it
    std::int64_t answers_then = 0;          ///< when the last lesson began, or the snapshot was learned
    std::deque<distance::PastAnswer> held;  ///< of a provider whose answers may not be kept on disk
  };
  Course course_of(const VehicleCalibration& there) const;
  void count_kept();
  bool is_due(const Course& course) const;
  bool written_by_others(Course& course);
  void reload(Course& course, distance::DistanceService& service);
  std::vector<distance::PastAnswer> answers(const Course& course) const;
  base::Result<void> use(Course& course, const distance::Calibration& calibration,
                         const std::shared_ptr<const road::RoadMap>& map, distance::DistanceService& service);

  Parts parts_;
  std::string ledger_;  ///< its file; empty: there is none, nothing is learned

  mutable std::mutex mutex_;     // of what changes in the courses
  std::vector<Course> courses_;  // as many as at the start; leads and files do not change

  std::atomic<bool> stop_ = false;
  std::atomic<bool> learning_ = false;
  std::unique_ptr<BackgroundThread> thread_;  // from the first tick on
};

}  // namespace reckon::service
