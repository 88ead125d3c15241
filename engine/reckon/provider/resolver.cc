#include "reckon/provider/resolver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxAddresses = 8;  // more than this are tried by nobody within a second
constexpr std::size_t kMaxHosts = 64;     // one a configured provider; a bound, not a working size

IpAddress v4_of(const in_addr& from) {
  IpAddress address{IpAddress::Family::kV4, {}};
  std::memcpy(address.bytes.data(), &from, sizeof from);
  return address;
}

IpAddress v6_of(const in6_addr& from) {
  IpAddress address{IpAddress::Family::kV6, {}};
  std::memcpy(address.bytes.data(), &from, sizeof from);
  return address;
}

// Families in turn, the first one's family first, so that a dead family costs one attempt and not all of
// them.
Addresses interleaved(const Addresses& found) {
  Addresses first, second;
  for (const auto& address : found)
    (address.family == found.front().family ? first : second).push_back(address);
  Addresses mixed;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  if (mixed.size() > kMaxAddresses) mixed.resize(kMaxAddresses);
  return mixed;
}

tl::unexpected<HttpFailure> unresolved(Outcome outcome, std::string detail) {
  return tl::unexpected(HttpFailure{outcome, Stage::kResolve, std::move(detail)});
}

}  // namespace

std::optional<Addresses> literal_addresses(std::string_view host) {
  const std::string text(host);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return Addresses{v4_of(v4)};
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return Addresses{v6_of(v6)};
  if (host == "localhost")
    return Addresses{{IpAddress::Family::kV4, {127, 0, 0, 1}}, v6_of(in6addr_loopback)};
  return std::nullopt;
}

Addresses system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return {};
  Addresses found;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    if (at->ai_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, at->ai_addr, sizeof v4);
      found.push_back(v4_of(v4.sin_addr));
    } else if (at->ai_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, at->ai_addr, sizeof v6);
      found.push_back(v6_of(v6.sin6_addr));
    }
  }
  ::freeaddrinfo(list);
  return found;
}

struct ThreadResolver::State {
  struct Host {
    Addresses addresses;  // the last good ones
    std::optional<base::SteadyTime> resolved_at, failed_at;
    bool in_flight = false;
  };

  State(const base::Clock& clock_in, Options options_in, Lookup lookup_in)
      : clock(clock_in), options(options_in), lookup(std::move(lookup_in)) {}

  const base::Clock& clock;
  const Options options;
  const Lookup lookup;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Host, std::less<>> hosts;
  std::size_t threads = 0;
  bool abandoned = false;  // the resolver is gone: a lookup that ends now must not touch `clock`
};

namespace {

template <class State>
void look_up(const std::shared_ptr<State>& state, const std::string& name) {
  auto found = state->lookup(name);
  const std::lock_guard lock(state->mutex);
  --state->threads;
  if (state->abandoned) return;
  auto& host = state->hosts[name];
  host.in_flight = false;
  if (found.empty()) {
    host.failed_at = state->clock.steady_now();
  } else {
    host.addresses = interleaved(found);
    host.resolved_at = state->clock.steady_now();
    host.failed_at.reset();
  }
  state->changed.notify_all();
}

// Starts a lookup unless one runs, one failed just now, or no thread is free. The mutex is held.
template <class State, class Host>
void start_lookup(const std::shared_ptr<State>& state, const std::string& name, Host& host) {
  const auto now = state->clock.steady_now();
  if (host.in_flight || state->threads >= state->options.max_threads) return;
  if (host.failed_at && now - *host.failed_at < state->options.pause_after_fault) return;
  try {
    std::thread([state, name] { look_up(state, name); }).detach();
  } catch (const std::system_error&) {  // the system gives no thread now: the caller sees an unresolved name
    return;
  }
  host.in_flight = true;
  ++state->threads;
}

}  // namespace

ThreadResolver::ThreadResolver(const base::Clock& clock) : ThreadResolver(clock, Options{}) {}

ThreadResolver::ThreadResolver(const base::Clock& clock, Options options, Lookup lookup)
    : state_(std::make_shared<State>(clock, options, std::move(lookup))) {}

ThreadResolver::~ThreadResolver() {
  const std::lock_guard lock(state_->mutex);
  state_->abandoned = true;
}

ResolveResult ThreadResolver::resolve(const std::string& name, base::Deadline deadline) {
  if (auto literal = literal_addresses(name)) return *std::move(literal);
  std::unique_lock lock(state_->mutex);
  if (!state_->hosts.contains(name) && state_->hosts.size() >= kMaxHosts) {
    return unresolved(Outcome::kLocalReject, fmt::format("more than {} host names", kMaxHosts));
  }
  auto& host = state_->hosts[name];
  const auto now = state_->clock.steady_now();
  const bool usable = host.resolved_at && now - *host.resolved_at < state_->options.usable;
  if (usable && now - *host.resolved_at < state_->options.fresh) return host.addresses;
  start_lookup(state_, name, host);
  if (usable) return host.addresses;
  if (!host.in_flight) {
    return unresolved(Outcome::kUnavailable, host.failed_at ? "no such host name" : "all lookups are hung");
  }
  const bool ended = state_->changed.wait_until(lock, deadline.at, [&host] { return !host.in_flight; });
  if (!ended) return unresolved(Outcome::kTimeout, "the name server did not answer in time");
  if (host.failed_at) return unresolved(Outcome::kUnavailable, "no such host name");
  return host.addresses;
}

}  // namespace reckon::provider
