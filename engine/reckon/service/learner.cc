#include "reckon/service/learner.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "reckon/base/file.h"
#include "reckon/distance/pairs.h"
#include "reckon/ledger/answer_store.h"

namespace reckon::service {
namespace {

constexpr int kLowestPriority = 19;

bool within(const road::MapInfo& map, const geo::LatLng& place) {
  return place.lat_deg() >= map.south && place.lat_deg() <= map.north && place.lng_deg() >= map.west &&
         place.lng_deg() <= map.east;
}

// Of several maps a calibration belongs to one: that in which most of the trips lie. Only those are kept.
std::shared_ptr<const road::RoadMap> map_of(const std::vector<std::shared_ptr<const road::RoadMap>>& maps,
                                            base::Vehicle vehicle,
                                            std::vector<distance::PastAnswer>& answers) {
  std::shared_ptr<const road::RoadMap> best;
  std::ptrdiff_t most = 0;
  const auto inside = [](const road::RoadMap& map) {
    return [&info = map.info()](const auto& one) { return within(info, one.from) && within(info, one.to); };
  };
  for (const auto& map : maps) {
    if (!map->serves(vehicle)) continue;
    const auto count = std::ranges::count_if(answers, inside(*map));
    if (count <= most) continue;
    most = count;
    best = map;
  }
  if (maps.size() > 1 && best) std::erase_if(answers, [&](const auto& one) { return !inside(*best)(one); });
  return best;
}

}  // namespace

Learner::Learner(Parts parts) : parts_(std::move(parts)), learned_(parts_.learned), fault_(parts_.fault) {
  if (!parts_.config.providers.empty()) first_ = parts_.config.providers.front();
  if (parts_.config.recalibrate_hours > 0) file_ = calibration_file(parts_.config).value_or("");
  last_lesson_ = parts_.clock->steady_now();
  known_ = stamp();
  if (known_) {
    const auto age = std::filesystem::file_time_type::clock::now() - known_->changed;
    age_at_start_ = std::max(base::Seconds{0}, std::chrono::duration_cast<base::Seconds>(age));
  }
  if (learned_ && fault_.empty()) answers_then_ = learned_->calibration().answers;
  answers_ = count_kept();
}

Learner::~Learner() {
  stop();
}

void Learner::stop() {
  stop_ = true;
  thread_.reset();
}

std::optional<base::FileStamp> Learner::stamp() const {
  const auto file = calibration_file(parts_.config);
  return file ? base::stamp_of(*file) : std::nullopt;
}

std::int64_t Learner::count_kept() const {
  std::error_code unreadable;
  const auto file = answers_file(parts_.config);
  if (!file || first_.remember_days == 0 || !std::filesystem::exists(*file, unreadable)) return 0;
  const auto store = ledger::AnswerStore::open(*file, parts_.config.answers_bytes);
  const auto count = store ? (*store)->count(first_.name, parts_.config.vehicle)
                           : base::Result<std::int64_t>(base::fail(store.error()));
  return count.value_or(0);  // what is wrong with the store is told by the recorder
}

void Learner::on_answer(std::string_view provider, const distance::Trip& trip, base::Metres metres,
                        base::Seconds duration) {
  if (file_.empty() || !first_.learn || provider != first_.name || trip.vehicle != parts_.config.vehicle)
    return;
  const std::lock_guard lock(mutex_);
  ++answers_;
  if (first_.remember_days > 0) return;  // they come from the store
  held_.push_back(
      {std::string(provider), trip.vehicle, trip.from, trip.to, metres, duration, parts_.clock->wall_now()});
  if (held_.size() > distance::kMostPairs) held_.pop_front();
}

bool Learner::due() const {
  if (file_.empty() || !first_.learn) return false;
  const std::lock_guard lock(mutex_);
  const auto least = static_cast<std::int64_t>(parts_.least_pairs);
  if (answers_ < least) return false;
  if (static_cast<double>(answers_) >= kAnswersGrow * static_cast<double>(answers_then_)) return true;
  const auto age = parts_.clock->steady_now() - last_lesson_ + age_at_start_;
  return age >= std::chrono::hours{parts_.config.recalibrate_hours} && answers_ - answers_then_ >= least;
}

std::vector<distance::PastAnswer> Learner::answers() const {
  if (first_.remember_days == 0) {
    const std::lock_guard lock(mutex_);
    return {held_.begin(), held_.end()};
  }
  std::vector<distance::PastAnswer> all;
  const auto store = ledger::AnswerStore::open(*answers_file(parts_.config), parts_.config.answers_bytes);
  if (!store) return all;
  (void)(*store)->for_each([&](const distance::PastAnswer& one) {
    if (one.provider == first_.name && one.vehicle == parts_.config.vehicle) all.push_back(one);
    return !stop_;
  });
  return all;
}

base::Result<std::optional<distance::Lesson>> Learner::learn(distance::DistanceService& service,
                                                             const distance::FitProgress& progress) {
  std::int64_t answers_now = 0;
  {
    const std::lock_guard lock(mutex_);
    answers_now = answers_then_ = answers_;  // also when it fails: not again with the same
    last_lesson_ = parts_.clock->steady_now();
    age_at_start_ = base::Seconds{0};
  }
  auto said = answers();
  const auto map = map_of(parts_.maps, parts_.config.vehicle, said);
  const auto pairs = distance::pairs_of(said);
  said.clear();
  auto lesson = distance::learn(first_.name, parts_.config.vehicle, map, pairs, progress);
  const auto failed = [&](const base::Error& error) {
    const std::lock_guard lock(mutex_);
    fault_ = fmt::format("{}: {}", error.where, error.message);
    return base::fail(error);
  };
  if (!lesson) return failed(lesson.error());
  if (!*lesson) return lesson;
  auto& calibration = (*lesson)->calibration;
  calibration.answers = answers_now;
  auto learned = distance::Learned::make(map, calibration);
  if (!learned) return failed(learned.error());
  if (const auto written = base::write_file_atomically(file_, distance::to_json(calibration)); !written)
    return failed(written.error());
  service.publish(*learned);
  const std::lock_guard lock(mutex_);
  known_ = stamp();
  learned_ = *std::move(learned);
  fault_.clear();
  return lesson;
}

std::string Learner::summary(const distance::Lesson& lesson) {
  return fmt::format(
      "{}: learned from {} trips; the {} newest, before they were learned from, had the same fee in {:.1f} % "
      "by "
      "steps of 100 m (before: {:.1f} %), "
      "{:.1f} % by steps of 500 m (before: {:.1f} %){}; {}",
      lesson.calibration.provider, lesson.learned_from, lesson.after.pairs,
      100 * lesson.after.share(lesson.after.same_100), 100 * lesson.before.share(lesson.before.same_100),
      100 * lesson.after.share(lesson.after.same_500), 100 * lesson.before.share(lesson.before.same_500),
      lesson.roads_kept ? "" : "; its routes are not taken over, they would make fewer fees the same",
      lesson.calibration.release());
}

void Learner::reload(distance::DistanceService& service) {
  const auto loaded = load_calibration(parts_.config, parts_.maps);
  if (!loaded.fault.empty())
    parts_.log->log(base::LogLevel::kWarning, "calibration is not used: " + loaded.fault);
  if (loaded.learned) {
    service.publish(loaded.learned);
    parts_.log->log(base::LogLevel::kInfo,
                    fmt::format("calibration {} is taken up", loaded.learned->release()));
  }
  const std::lock_guard lock(mutex_);
  fault_ = loaded.fault;
  if (!loaded.learned) return;
  learned_ = loaded.learned;
  answers_then_ = std::max(answers_then_, loaded.learned->calibration().answers);
}

void Learner::tick(distance::DistanceService& service) {
  if (learning_ || stop_) return;
  bool written = false;
  {
    const std::lock_guard lock(mutex_);
    const auto now = stamp();
    written = now && now != known_;
    known_ = now;
  }
  if (written) return reload(service);
  if (!due() || learning_.exchange(true)) return;
  if (!thread_) thread_ = std::make_unique<BackgroundThread>();
  const bool begun = thread_->run([this, &service] {
    ::setpriority(PRIO_PROCESS, 0, kLowestPriority);  // on Linux: of this thread
    const auto lesson = learn(service, [this](std::string_view, double) { return !stop_; });
    if (!lesson) {
      parts_.log->log(base::LogLevel::kWarning, fmt::format("nothing is learned of {}: {}: {}", first_.name,
                                                            lesson.error().where, lesson.error().message));
    } else if (*lesson) {
      parts_.log->log(base::LogLevel::kInfo, summary(**lesson));
    }
    learning_ = false;
  });
  if (!begun) learning_ = false;
}

std::string Learner::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

}  // namespace reckon::service
