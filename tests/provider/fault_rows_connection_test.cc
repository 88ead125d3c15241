// Rows 1 to 10, 13, 15 and 51 of the fault matrix (docs/faults.md): names, connections and TLS.

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "provider/fault_matrix_fixture.h"
#include "service/service_fixture.h"

using namespace reckon;
using namespace reckon::tests;
using namespace std::chrono_literals;
using provider::Addresses;
using provider::literal_addresses;

namespace {

const base::SystemClock kClock;

// Resolves any name to what it is told.
class FixedAddresses final : public provider::Resolver {
 public:
  explicit FixedAddresses(Addresses addresses) : addresses_(std::move(addresses)) {}
  provider::ResolveResult resolve(const std::string&, base::Deadline) override { return addresses_; }

 private:
  Addresses addresses_;
};

Addresses at(const std::string& address) {
  return literal_addresses(address).value();
}

// A server that speaks TLS with a certificate for `name`; `greeted` counts handshakes that the client
// accepted.
ScriptedServer::Script tls_server(TestCertificates& certificates, std::string name,
                                  TestCertificates::Validity validity, std::atomic<int>& greeted) {
  return [&certificates, &greeted, name = std::move(name), validity](Peer& peer) {
    if (certificates.serve(peer, name, validity, [](const auto& send) { send(response(200, kakao_body())); }))
      ++greeted;
  };
}

}  // namespace

TEST_CASE("fault row 1: no such name") {
  const LeakWatch watch;
  const auto resolver = std::make_shared<provider::ThreadResolver>(
      kClock, provider::ThreadResolver::Options{}, [](const std::string&) { return Addresses{}; });
  FaultStage stage({.url = "http://api.example", .resolver = resolver});
  CHECK(stage.asked() == "unavailable:resolve");
  CHECK(stage.state_after_quotes(5) == "open");
}

TEST_CASE("fault row 1: the last good address is used while the name server fails") {
  const LeakWatch watch;
  const ScriptedServer server(once(response(200, kakao_body())));  // each quote connects, so each looks up
  std::atomic<int> lookups = 0;
  provider::ThreadResolver::Options options;
  options.fresh = 0s;
  const auto resolver = std::make_shared<provider::ThreadResolver>(
      kClock, options,
      [&lookups](const std::string&) { return ++lookups == 1 ? at("127.0.0.1") : Addresses{}; });
  FaultStage stage({.url = fmt::format("http://api.example:{}", server.port()), .resolver = resolver});
  for (int i = 0; i < 5; ++i) CHECK(stage.asked() == "ok");
}

TEST_CASE("fault row 2: the name server hangs") {
  const LeakWatch watch;
  std::mutex mutex;
  std::condition_variable released;
  bool release = false;
  std::atomic<int> hanging = 0;
  const auto resolver = std::make_shared<provider::ThreadResolver>(
      kClock, provider::ThreadResolver::Options{}, [&](const std::string&) {
        ++hanging;
        std::unique_lock lock(mutex);
        released.wait(lock, [&] { return release; });
        --hanging;
        return Addresses{};
      });
  {
    const auto before = running_threads();
    provider::HttpClientOptions http;
    http.resolve_budget = 60ms;
    FaultStage stage({.url = "http://api.example", .http = http, .resolver = resolver});
    CHECK(stage.asked() == "timeout:resolve");
    CHECK(stage.last_took() < 60ms + kLate);
    CHECK(stage.state_after_quotes(5) == "open");
    CHECK(running_threads() <= before + provider::ThreadResolver::Options{}.max_threads);
  }
  {
    const std::lock_guard lock(mutex);
    release = true;
  }
  released.notify_all();
  while (hanging > 0) std::this_thread::sleep_for(1ms);
}

