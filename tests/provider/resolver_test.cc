#include "reckon/provider/resolver.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace reckon;
using namespace reckon::provider;
using namespace std::chrono_literals;

namespace {

const base::SystemClock kClock;

IpAddress address(std::uint8_t last) {
  return {IpAddress::Family::kV4, {192, 0, 2, last}};
}

// A name server that answers only when the gate is open. Shared with lookups that outlive the test's
// resolver.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int waiting = 0;

  void wait() {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.wait(lock, [this] { return open; });
    --waiting;
    changed.notify_all();
  }
  void release() {
    std::unique_lock lock(mutex);
    open = true;
    changed.notify_all();
    changed.wait(lock, [this] { return waiting == 0; });
  }
};

base::Deadline in(std::chrono::milliseconds budget) {
  return base::Deadline::after(kClock, budget);
}

}  // namespace

TEST_CASE("resolver: numeric addresses and localhost need no lookup") {
  ThreadResolver resolver(kClock, {}, [](const std::string&) -> Addresses { throw 1; });
  CHECK(resolver.resolve("127.0.0.1", in(10ms)).value() ==
        Addresses{{IpAddress::Family::kV4, {127, 0, 0, 1}}});
  CHECK(resolver.resolve("::1", in(10ms)).value().front().family == IpAddress::Family::kV6);
  CHECK(resolver.resolve("localhost", in(10ms)).value().size() == 2);
  CHECK_FALSE(literal_addresses("example.com"));
}

TEST_CASE("resolver: a hung name server costs its budget, and never more than its threads (row 2)") {
  const auto gate = std::make_shared<Gate>();
  std::atomic<int> lookups = 0;
  {
    ThreadResolver resolver(kClock, {.max_threads = 2}, [gate, &lookups](const std::string&) -> Addresses {
      ++lookups;
      gate->wait();
      return {};
    });
    for (const std::string name : {"a.example", "b.example"}) {
      const auto began = kClock.steady_now();
      const auto result = resolver.resolve(name, in(60ms));
      REQUIRE_FALSE(result);
      CHECK(result.error().outcome == Outcome::kTimeout);
      CHECK(result.error().stage == Stage::kResolve);
      CHECK(kClock.steady_now() - began <= 110ms);
    }
    const auto began = kClock.steady_now();
    const auto third = resolver.resolve("c.example", in(60ms));
    REQUIRE_FALSE(third);
    CHECK(third.error().outcome == Outcome::kUnavailable);
    CHECK(kClock.steady_now() - began < 20ms);
    CHECK(lookups == 2);
  }  // the resolver goes although both lookups hang
  gate->release();
}

TEST_CASE("resolver: no such name is told at once, and asked for again only after a pause (row 1)") {
  std::atomic<int> lookups = 0;
  ThreadResolver resolver(kClock, {}, [&lookups](const std::string&) {
    ++lookups;
    return Addresses{};
  });
  for (int i = 0; i < 5; ++i) {
    const auto result = resolver.resolve("gone.example", in(1000ms));
    REQUIRE_FALSE(result);
    CHECK(result.error().outcome == Outcome::kUnavailable);
  }
  CHECK(lookups == 1);
}

TEST_CASE("resolver: a known name outlives its name server") {
  std::atomic<bool> alive = true;
  std::atomic<int> lookups = 0;
  ThreadResolver resolver(kClock, {.fresh = 0s, .pause_after_fault = 0s}, [&](const std::string&) {
    ++lookups;
    return alive ? Addresses{address(1), address(2)} : Addresses{};
  });
  CHECK(resolver.resolve("map.example", in(1000ms)).value() == Addresses{address(1), address(2)});
  alive = false;
  for (int i = 0; i < 20; ++i) {
    CHECK(resolver.resolve("map.example", in(1000ms)).value() == Addresses{address(1), address(2)});
    std::this_thread::sleep_for(1ms);
  }
  CHECK(lookups > 1);
}

TEST_CASE("resolver: families come in turn, so that a dead one costs one attempt") {
  const IpAddress six{IpAddress::Family::kV6, {0x20, 0x01, 0x0d, 0xb8}};
  ThreadResolver resolver(kClock, {}, [six](const std::string&) {
    return Addresses{six, six, address(1), address(2)};
  });
  CHECK(resolver.resolve("both.example", in(1000ms)).value() == Addresses{six, address(1), six, address(2)});
}
