#include "reckon/service/background_thread.h"

#include <csignal>
#include <utility>

namespace reckon::service {

namespace {

// A new thread has its maker's mask from its first instruction: signals belong to the program's own threads.
template <class Work>
std::thread thread_without_signals(Work work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

BackgroundThread::BackgroundThread() : thread_(thread_without_signals([this] { work(); })) {}

BackgroundThread::~BackgroundThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool BackgroundThread::run(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || jobs_.size() >= kMaxBackgroundJobs) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void BackgroundThread::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it holds ends here, not under the lock
    lock.lock();
  }
}

}  // namespace reckon::service
