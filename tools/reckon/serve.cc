// `reckon serve`: the HTTP server, until SIGTERM or SIGINT.

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <thread>

#include "commands.h"
#include "reckon/service/background_thread.h"
#include "reckon/service/server.h"
#include "stderr_log.h"

namespace reckon::cli {
namespace {

/// How often what the ladder has learned is written beside the ledger.
constexpr std::time_t kSaveEverySeconds = 2;

// Blocks the stop signals in this and all later threads, so that only wait_for_stop takes them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void save(const service::Config& config, service::QuoteEngine& engine, StderrLog& log) {
  const auto saved = service::save_learned_state(config, engine);
  if (!saved) log.log(base::LogLevel::kWarning, saved.error().where + ": " + saved.error().message);
}

void save_until_stopped(const sigset_t& signals, const service::Config& config, service::QuoteEngine& engine,
                        StderrLog& log) {
  std::string last;
  for (;;) {
    const timespec pause{kSaveEverySeconds, 0};
    if (sigtimedwait(&signals, nullptr, &pause) > 0) return;
    auto state = engine.distances().export_state();
    if (state == last) continue;
    last = std::move(state);
    save(config, engine, log);
  }
}

base::Result<std::unique_ptr<ledger::Ledger>> open_ledger(const service::Config& config,
                                                          const service::QuoteEngine& engine) {
  if (!config.ledger) {
    return base::fail(base::ErrorCode::kInvalidInput, config.file + "#/ledger",
                      "is missing; serve records each quote and needs sqlite:PATH");
  }
  auto ledger = ledger::Ledger::open(*config.ledger);
  for (const auto& tariff : engine.tariffs()) {
    if (!ledger) break;
    if (auto kept = (*ledger)->put_tariff(tariff->release, tariff->canonical); !kept)
      return base::fail(kept.error());
  }
  return ledger;
}

int serve(const service::Config& config, service::QuoteEngine::Parts parts, service::Metrics& metrics,
          StderrLog& log) {
  service::BackgroundThread background;
  parts.observer = &metrics;
  parts.background = &background;
  service::QuoteEngine engine(std::move(parts));
  service::load_learned_state(config, engine, log);
  auto ledger = open_ledger(config, engine);
  if (!ledger) return report(ledger.error());
  service::Api api({&engine, ledger->get(), &metrics, &log, config.vehicle, config.deadline});
  auto server = service::Server::bind(api, config.listen_host, config.listen_port);
  if (!server) return report(server.error());
  const auto signals = block_stop_signals();
  std::atomic<bool> failed = false;
  std::thread serving([&] {
    if ((*server)->run()) return;
    failed = true;
    ::kill(::getpid(), SIGTERM);  // wakes the main thread
  });
  fmt::print("listening on {}:{}\n", config.listen_host, (*server)->port());
  std::fflush(stdout);
  save_until_stopped(signals, config, engine, log);
  (*server)->stop();
  serving.join();
  save(config, engine, log);
  if (failed) {
    return report({base::ErrorCode::kEnvironment, config.listen_host,
                   "the listening socket failed; see the system's log"});
  }
  log.log(base::LogLevel::kInfo, "stopped: requests in work were answered, the ledger is closed");
  return kDone;
}

int run_serve(const Args& args) {
  const base::SystemClock clock;
  auto config = service::read_config(std::string(*args.get("config")));
  if (!config) return report(config.error());
  auto parts = service::open_parts(
      *config,
      [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      },
      clock, service::DamagedMap::kGoOn);
  if (!parts) return report(parts.error());
  if (parts->tariffs.empty()) {
    return report({base::ErrorCode::kInvalidInput, config->file + "#/tariffs",
                   "is empty; name at least one tariff file"});
  }
  service::Metrics metrics;
  StderrLog log;
  metrics.log_to(&log);
  if (parts->damaged_map) {
    metrics.count("reckon_damaged_map");
    log.log(base::LogLevel::kAlarm, fmt::format("{}: {}; quotes go on by straight line until it is replaced",
                                                parts->damaged_map->where, parts->damaged_map->message));
  }
  return serve(*config, std::move(*parts), metrics, log);
}

}  // namespace

std::vector<Command> serve_commands() {
  return {{"serve",
           "answers quotes and assignments over HTTP",
           "",
           0,
           0,
           {{"config", "FILE", "the configuration"}},
           {"config"},
           run_serve}};
}

}  // namespace reckon::cli
