#include "provider/fault_matrix_fixture.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "fee/fee_fixture.h"
#include "service/service_fixture.h"

namespace reckon::tests {
namespace {

const base::SystemClock kSystemClock;

std::size_t entries(const char* folder) {
  std::size_t count = 0;
  std::error_code fault;
  for (std::filesystem::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault))
    ++count;
  return count;
}

std::string temporary_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "reckon-fault-XXXXXX").string();
  const char* made = ::mkdtemp(pattern.data());
  REQUIRE(made != nullptr);
  return pattern;
}

std::shared_ptr<provider::MapProvider> provider_at(const std::string& url, const std::string& name,
                                                   const std::string& kind,
                                                   const std::shared_ptr<provider::HttpTransport>& transport,
                                                   const base::Clock& clock) {
  provider::ProviderConfig config{name, kind, url, "", provider::Secret(), ""};
  if (kind != "osrm") {
    config.key_env = "KEY";
    config.key = provider::Secret(std::string(kSecretKey));
  }
  return provider::make_provider(config, transport, clock, "/p").value();
}

// A transport whose deadlines stand on another clock than the sockets': for rows on a fake clock.
class Rebased final : public provider::HttpTransport {
 public:
  Rebased(std::shared_ptr<provider::HttpTransport> transport, const base::Clock& clock)
      : transport_(std::move(transport)), clock_(clock) {}
  provider::HttpResult exchange(const provider::HttpRequest& request, base::Deadline deadline) override {
    return transport_->exchange(request, base::Deadline::after(kSystemClock, deadline.left(clock_)));
  }

 private:
  std::shared_ptr<provider::HttpTransport> transport_;
  const base::Clock& clock_;
};

bool holds_key(const std::string& text) {
  return text.find(kSecretKey) != std::string::npos;
}

}  // namespace

std::size_t open_descriptors() {
  return entries("/proc/self/fd");
}
std::size_t running_threads() {
  return entries("/proc/self/task");
}

// ThreadSanitizer has a thread of its own, from our first one on.
LeakWatch::LeakWatch()
    : descriptors_(open_descriptors()), threads_(running_threads() + std::size_t{RECKON_SANITIZED}) {}

LeakWatch::~LeakWatch() {
  // A peer's thread may need a moment to see that its connection has gone.
  for (int i = 0; i < 400 && (open_descriptors() > descriptors_ || running_threads() > threads_); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  CHECK(open_descriptors() <= descriptors_);
  CHECK(running_threads() <= threads_);
}

void FaultObserver::on_call(const distance::CallRecord& call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(call.answer.reason());
  text_ += call.answer.detail + "\n";
}

void FaultObserver::on_breaker(std::string_view, std::string_view from, std::string_view to) {
  const std::lock_guard lock(mutex_);
  changes_.push_back(fmt::format("{}>{}", from, to));
}

void FaultObserver::on_alarm(std::string_view, std::string_view what, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  alarms_.emplace_back(what);
  text_ += std::string(detail) + "\n";
}

std::vector<std::string> FaultObserver::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}
std::vector<std::string> FaultObserver::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}
std::vector<std::string> FaultObserver::alarms() const {
  const std::lock_guard lock(mutex_);
  return alarms_;
}
std::string FaultObserver::all_text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

FaultStage::FaultStage(Setup setup) : setup_(std::move(setup)), folder_(temporary_folder()) {
  const base::Clock& clock = setup_.clock != nullptr ? *setup_.clock : kSystemClock;
  ledger_ = ledger::Ledger::open("sqlite:" + folder_ + "/quotes.db").value();
  auto transport = provider::make_http_client(setup_.http, kSystemClock, setup_.resolver).value();
  if (setup_.clock != nullptr) transport = std::make_shared<Rebased>(std::move(transport), clock);
  service::QuoteEngine::Parts parts;
  parts.tariffs.push_back(test::shipped_tariff("t4-rider-2022"));
  parts.clock = &clock;
  parts.observer = &observer_;
  parts.ladder = setup_.ladder;
  parts.providers.push_back(provider_at(setup_.url, "first", setup_.kind, transport, clock));
  if (!setup_.second_url.empty())
    parts.providers.push_back(provider_at(setup_.second_url, "second", "kakao", transport, clock));
  engine_ = std::make_unique<service::QuoteEngine>(std::move(parts));
}

