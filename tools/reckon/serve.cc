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
#include "reckon/fee/catalogue.h"
#include "reckon/service/answer_recorder.h"
#include "reckon/service/background_thread.h"
#include "reckon/service/incident_recorder.h"
#include "reckon/service/learner.h"
#include "reckon/service/observers.h"
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

// What hears of the providers. The thread ends first: its jobs tell the others.
struct Listeners {
  Listeners(const service::Config& config, const service::QuoteEngine::Parts& parts, StderrLog& log)
      : learner({config, parts.maps, parts.calibrations, parts.clock, &log}) {}
  service::Observers all;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<service::AnswerRecorder> answers;
  std::unique_ptr<service::IncidentRecorder> incidents;
  service::Learner learner;
  service::BackgroundThread background;
};

void warn(StderrLog& log, const base::Result<void>& result) {
  if (!result) log.log(base::LogLevel::kWarning, result.error().where + ": " + result.error().message);
}

void save(const service::Config& config, service::QuoteEngine& engine, StderrLog& log) {
  warn(log, service::save_learned_state(config, engine));
}

void save_until_stopped(const sigset_t& signals, const service::Config& config, service::QuoteEngine& engine,
                        Listeners& listeners, StderrLog& log) {
  std::string last;
  for (;;) {
    const timespec pause{kSaveEverySeconds, 0};
    if (sigtimedwait(&signals, nullptr, &pause) > 0) return;
    listeners.learner.tick(engine.distances());
    warn(log, listeners.incidents->take_orders(engine.distances()));
    auto state = engine.distances().export_state();
    if (state == last) continue;
    last = std::move(state);
    save(config, engine, log);
  }
}

base::Result<std::unique_ptr<ledger::Ledger>> open_ledger(const service::Config& config,
                                                          const service::QuoteEngine& engine,
                                                          base::Logger& log) {
  if (!config.ledger) {
    return base::fail(base::ErrorCode::kInvalidInput, config.file + "#/ledger",
                      "is missing; serve records each quote and needs sqlite:PATH");
  }
  auto ledger = ledger::Ledger::open(*config.ledger);
  for (const auto& tariff : engine.tariffs()) {
    if (!ledger) break;
    const auto other = (*ledger)->other_release(tariff->id, tariff->version, tariff->release);
    if (!other) return base::fail(other.error());
    if (*other)
      log.log(base::LogLevel::kWarning,
              fmt::format("tariff '{}' version {} is {} now, but the ledger keeps another content of that "
                          "version, {}; what changes a fee needs a new version",
                          tariff->id, tariff->version, tariff->release, **other));
    if (auto kept = (*ledger)->put_tariff(tariff->release, tariff->canonical); !kept)
      return base::fail(kept.error());
  }
  return ledger;
}

base::Result<bool> look_at(service::Corrections& corrections) {
  try {
    return corrections.look();
  } catch (const std::exception& fault) {  // no memory for another version
    return base::fail(base::ErrorCode::kLimit, "corrections", fault.what());
  }
}

// Takes up changes of the corrections; nothing where none are configured.
std::jthread keep_up_with(const std::shared_ptr<service::Corrections>& corrections, StderrLog& log) {
  if (!corrections) return {};
  return std::jthread([corrections, &log](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(service::kLookEveryMs));
      const auto fresh = look_at(*corrections);
      if (!fresh) {
        for (const auto& fault : fresh.error().all())
          log.log(base::LogLevel::kWarning,
                  fault.where + ": " + fault.message + "; the corrections before stay in force");
      } else if (*fresh) {
        log.log(base::LogLevel::kInfo,
                "corrections: map release " + corrections->roads()->release() + " is in force");
      }
    }
  });
}

int serve(const service::Config& config, service::QuoteEngine::Parts parts, service::Metrics& metrics,
          StderrLog& log) {
  Listeners listeners(config, parts, log);
  listeners.answers = service::open_answer_recorder(config, *parts.clock, parts.memory.get(),
                                                    &listeners.background, &metrics, log);
  listeners.all.add(&metrics);
  listeners.all.add(listeners.answers.get());
  listeners.all.add(&listeners.learner);
  parts.observer = &listeners.all;
  parts.background = &listeners.background;
  const auto corrections = parts.corrections;
  service::QuoteEngine engine(std::move(parts));
  service::load_learned_state(config, engine, log);
  auto ledger = open_ledger(config, engine, log);
  if (!ledger) return report(ledger.error());
  listeners.ledger = std::move(*ledger);
  listeners.incidents = std::make_unique<service::IncidentRecorder>(service::IncidentRecorder::Parts{
      listeners.ledger.get(), &engine.clock(), &listeners.background, &metrics, &log});
  listeners.all.add(listeners.incidents.get());
  warn(log, listeners.incidents->resume(engine.distances()));
  service::Api api(
      {&engine, listeners.ledger.get(), &metrics, &log, config.vehicle, config.deadline, &listeners.learner});
  auto server = service::Server::bind(api, config.listen_host, config.listen_port);
  if (!server) return report(server.error());
  const auto signals = block_stop_signals();
  std::atomic<bool> failed = false;
  std::thread serving([&] {
    if ((*server)->run()) return;
    failed = true;
    ::kill(::getpid(), SIGTERM);  // wakes the main thread
  });
  const auto looking = keep_up_with(corrections, log);
  fmt::print("listening on {}:{}\n", config.listen_host, (*server)->port());
  std::fflush(stdout);
  save_until_stopped(signals, config, engine, listeners, log);
  listeners.learner.stop();
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
    log.log(
        base::LogLevel::kAlarm,
        fmt::format("{}: {}; quotes go on by straight line until it is replaced and the server started again",
                    parts->damaged_map->where, parts->damaged_map->message));
  }
  if (const auto warning = fee::rivals_warning(parts->tariffs); !warning.empty())
    log.log(base::LogLevel::kWarning, warning);
  if (const auto warning = fee::unasked_warning(parts->tariffs);
      !config->providers.empty() && !warning.empty())
    log.log(base::LogLevel::kWarning, warning);
  for (const auto& warning : service::calibration_warnings(parts->calibrations))
    log.log(base::LogLevel::kWarning, warning);
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
