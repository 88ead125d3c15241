#pragma once

// A bounded queue between the quotes' threads and a disk: putting costs a lock, writing happens on the
// background, many at a time and in their order. What finds no room is refused, never waited for.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "reckon/distance/distance_service.h"

namespace reckon::service {

/// Safe to call from any thread; kept by a shared_ptr, which jobs under way hold as well.
template <class Item>
class WriteBehind : public std::enable_shared_from_this<WriteBehind<Item>> {
 public:
  using Sink = std::function<void(const std::vector<Item>&)>;
  struct Options {
    distance::Background* background = nullptr;  ///< null: written on the caller's thread, once `batch` wait
    std::size_t most_waiting = 0;
    std::size_t batch = 1;
  };
  /// @param sink  called by one thread at a time, never with nothing
  WriteBehind(const Options& options, Sink sink) : options_(options), sink_(std::move(sink)) {}

  /// @return false when there was no room
  bool put(Item item) {
    const bool aside = options_.background != nullptr;
    bool room = false, begin = false;
    {
      const std::lock_guard lock(mutex_);
      room = waiting_.size() < options_.most_waiting;
      if (room) waiting_.push_back(std::move(item));
      begin = aside ? !std::exchange(scheduled_, true) : waiting_.size() >= options_.batch;
    }
    if (begin && !aside) flush();
    if (begin && aside && !options_.background->run([self = this->shared_from_this()] { self->flush(); })) {
      const std::lock_guard lock(mutex_);
      scheduled_ = false;  // what waits, waits for the next one
    }
    return room;
  }

  /// Writes what waits, on this thread.
  void flush() {
    const std::lock_guard one_at_a_time(writing_);
    std::vector<Item> items;
    {
      const std::lock_guard lock(mutex_);
      scheduled_ = false;
      items.swap(waiting_);
    }
    if (!items.empty()) sink_(items);
  }

 private:
  const Options options_;
  const Sink sink_;
  std::mutex mutex_;  // of the two below
  std::vector<Item> waiting_;
  bool scheduled_ = false;
  std::mutex writing_;
};

}  // namespace reckon::service
