#include "reckon/service/background_thread.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>

using reckon::service::BackgroundThread;
using reckon::service::kMaxBackgroundJobs;

TEST_CASE("background thread: runs jobs in turn, refuses too many, drops what has not begun") {
  std::promise<void> began, go_on;
  std::atomic<int> ran = 0;
  const auto held = std::make_shared<int>(1);
  {
    BackgroundThread thread;
    CHECK(thread.run([&] {
      began.set_value();
      go_on.get_future().wait();
      ++ran;
    }));
    began.get_future().wait();
    for (std::size_t i = 0; i < kMaxBackgroundJobs; ++i) CHECK(thread.run([&ran, held] { ++ran; }));
    CHECK_FALSE(thread.run([&] { ++ran; }));
    go_on.set_value();
  }
  CHECK(ran >= 1);
  CHECK(ran <= 1 + static_cast<int>(kMaxBackgroundJobs));
  CHECK(held.use_count() == 1);  // nothing of a dropped job is kept
}

TEST_CASE("background thread: a job's end frees its place") {
  BackgroundThread thread;
  for (std::size_t i = 0; i < 3 * kMaxBackgroundJobs; ++i) {
    std::promise<void> done;
    CHECK(thread.run([&] { done.set_value(); }));
    done.get_future().wait();
  }
}