TEST_CASE(
    "fault row 3: the name leads to another host, and the key is not sent before the name is verified") {
  const LeakWatch watch;
  TestCertificates certificates;
  std::atomic<int> greeted = 0;
  const ScriptedServer server(
      tls_server(certificates, "intruder.example", TestCertificates::Validity::kValid, greeted));
  provider::HttpClientOptions http;
  http.ca_file = certificates.ca_file();
  FaultStage stage({.url = fmt::format("https://api.example:{}", server.port()),
                    .http = http,
                    .resolver = std::make_shared<FixedAddresses>(at("127.0.0.1"))});
  CHECK(stage.asked() == "unavailable:tls");
  CHECK(greeted == 0);
  CHECK(stage.state_after_quotes(5) == "open");
}

TEST_CASE("fault row 4: connections are refused") {
  const LeakWatch watch;
  FaultStage stage({.url = fmt::format("http://127.0.0.1:{}", closed_port())});
  CHECK(stage.asked() == "unavailable:connect");
  CHECK(stage.last_took() < 50ms);
  CHECK(stage.heard().calls().size() == 1);  // no second try at the same address
  CHECK(stage.state_after_quotes(5) == "open");
}

TEST_CASE("fault row 5: connections are swallowed") {
  const LeakWatch watch;
  const BlackHole hole;
  provider::HttpClientOptions http;
  http.connect_budget = 80ms;
  FaultStage stage({.url = fmt::format("http://127.0.0.1:{}", hole.port()), .http = http});
  CHECK(stage.asked() == "timeout:connect");
  CHECK(stage.last_took() < 80ms + kLate);
  CHECK(stage.state_after_quotes(5) == "open");
}

TEST_CASE("fault row 6: the first address is a black hole, the second one answers") {
  const LeakWatch watch;
  const BlackHole hole;  // 127.0.0.1; on 127.0.0.2 the same port is free to be served
  const ScriptedServer server(always(response(200, kakao_body())), {"127.0.0.2", hole.port()});
  const auto resolver =
      std::make_shared<FixedAddresses>(Addresses{at("127.0.0.1").front(), at("127.0.0.2").front()});
  FaultStage stage(
      {.url = fmt::format("http://api.example:{}", hole.port()), .deadline = 800ms, .resolver = resolver});
  CHECK(stage.asked() == "ok");
  CHECK(stage.last_took() >= 240ms);
  CHECK(stage.last_took() <= 250ms + kLate);
}

TEST_CASE("fault row 7: the certificate is expired, another host's, or of an unknown authority") {
  struct Case {
    std::string name;
    TestCertificates::Validity validity;
    bool known_authority;
  };
  for (const auto& row : {Case{"127.0.0.1", TestCertificates::Validity::kExpired, true},
                          Case{"other.example", TestCertificates::Validity::kValid, true},
                          Case{"127.0.0.1", TestCertificates::Validity::kValid, false}}) {
    CAPTURE(row.name);
    CAPTURE(row.known_authority);
    const LeakWatch watch;
    TestCertificates certificates;
    std::atomic<int> greeted = 0;
    const ScriptedServer server(tls_server(certificates, row.name, row.validity, greeted));
    provider::HttpClientOptions http;
    if (row.known_authority) http.ca_file = certificates.ca_file();
    FaultStage stage({.url = fmt::format("https://127.0.0.1:{}", server.port()), .http = http});
    CHECK(stage.asked() == "unavailable:tls");
    CHECK(server.accepted() == 1);  // no insecure second try
    CHECK(greeted == 0);
    CHECK(stage.state_after_quotes(5) == "open");
    CHECK(stage.heard().alarms() == std::vector<std::string>{"tls"});  // once, not with each quote
  }
}

TEST_CASE("fault row 8: silence after the ClientHello") {
  const LeakWatch watch;
  const ScriptedServer server([](Peer& peer) { peer.hang(); });
  provider::HttpClientOptions http;
  http.connect_budget = 60ms;
  FaultStage stage(
      {.url = fmt::format("https://127.0.0.1:{}", server.port()), .deadline = 300ms, .http = http});
  CHECK(stage.asked() == "timeout:tls");
  CHECK(stage.last_took() < 60ms + kLate);  // its own budget, and not the answer's
  CHECK(stage.state_after_quotes(5) == "open");
}

