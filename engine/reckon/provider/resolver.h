#pragma once

// Host names to addresses, by a deadline. The system's getaddrinfo cannot be interrupted, so it runs in a
// bounded number of helper threads that belong to a ThreadResolver; the program creates one and hands it to
// the transport. A transport without a resolver still reaches numeric addresses and `localhost`.

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/provider/http_transport.h"

namespace reckon::provider {

struct IpAddress {
  enum class Family : std::uint8_t { kV4, kV6 };
  Family family = Family::kV4;
  std::array<std::uint8_t, 16> bytes{};  ///< network order; the first 4 for kV4

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

using Addresses = std::vector<IpAddress>;
using ResolveResult = tl::expected<Addresses, HttpFailure>;

/// Numeric addresses and `localhost` (127.0.0.1, then ::1), which need no lookup; nothing for any other name.
std::optional<Addresses> literal_addresses(std::string_view host);

/// Implementations are safe to call from several threads at once and return by the deadline.
class Resolver {
 public:
  virtual ~Resolver() = default;
  /// @return at least one address, families in turn; else kUnavailable or kTimeout at Stage::kResolve
  virtual ResolveResult resolve(const std::string& host, base::Deadline deadline) = 0;
};

/// The system's own lookup, blocking: an empty vector means that there is no such name (now).
Addresses system_lookup(const std::string& host);

/// Looks up in helper threads, at most `max_threads` at a time, started when needed and ended with their
/// lookup. A hung lookup keeps its thread until the system lets go; it never delays a caller past its
/// deadline nor the destruction of this object. Good answers are kept: fresh ones are used as they are, older
/// ones at once while a new lookup runs, so that a dead name server is felt only by names never seen.
class ThreadResolver final : public Resolver {
 public:
  struct Options {
    std::size_t max_threads = 2;             ///< > 0
    std::chrono::seconds fresh{60};          ///< no new lookup for as long
    std::chrono::seconds usable{24 * 3600};  ///< beyond it an answer is forgotten
    std::chrono::seconds pause_after_fault{1};
  };
  using Lookup = std::function<Addresses(const std::string& host)>;

  explicit ThreadResolver(const base::Clock& clock);
  ThreadResolver(const base::Clock& clock, Options options, Lookup lookup = system_lookup);
  ~ThreadResolver() override;

  ResolveResult resolve(const std::string& host, base::Deadline deadline) override;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with running lookups
};

}  // namespace reckon::provider
