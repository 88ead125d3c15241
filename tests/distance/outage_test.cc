// The ladder over real sockets against a provider that fails in every way: each quote is answered by its
// deadline, and once the breaker is open the provider's trouble is no longer felt.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "provider/scripted_server_fixture.h"
#include "reckon/distance/distance_service.h"
#include "reckon/geo/geodesic.h"
#include "reckon/provider/http_client.h"
#include "reckon/provider/make_provider.h"

using namespace reckon;
using namespace reckon::distance;
using namespace std::chrono_literals;
using tests::ok_response;
using tests::Peer;
using tests::ScriptedServer;

namespace {

constexpr auto kDeadline = 200ms;
constexpr auto kTolerance = 50ms;
const base::SystemClock kClock;

Trip trip(int i) {
  const auto place = [](double lat) { return geo::LatLng::from_degrees(lat, 127.0, "place").value(); };
  return {place(37.50), place(37.51 + 0.0001 * i), base::Vehicle::kMotorcycle};
}

std::string osrm_body(std::int64_t metres, std::int64_t seconds) {
  return fmt::format(R"({{"code":"Ok","routes":[{{"distance":{},"duration":{}}}]}})", metres, seconds);
}

// The ladder with one OSRM provider at `server`.
DistanceService service_at(const std::string& url) {
  LadderOptions options;
  options.breaker.open_first = 60s;  // no probe within the test, but where a test is about probes
  auto transport = provider::make_http_client({}, kClock, nullptr).value();
  auto osrm =
      provider::make_provider({"own", "osrm", url, "", provider::Secret(), ""}, transport, kClock, "/p")
          .value();
  return DistanceService({nullptr, {osrm}, &kClock, nullptr, options});
}

struct Quotes {
  std::vector<std::chrono::microseconds> took;
  std::vector<Distance> distances;
};

Quotes quote(DistanceService& service, int threads, int each) {
  Quotes quotes;
  std::mutex mutex;
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      road::RoadMap::Query query;
      for (int i = 0; i < each; ++i) {
        const auto began = kClock.steady_now();
        auto distance = service.measure(query, trip(t * each + i), Basis::kProvider,
                                        base::Deadline::after(kClock, kDeadline));
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(kClock.steady_now() - began);
        const std::lock_guard lock(mutex);
        quotes.took.push_back(took);
        quotes.distances.push_back(std::move(distance));
      }
    });
  }
  for (auto& worker : workers) worker.join();
  return quotes;
}

}  // namespace

