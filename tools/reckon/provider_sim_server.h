#pragma once

// The stand-in provider's server: one thread, one epoll loop, so that thousands of hung or dripping
// connections cost a descriptor each and nothing else. It misbehaves as its fault plan says.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>

#include "provider_sim_api.h"
#include "provider_sim_faults.h"
#include "reckon/base/result.h"

namespace reckon::cli {

class ProviderSimServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";  ///< numeric IPv4
    std::uint16_t port = 0;          ///< 0: any free one
  };

  /// @errors kEnvironment  the address or port cannot be had; kInvalidInput  host not numeric IPv4
  static base::Result<std::unique_ptr<ProviderSimServer>> listen(const Options& options, ProviderApi api,
                                                                 FaultPlan plan);
  ~ProviderSimServer();
  ProviderSimServer(const ProviderSimServer&) = delete;
  ProviderSimServer& operator=(const ProviderSimServer&) = delete;

  std::uint16_t port() const { return options_.port; }
  /// Serves until SIGTERM or SIGINT, which must be blocked in this thread; then closes everything.
  void run();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Connection {
    std::string in, out;
    std::size_t sent = 0;
    bool close_after = false;
    bool hung = false;
    bool busy = false;                 // an answer is on its way: further requests wait in `in`
    std::size_t drip_from = SIZE_MAX;  // of `out`: from here on one byte a second
  };

  ProviderSimServer(const Options& options, ProviderApi api, FaultPlan plan);
  base::Result<void> open_listener();
  void close_listener();
  void follow_plan();
  void accept_all();
  void on_readable(int fd);
  void on_writable(int fd);
  bool take_request(int fd, Connection& connection);
  void handle(int fd, Connection& connection, const SimRequest& request);
  void misbehave(int fd, Connection& connection, const SimRequest& request, const Mischief& mischief);
  SimReply administer(const SimRequest& request);
  void reply(int fd, Connection& connection, const SimReply& reply, const Mischief& mischief,
             bool keep_alive);
  void send_some(int fd, Connection& connection);
  void drop(int fd, bool reset);
  void at(Time when, int fd, std::function<void()> what);
  void run_due();
  int wait_ms() const;
  std::chrono::milliseconds elapsed() const;

  Options options_;
  ProviderApi api_;
  FaultPlan plan_;
  Time plan_since_;
  std::mt19937 random_{20221015};
  int epoll_ = -1, listener_ = -1, signals_ = -1;
  std::unordered_map<int, Connection> connections_;
  std::unordered_map<int, std::uint64_t>
      generations_;  // a descriptor's number comes back: timers check whose it is
  std::uint64_t next_generation_ = 1;
  struct Timer {
    int fd;
    std::uint64_t generation;
    std::function<void()> what;
  };
  std::multimap<Time, Timer> timers_;
  std::uint64_t requests_ = 0, misbehaved_ = 0;
};

}  // namespace reckon::cli
