#include "reckon/service/answer_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <utility>

#include "reckon/service/quote_engine.h"
#include "reckon/service/write_behind.h"

namespace reckon::service {
namespace {

constexpr std::string_view kCounter = "reckon_answers_total";

base::WallTime oldest_kept(const ProviderEntry& entry, base::WallTime now) {
  if (entry.remember_days == 0) return base::WallTime::max();
  return now - std::chrono::hours{24} * entry.remember_days;
}

}  // namespace

struct AnswerRecorder::State {
  explicit State(Parts all) : parts(std::move(all)) {}

  void write(const std::vector<distance::PastAnswer>& answers);
  void lose(std::uint64_t count, std::string_view fate);

  Parts parts;
  std::shared_ptr<WriteBehind<distance::PastAnswer>> queue;
  std::atomic<std::uint64_t> dropped = 0;
  std::atomic<bool> failing = false;
};

void AnswerRecorder::State::lose(std::uint64_t count, std::string_view fate) {
  dropped += count;
  if (parts.metrics != nullptr) parts.metrics->count(kCounter, "fate", fate, count);
}

void AnswerRecorder::State::write(const std::vector<distance::PastAnswer>& answers) {
  const auto kept = parts.store->append(answers);
  if (kept) {
    failing = false;
    if (parts.metrics != nullptr) parts.metrics->count(kCounter, "fate", "kept", answers.size());
    return;
  }
  lose(answers.size(), "failed");
  if (!failing.exchange(true) && parts.log != nullptr)
    parts.log->log(base::LogLevel::kWarning,
                   fmt::format("{}: {}; quotes go on, providers' answers are not kept until it can",
                               kept.error().where, kept.error().message));
}

AnswerRecorder::AnswerRecorder(Parts parts) : state_(std::make_shared<State>(std::move(parts))) {
  const auto& all = state_->parts;
  state_->queue = std::make_shared<WriteBehind<distance::PastAnswer>>(
      WriteBehind<distance::PastAnswer>::Options{all.background, all.most_waiting, kAnswersPerCommit},
      // The queue is the state's own, but for jobs that have not begun.
      [weak = std::weak_ptr<State>(state_)](const auto& answers) {
        if (const auto state = weak.lock()) state->write(answers);
      });
}

AnswerRecorder::~AnswerRecorder() {
  flush();
}

void AnswerRecorder::on_answer(std::string_view provider, const distance::Trip& trip, base::Metres metres,
                               base::Seconds duration) {
  const auto& parts = state_->parts;
  const auto entry = std::ranges::find(parts.providers, provider, &ProviderEntry::name);
  if (entry == parts.providers.end() || entry->remember_days == 0) return;
  const bool put = state_->queue->put(
      {std::string(provider), trip.vehicle, trip.from, trip.to, metres, duration, parts.clock->wall_now()});
  if (!put) state_->lose(1, "dropped");
}

void AnswerRecorder::flush() {
  state_->queue->flush();
}

void AnswerRecorder::forget_old() {
  const auto forget = [self = state_] {
    const auto now = self->parts.clock->wall_now();
    for (const auto& entry : self->parts.providers) {
      const auto done = self->parts.store->forget(entry.name, oldest_kept(entry, now));
      if (!done && self->parts.log != nullptr)
        self->parts.log->log(base::LogLevel::kWarning,
                             fmt::format("{}: {}; answers of {} that are too old are still there",
                                         done.error().where, done.error().message, entry.name));
    }
  };
  if (state_->parts.background == nullptr || !state_->parts.background->run(forget)) forget();
}

std::uint64_t AnswerRecorder::dropped() const {
  return state_->dropped;
}
const ledger::AnswerStore& AnswerRecorder::store() const {
  return *state_->parts.store;
}

std::unique_ptr<AnswerRecorder> open_answer_recorder(const Config& config, const base::Clock& clock,
                                                     distance::AnswerMemory* memory,
                                                     distance::Background* background, Metrics* metrics,
                                                     base::Logger& log) {
  const auto file = answers_file(config);
  if (!file) return nullptr;
  std::error_code unreadable;
  const bool keeps = std::ranges::any_of(config.providers, [](const auto& p) { return p.remember_days > 0; });
  if (!keeps && !std::filesystem::exists(*file, unreadable)) return nullptr;
  auto store = ledger::AnswerStore::open(*file, config.answers_bytes);
  const auto now = clock.wall_now();
  auto read = store ? base::Result<void>{} : base::fail(store.error());
  if (store && memory != nullptr) {
    const auto newest = static_cast<std::int64_t>(memory->most_answers());
    read = (*store)->for_each(newest, [&](const distance::PastAnswer& answer) {
      const auto entry = std::ranges::find(config.providers, answer.provider, &ProviderEntry::name);
      if (entry != config.providers.end() && answer.at >= oldest_kept(*entry, now)) memory->remember(answer);
      return true;
    });
  }
  if (!read) {
    log.log(base::LogLevel::kAlarm,
            fmt::format("{}: {}; providers' answers are neither kept nor remembered until this is mended",
                        read.error().where, read.error().message));
    return nullptr;
  }
  auto recorder = std::make_unique<AnswerRecorder>(AnswerRecorder::Parts{
      std::move(*store), config.providers, &clock, background, metrics, &log, kMaxWaitingAnswers});
  recorder->forget_old();
  return recorder;
}

}  // namespace reckon::service