TEST_CASE("outage: in every kind of failure each quote is answered in time, and soon without waiting") {
  struct Row {
    ScriptedServer::Script script;
    std::string why;
  };
  const std::vector<Row> rows = {
      {[](Peer& peer) { peer.hang(); }, "silence"},
      {[](Peer& peer) {
         peer.read_request();
         peer.drip(std::string(100000, 'H'), 10ms);
       },
       "header drip"},
      {[](Peer& peer) {
         peer.read_request();
         peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
         peer.drip(std::string(100000, ' '), 10ms);
       },
       "body drip"},
      {[](Peer& peer) {
         peer.read_request();
         peer.reset();
       },
       "reset"},
      {[](Peer& peer) {
         while (!peer.read_request().empty()) peer.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
       },
       "503"},
      {[](Peer& peer) {
         while (!peer.read_request().empty()) peer.send(ok_response("<html>login</html>"));
       },
       "captive portal"},
      {[](Peer& peer) {
         while (!peer.read_request().empty()) peer.send(ok_response(osrm_body(90'000, 5'000)));
       },
       "absurd lengths"},
      {[](Peer& peer) {
         while (!peer.read_request().empty()) {
           std::this_thread::sleep_for(165ms);  // in time for the deadline, but a large share of it
           peer.send(ok_response(osrm_body(1500, 200)));
         }
       },
       "brownout without an error"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    const ScriptedServer server(row.script);
    auto service = service_at(server.url());
    const auto learning = quote(service, 4, 6);
    CHECK(learning.distances.size() == 24);
    for (const auto& took : learning.took) CHECK(took <= kDeadline + kTolerance);
    REQUIRE(service.breaker_states()[0].second == "open");
    const int asked = server.accepted();
    auto open = quote(service, 4, 250);
    std::ranges::sort(open.took);
    CHECK(open.took[open.took.size() * 99 / 100] < kDeadline / 4);  // nobody waits for the provider
    CHECK(server.accepted() == asked);
    for (const auto& distance : open.distances) {
      CHECK(distance.source.label() == "geodesic");
      CHECK(distance.provisional);
      CHECK(distance.why_not.front().reason == "breaker_open");
    }
  }
}

namespace {

/// A provider that answers at first and hangs once `hang` is set; breakers that probe soon.
struct HangingProvider {
  std::atomic<bool> hang = false;
  ScriptedServer server{[this](Peer& peer) {
    while (!peer.read_request().empty()) {
      if (hang) return peer.hang();
      peer.send(ok_response(osrm_body(1500, 200)));
    }
  }};

  DistanceService service(Background* background) const {
    LadderOptions options;
    options.breaker.open_first = 100ms;
    options.breaker.probe_floor = 40ms;
    auto transport = provider::make_http_client({}, kClock, nullptr).value();
    auto osrm = provider::make_provider({"own", "osrm", server.url(), "", provider::Secret(), ""}, transport,
                                        kClock, "/p")
                    .value();
    return DistanceService({nullptr, {osrm}, &kClock, nullptr, options, background});
  }
};

void let_it_hang(HangingProvider& provider, DistanceService& service) {
  for (const auto& distance : quote(service, 1, 5).distances)
    CHECK(distance.source.label() == "provider:own");
  provider.hang = true;
  quote(service, 4, 4);
  REQUIRE(service.breaker_states()[0].second == "open");
  std::this_thread::sleep_for(100ms);
}

/// A thread for each job; the destructor waits for them.
class Threads final : public Background {
 public:
  ~Threads() override {
    for (auto& thread : threads_) thread.join();
  }
  bool run(std::function<void()> job) override {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back(std::move(job));
    return true;
  }
  std::size_t jobs() {
    const std::lock_guard lock(mutex_);
    return threads_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("outage: a hung probe delays one quote, by its own short budget only") {
  HangingProvider provider;
  auto service = provider.service(nullptr);
  let_it_hang(provider, service);
  const auto probing = quote(service, 4, 50);
  const auto waited = std::ranges::count_if(probing.took, [](auto took) { return took > 20ms; });
  CHECK(waited <= 1);
  for (const auto& took : probing.took) CHECK(took <= 40ms + kTolerance);
}

TEST_CASE("outage: with a thread for them, hung probes delay no quote, and a healed provider comes back") {
  HangingProvider provider;
  Threads threads;
  auto service = provider.service(&threads);
  let_it_hang(provider, service);
  std::vector<std::chrono::microseconds> took;
  while (threads.jobs() < 3) {  // three probes hang, each after a longer pause
    const auto probing = quote(service, 2, 20);
    took.insert(took.end(), probing.took.begin(), probing.took.end());
    for (const auto& distance : probing.distances) CHECK(distance.why_not.front().reason == "breaker_open");
    std::this_thread::sleep_for(5ms);
  }
  CHECK(std::ranges::count_if(took, [](auto each) { return each > 20ms; }) <= std::ssize(took) / 100);
  provider.hang = false;
  const auto give_up = kClock.steady_now() + 10s;
  while (service.breaker_states()[0].second != "ramping" && kClock.steady_now() < give_up) {
    quote(service, 1, 1);
    std::this_thread::sleep_for(5ms);
  }
  CHECK(service.breaker_states()[0].second == "ramping");
}

TEST_CASE("outage: a probe that finds no thread is given up and tried again") {
  struct Full final : Background {
    bool run(std::function<void()>) override {
      ++asked;
      return false;
    }
    std::atomic<int> asked = 0;
  } full;
  HangingProvider provider;
  auto service = provider.service(&full);
  let_it_hang(provider, service);
  for (const auto& each : quote(service, 1, 10).took) CHECK(each < 20ms);
  CHECK(full.asked == 1);
  CHECK(service.breaker_states()[0].second == "open");
  std::this_thread::sleep_for(1100ms);
  quote(service, 1, 1);
  CHECK(full.asked == 2);
}