FaultStage::~FaultStage() {
  CHECK(engine_->distances().calls_in_flight() == 0);
  engine_.reset();
  ledger_.reset();
  std::filesystem::remove_all(folder_);
}

service::Quote FaultStage::quote() {
  road::RoadMap::Query query;
  service::QuoteRequest request{test::seoul_trip(), {}, ""};
  request.context.at = engine_->clock().wall_now();
  const auto began = kSystemClock.steady_now();
  auto quote = engine_->quote(query, request, base::Deadline::after(engine_->clock(), setup_.deadline));
  last_took_ = std::chrono::duration_cast<std::chrono::microseconds>(kSystemClock.steady_now() - began);
  REQUIRE(quote);
  CHECK(last_took_ <= setup_.deadline + kLate);
  const auto& told = quote->distance;
  const auto label = told.source.label();
  CHECK_FALSE(label.empty());
  CHECK(told.low <= told.metres);
  CHECK(told.metres <= told.high);
  const bool estimated = told.source.kind != distance::SourceKind::kProvider;
  if (estimated) CHECK(told.low < told.high);
  REQUIRE(ledger_->append({service::row_of(*quote)}));
  CHECK(ledger_->last_seq().value() == ++quotes_);
  const auto row = ledger_->find(quote->id).value();
  REQUIRE(row);
  CHECK(row->row.quote == quote->json);
  for (const auto& missed : told.why_not) {
    CHECK(row->row.quote.find(fmt::format(R"({{"rung":"{}","reason":"{}"}})", missed.rung, missed.reason)) !=
          std::string::npos);
  }
  CHECK_FALSE(holds_key(row->row.quote + row->row.trace + observer_.all_text()));
  return *std::move(quote);
}

std::string FaultStage::asked() {
  const auto told = quote().distance;
  if (told.source.label() == "provider:first") return "ok";
  REQUIRE_FALSE(told.why_not.empty());
  CHECK(told.why_not.front().rung == "provider:first");
  return told.why_not.front().reason;
}

std::string FaultStage::state_after_quotes(int count) {
  for (int i = 0; i < count; ++i) quote();
  return state();
}

std::string FaultStage::state() const {
  return engine_->distances().breaker_states().front().second;
}

std::string kakao_body(std::int64_t metres, std::int64_t seconds) {
  const auto trip = test::seoul_trip();
  return fmt::format(
      R"({{"trans_id":"x","routes":[{{"result_code":0,"result_msg":"ok","summary":{{"origin":{{"x":{},"y":{}}},)"
      R"("destination":{{"x":{},"y":{}}},"distance":{},"duration":{}}}}}]}})",
      trip.from.lng_deg(), trip.from.lat_deg(), trip.to.lng_deg(), trip.to.lat_deg(), metres, seconds);
}

std::string response(int status, std::string_view body, std::string_view headers) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}",
                     status, headers, body.size(), body);
}

ScriptedServer::Script always(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    while (!peer.read_request().empty()) peer.send(bytes);
  };
}

ScriptedServer::Script once(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    if (!peer.read_request().empty()) peer.send(bytes);
  };
}

void play(const ServerRow& row) {
  const LeakWatch watch;
  const ScriptedServer server(row.script);
  FaultStage stage({.url = server.url()});
  CHECK(stage.asked() == row.expected);
  CHECK(stage.state_after_quotes(5) == row.state);
}

}  // namespace reckon::tests
