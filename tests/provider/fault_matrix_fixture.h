#pragma once

// The stage on which each row of the fault matrix is played: a real transport to a misbehaving server, the
// ladder, a price and a ledger. What every row expects of every quote (docs/faults.md) is checked here, once.

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "provider/scripted_server_fixture.h"
#include "reckon/ledger/ledger.h"
#include "reckon/provider/http_client.h"
#include "reckon/provider/make_provider.h"
#include "reckon/service/metrics.h"
#include "reckon/service/quote_engine.h"

namespace reckon::tests {

inline constexpr std::string_view kSecretKey = "key-4711-never-to-be-seen";
inline constexpr std::chrono::milliseconds kLate{50};  ///< past the deadline that a quote may be

/// Descriptors and threads of this process: as many when the row is over as before. Declared first in a row.
class LeakWatch {
 public:
  LeakWatch();
  ~LeakWatch();
  LeakWatch(const LeakWatch&) = delete;
  LeakWatch& operator=(const LeakWatch&) = delete;

 private:
  std::size_t descriptors_, threads_;
};

std::size_t open_descriptors();
std::size_t running_threads();

/// What the ladder told while a row ran.
class FaultObserver final : public distance::Observer {
 public:
  void on_call(const distance::CallRecord& call) override;
  void on_breaker(std::string_view provider, std::string_view from, std::string_view to) override;
  void on_alarm(std::string_view provider, std::string_view what, std::string_view detail) override;

  std::vector<std::string> calls() const;    ///< `ok`, `timeout:connect`, …
  std::vector<std::string> changes() const;  ///< `closed>open`
  std::vector<std::string> alarms() const;   ///< `tls`
  /// Everything that was told, for the search for what must not be in it.
  std::string all_text() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> calls_, changes_, alarms_;
  std::string text_;
};

class FaultStage {
 public:
  struct Setup {
    std::string url;  ///< of the first provider
    std::string kind = "kakao";
    std::string second_url = "";  ///< of a second one; empty: none
    std::chrono::milliseconds deadline{150};
    provider::HttpClientOptions http = {};
    std::shared_ptr<provider::Resolver> resolver = nullptr;
    distance::LadderOptions ladder = {};
    const base::Clock* clock = nullptr;  ///< null: the machine's
  };
  explicit FaultStage(Setup setup);
  ~FaultStage();
  FaultStage(const FaultStage&) = delete;
  FaultStage& operator=(const FaultStage&) = delete;

  /// One quote through the whole engine into the ledger, with the common expectation checked: answered by the
  /// deadline, source and band set, one row in the ledger with class and stage, the key nowhere.
  service::Quote quote();
  /// The same, and why the first provider was not used; `ok` when it was.
  std::string asked();
  /// Its state after as many quotes as open it.
  std::string state_after_quotes(int count);

  std::string state() const;
  service::QuoteEngine& engine() { return *engine_; }
  ledger::Ledger& ledger() { return *ledger_; }
  const FaultObserver& heard() const { return observer_; }
  FaultObserver& observer() { return observer_; }
  std::chrono::microseconds last_took() const { return last_took_; }

 private:
  Setup setup_;
  std::string folder_;
  FaultObserver observer_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<service::QuoteEngine> engine_;
  std::chrono::microseconds last_took_{};
  std::int64_t quotes_ = 0;
};

/// A healthy answer of Kakao's, with the trip's own ends.
std::string kakao_body(std::int64_t metres = 3000, std::int64_t seconds = 500);
/// `HTTP/1.1 <status>` with body and its length; `headers` are whole lines with their ends.
std::string response(int status, std::string_view body, std::string_view headers = "");

/// Answers each request of a connection with `bytes`.
ScriptedServer::Script always(std::string bytes);
/// Answers one request with `bytes`, then closes.
ScriptedServer::Script once(std::string bytes);

/// A row that needs no more than a server's script.
struct ServerRow {
  ScriptedServer::Script script;
  std::string expected;  ///< why the provider was not used, or `ok`
  std::string state;     ///< of the breaker after five further quotes
};
void play(const ServerRow& row);

}  // namespace reckon::tests
