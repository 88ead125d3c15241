#pragma once

// The HTTP interface without the HTTP library: a request's parts in, an answer out. server.cc puts it on a
// socket.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/log.h"
#include "reckon/ledger/ledger.h"
#include "reckon/service/learner.h"
#include "reckon/service/metrics.h"
#include "reckon/service/quote_engine.h"

namespace reckon::service {

struct ApiRequest {
  std::string_view body;
  std::string idempotency_key;  ///< empty: none
};

struct ApiAnswer {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";
};

/// Longest `Idempotency-Key`.
inline constexpr std::size_t kMaxIdempotencyKey = 255;

/// How long `POST /v1/assignments` may plan.
inline constexpr std::chrono::milliseconds kAssignBudget{1000};

/// Rounds of improvement for each task, so that a small problem does not use up the whole budget.
inline constexpr std::uint64_t kAssignRoundsPerTask = 1000;

/// An RFC 9457 problem document with a stable `code` and all faults listed.
ApiAnswer problem(int status, std::string_view code, std::string_view title,
                  const std::vector<base::Fault>& faults);

/// Safe to call from any thread. `ledger`, `metrics` and `log` outlive it.
class Api {
 public:
  struct Parts {
    QuoteEngine* engine = nullptr;
    ledger::Ledger* ledger = nullptr;
    Metrics* metrics = nullptr;
    base::Logger* log = nullptr;
    base::Vehicle vehicle = base::Vehicle::kMotorcycle;  ///< when a request names none
    std::chrono::milliseconds deadline{800};
    const Learner* learner = nullptr;  ///< may be null; outlives it
  };
  explicit Api(Parts parts) : parts_(parts) {}

  ApiAnswer post_quote(const ApiRequest& request);
  ApiAnswer get_quote(std::string_view id) const;
  ApiAnswer get_trace(std::string_view id) const;
  ApiAnswer post_assignment(const ApiRequest& request);
  ApiAnswer health() const;
  ApiAnswer metrics() const;
  ApiAnswer openapi() const;

 private:
  /// A Query for this call, given back at its end: there are as many as calls ran at once.
  class BorrowedQuery;
  /// Holds an idempotency key while its first call runs; a second call with it waits.
  class KeyLease;

  ApiAnswer fresh_quote(const ApiRequest& request, const std::string& key);
  ApiAnswer fresh_assignment(std::string_view body);
  /// The kept answer for the key, a 409 when the body differs, or nothing.
  std::optional<ApiAnswer> kept_answer(const std::string& key, std::string_view body) const;
  ApiAnswer of_error(const base::Error& error) const;

  Parts parts_;
  std::mutex queries_mutex_;
  std::vector<road::Roads::Query> queries_;
  std::mutex keys_mutex_;
  std::condition_variable key_freed_;
  std::set<std::string> keys_in_use_;
};

}  // namespace reckon::service
