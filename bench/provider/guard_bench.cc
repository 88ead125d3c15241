// What the guard (breaker, quota, judging an answer, labels) adds to a healthy call: an exchange with a
// server on the loopback, bare and through the ladder, in turns of 100, so that both meet the same machine.
// Where client and server stand on one core an exchange is cheapest; on two, waking the other core costs more
// than the exchange, and by how much wavers. Then the ladder with a provider that answers at once. Prints a
// Markdown table of medians and quartiles, microseconds an exchange; no arguments, seed or data. Cost: half a
// minute.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "reckon/distance/distance_service.h"
#include "reckon/provider/http_client.h"
#include "reckon/provider/make_provider.h"

using namespace reckon;

namespace {

constexpr int kExchanges = 100;  // in turn
constexpr int kTurns = 200, kWarmUp = 10;
const base::SystemClock kClock;

constexpr std::string_view kBody =
    R"({"trans_id":"018b2f","routes":[{"result_code":0,"result_msg":"길찾기 성공","summary":{"origin":{"name":"","x":126.978,"y":37.5665},"destination":{"name":"","x":126.99,"y":37.55},"waypoints":[],"priority":"RECOMMEND","fare":{"taxi":6000,"toll":0},"distance":2468,"duration":512},"sections":[]}]})";

// Those that this program may use.
std::vector<unsigned> cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) std::abort();
  std::vector<unsigned> list;
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) list.push_back(core);
  }
  return list;
}

void stay_on(unsigned core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (::pthread_setaffinity_np(::pthread_self(), sizeof cores, &cores) != 0) std::abort();
}

// A server for one kept connection on one core: each request is answered at once.
class LoopbackServer {
 public:
  explicit LoopbackServer(unsigned core) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* raw = static_cast<sockaddr*>(static_cast<void*>(&address));
    if (::bind(listener_, raw, length) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, raw, &length) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, core] {
      stay_on(core);
      serve();
    });
  }
  ~LoopbackServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::shared_ptr<provider::MapProvider> provider() const {
    return provider::make_provider({"kakao", "kakao", fmt::format("http://127.0.0.1:{}", port_), "KEY",
                                    provider::Secret("k"), ""},
                                   provider::make_http_client({}, kClock, nullptr).value(), kClock, "/p")
        .value();
  }

 private:
  void serve() const {
    const auto answer = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", kBody.size(), kBody);
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      std::array<char, 4096> request;
      while (::recv(fd, request.data(), request.size(), 0) > 0 &&
             ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) > 0) {
      }
      ::close(fd);
    }
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// A provider that answers at once.
class Instant final : public provider::MapProvider {
 public:
  std::string_view name() const override { return "instant"; }
  bool serves(base::Vehicle) const override { return true; }
  provider::ProviderAnswer route(const provider::TripRequest&, base::Deadline) override {
    provider::ProviderAnswer answer;
    answer.outcome = provider::Outcome::kOk;
    answer.distance = {2468};
    answer.duration = base::Seconds{512};
    return answer;
  }
};

geo::LatLng place(double lat, double lng) {
  return geo::LatLng::from_degrees(lat, lng, "bench").value();
}
const distance::Trip kTrip{place(37.5665, 126.978), place(37.55, 126.99), base::Vehicle::kMotorcycle};

base::Deadline a_second() {
  return base::Deadline::after(kClock, std::chrono::seconds{1});
}

// A way to make an exchange; false where it went wrong.
using Exchange = std::function<bool()>;

Exchange bare(const std::shared_ptr<provider::MapProvider>& asked) {
  return [asked] {
    return asked->route({kTrip.from, kTrip.to, kTrip.vehicle}, a_second()).outcome == provider::Outcome::kOk;
  };
}

Exchange guarded(const std::shared_ptr<provider::MapProvider>& asked) {
  auto service = std::make_shared<distance::DistanceService>(
      distance::DistanceService::Parts{.map = nullptr, .providers = {asked}, .clock = &kClock});
  auto query = std::make_shared<road::RoadMap::Query>();
  return [service, query] {
    const auto distance = service->measure(*query, kTrip, distance::Basis::kProvider, a_second());
    return distance.source.kind == distance::SourceKind::kProvider;
  };
}

struct Took {
  double cpu_us, wall_us;
};

Took now() {
  const auto us = [](clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
  };
  return {us(CLOCK_THREAD_CPUTIME_ID), us(CLOCK_MONOTONIC)};
}

Took took(const Exchange& exchange) {
  const auto began = now();
  for (int i = 0; i < kExchanges; ++i) {
    if (!exchange()) std::abort();
  }
  const auto ended = now();
  return {(ended.cpu_us - began.cpu_us) / kExchanges, (ended.wall_us - began.wall_us) / kExchanges};
}

std::string quartiles(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](std::size_t quarter) { return values[values.size() * quarter / 4]; };
  return fmt::format("{:.2f} [{:.2f} {:.2f}]", at(2), at(1), at(3));
}

// One row: how long either takes, and how much longer the second, turn by turn.
void compare(const std::string& what, const Exchange& first, const Exchange& second) {
  std::vector<double> first_cpu, second_cpu, more_cpu, more_wall;
  for (int turn = 0; turn < kTurns; ++turn) {
    Took one{}, other{};
    if (turn % 2 == 0) one = took(first);
    other = took(second);
    if (turn % 2 != 0) one = took(first);
    if (turn < kWarmUp) continue;
    first_cpu.push_back(one.cpu_us);
    second_cpu.push_back(other.cpu_us);
    more_cpu.push_back(other.cpu_us - one.cpu_us);
    more_wall.push_back(other.wall_us - one.wall_us);
  }
  fmt::print("| {} | {} | {} | {} | {} |\n", what, quartiles(first_cpu), quartiles(second_cpu),
             quartiles(more_cpu), quartiles(more_wall));
}

}  // namespace

int main() {
  fmt::print(
      "| exchange | bare, CPU | guarded, CPU | more, CPU | more, as it passed |\n|---|---|---|---|---|\n");
  const auto usable = cores();
  stay_on(usable.front());
  for (std::size_t i = 0; i < std::min<std::size_t>(2, usable.size()); ++i) {
    const std::string where = i == 0 ? "client and server on one core" : "on two cores";
    const LoopbackServer one(usable[i]), other(usable[i]);
    compare(where + ", both bare", bare(one.provider()), bare(other.provider()));
    compare(where, bare(one.provider()), guarded(other.provider()));
  }
  const auto instant = std::make_shared<Instant>();
  compare("a provider that answers at once", bare(instant), guarded(instant));
}