TEST_CASE("fault row 9: a TLS alert, a protocol too old") {
  const LeakWatch watch;
  const ScriptedServer server([](Peer& peer) {
    peer.send(std::string_view("\x15\x03\x01\x00\x02\x02\x46", 7));  // fatal: protocol_version
    peer.hang();
  });
  FaultStage stage({.url = fmt::format("https://127.0.0.1:{}", server.port())});
  CHECK(stage.asked() == "unavailable:tls");
  CHECK(server.accepted() == 1);  // no second try
  CHECK(stage.state_after_quotes(5) == "open");
}

TEST_CASE("fault row 10: accepted, then silence") {
  play({[](Peer& peer) { peer.hang(); }, "timeout:first_byte", "open"});
}

TEST_CASE("fault row 13: a reset before the headers is tried once more, within a budget") {
  SUBCASE("one reset costs nothing") {
    const LeakWatch watch;
    const ScriptedServer server([](Peer& peer) {
      peer.read_request();
      if (peer.connection() == 0) return peer.reset();
      while (peer.send(response(200, kakao_body())) && !peer.read_request().empty()) {
      }
    });
    FaultStage stage({.url = server.url()});
    CHECK(stage.asked() == "ok");
    CHECK(stage.heard().calls() == std::vector<std::string>{"unavailable:first_byte", "ok"});
  }
  SUBCASE("a server that always resets is not asked twice as often") {
    const LeakWatch watch;
    const ScriptedServer server([](Peer& peer) {
      peer.read_request();
      peer.reset();
    });
    FaultStage stage({.url = server.url()});
    CHECK(stage.asked() == "unavailable:first_byte");
    CHECK(stage.state_after_quotes(5) == "open");
    CHECK(stage.heard().calls().size() == 6);  // five quotes, one retry
  }
}

TEST_CASE("fault row 15: a kept connection that the peer closed is replaced in silence") {
  const LeakWatch watch;
  const ScriptedServer server(once(response(200, kakao_body())));
  FaultStage stage({.url = server.url()});
  for (int i = 0; i < 4; ++i) {
    CHECK(stage.asked() == "ok");
    std::this_thread::sleep_for(5ms);
  }
  CHECK(stage.heard().calls() == std::vector<std::string>(4, "ok"));
}

TEST_CASE("fault row 15: a kept connection that the peer closes just as it is used is replaced in silence") {
  const LeakWatch watch;
  const ScriptedServer server([](Peer& peer) {
    peer.read_request();
    peer.send(response(200, kakao_body()));
    peer.read_request();  // and gone, without a byte
  });
  FaultStage stage({.url = server.url()});
  for (int i = 0; i < 4; ++i) CHECK(stage.asked() == "ok");
  CHECK(stage.heard().calls() == std::vector<std::string>(4, "ok"));
}

TEST_CASE("fault row 51: no descriptor free is our own trouble, and passes") {
  const LeakWatch watch;
  const ScriptedServer server(always(response(200, kakao_body())));
  FaultStage stage({.url = server.url()});
  stage.quote();  // the ledger's own files are open now
  FaultStage second({.url = server.url()});
  std::vector<int> fillers;  // every descriptor that the process may have
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fillers.push_back(fd);
  std::vector<std::string> asked;
  for (int i = 0; i < 6; ++i) {
    road::RoadMap::Query query;
    const auto told = second.engine().distances().measure(
        query, test::seoul_trip(), distance::Basis::kProvider, base::Deadline::after(kClock, 150ms));
    asked.push_back(told.why_not.empty() ? "ok" : told.why_not.front().reason);
  }
  for (const int fd : fillers) ::close(fd);
  REQUIRE_FALSE(fillers.empty());
  CHECK(asked == std::vector<std::string>(6, "local_reject:connect"));
  CHECK(second.state() == "closed");  // not the provider's fault
  CHECK(second.asked() == "ok");
}
