#pragma once

// One thread for what no quote may wait for: probes of a provider whose breaker is open.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "reckon/distance/distance_service.h"

namespace reckon::service {

/// Jobs that may wait. Each provider has at most one probe under way, so this many are never reached.
inline constexpr std::size_t kMaxBackgroundJobs = 64;

/// Runs jobs one after the other. The destructor lets the running job end (a probe ends by its own deadline)
/// and drops those that have not begun.
class BackgroundThread final : public distance::Background {
 public:
  BackgroundThread();
  ~BackgroundThread() override;
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  bool run(std::function<void()> job) override;

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace reckon::service
