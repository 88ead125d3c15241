#include "reckon/service/learner.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "reckon/base/file.h"
#include "reckon/distance/pairs.h"
#include "reckon/ledger/answer_store.h"
#include "reckon/service/quote_engine.h"

namespace reckon::service {
namespace {

constexpr int kLowestPriority = 19;

// Of several maps a calibration belongs to one: that in which most of the trips lie. Only those are kept.
std::shared_ptr<const road::RoadMap> map_of(const std::vector<std::shared_ptr<const road::RoadMap>>& maps,
                                            base::Vehicle vehicle,
                                            std::vector<distance::PastAnswer>& answers) {
  std::shared_ptr<const road::RoadMap> best;
  std::ptrdiff_t most = 0;
  const auto inside = [](const road::RoadMap& map) {
    return [&info = map.info()](const auto& one) { return info.covers(one.from) && info.covers(one.to); };
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

std::vector<std::optional<base::FileStamp>> stamps_of(const std::vector<std::string>& files) {
  std::vector<std::optional<base::FileStamp>> stamps;
  for (const auto& file : files) stamps.push_back(base::stamp_of(file));
  return stamps;
}

base::Seconds age_of(const std::string& file) {
  const auto stamp = base::stamp_of(file);
  if (!stamp) return {};
  const auto age = std::filesystem::file_time_type::clock::now() - stamp->changed;
  return std::max(base::Seconds{0}, std::chrono::duration_cast<base::Seconds>(age));
}

}  // namespace

Learner::Learner(Parts parts) : parts_(std::move(parts)), ledger_(ledger_file(parts_.config).value_or("")) {
  for (const auto& there : parts_.calibrations) courses_.push_back(course_of(there));
  parts_.calibrations.clear();
  count_kept();
}

Learner::~Learner() {
  stop();
}

void Learner::stop() {
  stop_ = true;
  thread_.reset();
}

Learner::Course Learner::course_of(const VehicleCalibration& there) const {
  Course course;
  course.lead = there.lead;
  if (!ledger_.empty())
    course.files = calibration_files(ledger_, there.lead.provider.name, there.lead.vehicle);
  course.known = stamps_of(course.files);
  course.last_lesson = parts_.clock->steady_now();
  course.age_at_start = age_of(there.file);
  course.learned = there.learned;
  course.file_fault = there.fault;
  if (there.learned && there.fault.empty()) course.answers_then = there.learned->calibration().answers;
  return course;
}

// What is wrong with the store is told by the recorder.
void Learner::count_kept() {
  std::error_code unreadable;
  const auto file = answers_file(parts_.config);
  if (!file || !std::filesystem::exists(*file, unreadable)) return;
  const auto store = ledger::AnswerStore::open(*file, parts_.config.answers_bytes);
  if (!store) return;
  for (auto& course : courses_) {
    if (course.lead.provider.remember_days == 0) continue;
    course.answers = (*store)->count(course.lead.provider.name, course.lead.vehicle).value_or(0);
  }
}

void Learner::on_answer(std::string_view provider, const distance::Trip& trip, base::Metres metres,
                        base::Seconds duration) {
  const auto course = std::ranges::find(courses_, trip.vehicle, [](const auto& c) { return c.lead.vehicle; });
  if (course == courses_.end() || provider != course->lead.provider.name || !course->lead.provider.learn ||
      ledger_.empty() || parts_.config.recalibrate_hours == 0)
    return;
  const std::lock_guard lock(mutex_);
  ++course->answers;
  if (course->lead.provider.remember_days > 0) return;  // they come from the store
  course->held.push_back(
      {std::string(provider), trip.vehicle, trip.from, trip.to, metres, duration, parts_.clock->wall_now()});
  if (course->held.size() > distance::kMostPairs) course->held.pop_front();
}

bool Learner::is_due(const Course& course) const {
  if (!course.lead.provider.learn) return false;
  const auto least = static_cast<std::int64_t>(parts_.least_pairs);
  if (course.answers < least) return false;
  if (static_cast<double>(course.answers) >= kAnswersGrow * static_cast<double>(course.answers_then))
    return true;
  const auto age = parts_.clock->steady_now() - course.last_lesson + course.age_at_start;
  return age >= std::chrono::hours{parts_.config.recalibrate_hours} &&
         course.answers - course.answers_then >= least;
}

std::optional<base::Vehicle> Learner::due() const {
  if (ledger_.empty() || parts_.config.recalibrate_hours == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto first = [](const Course& course) {  // who has none yet, then who waits longest
    return std::pair(course.learned != nullptr, course.last_lesson);
  };
  const Course* longest = nullptr;
  for (const auto& course : courses_)
    if (is_due(course) && (longest == nullptr || first(course) < first(*longest))) longest = &course;
  return longest == nullptr ? std::nullopt : std::optional(longest->lead.vehicle);
}

std::vector<distance::PastAnswer> Learner::answers(const Course& course) const {
  if (course.lead.provider.remember_days == 0) {
    const std::lock_guard lock(mutex_);
    return {course.held.begin(), course.held.end()};
  }
  std::vector<distance::PastAnswer> all;
  const auto store = ledger::AnswerStore::open(*answers_file(parts_.config), parts_.config.answers_bytes);
  if (!store) return all;
  (void)(*store)->for_each([&](const distance::PastAnswer& one) {
    if (one.provider == course.lead.provider.name && one.vehicle == course.lead.vehicle) all.push_back(one);
    return !stop_;
  });
  return all;
}

base::Result<std::optional<distance::Lesson>> Learner::learn(base::Vehicle vehicle,
                                                             distance::DistanceService& service,
                                                             const distance::FitProgress& progress) {
  const auto found = std::ranges::find(courses_, vehicle, [](const auto& c) { return c.lead.vehicle; });
  if (found == courses_.end() || ledger_.empty())
    return base::fail(base::ErrorCode::kNotFound, "learner",
                      fmt::format("nothing is learned for {}", base::to_string(vehicle)));
  auto& course = *found;
  std::int64_t answers_now = 0;
  {
    const std::lock_guard lock(mutex_);
    answers_now = course.answers_then = course.answers;  // also when it fails: not again with the same
    course.last_lesson = parts_.clock->steady_now();
    course.age_at_start = base::Seconds{0};
  }
  auto said = answers(course);
  if (stop_) return std::optional<distance::Lesson>{};
  const auto map = map_of(parts_.maps, vehicle, said);
  const auto pairs = distance::pairs_of(said);
  said.clear();
  auto lesson = distance::learn(course.lead.provider.name, vehicle, map, pairs, progress);
  if (lesson && *lesson) {
    (*lesson)->calibration.answers = answers_now;
    if (const auto used = use(course, (*lesson)->calibration, map, service); !used)
      lesson = base::fail(used.error());
  }
  if (lesson) return lesson;
  const std::lock_guard lock(mutex_);
  course.lesson_fault = fmt::format("{}: {}", lesson.error().where, lesson.error().message);
  return lesson;
}

// Writes what was learned and puts it into use.
base::Result<void> Learner::use(Course& course, const distance::Calibration& calibration,
                                const std::shared_ptr<const road::RoadMap>& map,
                                distance::DistanceService& service) {
  auto learned = distance::Learned::make(map, calibration);
  if (!learned) return base::fail(learned.error());
  const auto file =
      calibration_place(ledger_, calibration.provider, calibration.vehicle, parts_.config.vehicle);
  if (auto written = base::write_file_atomically(file, distance::to_json(calibration)); !written)
    return written;
  service.publish(*learned);
  const std::lock_guard lock(mutex_);
  for (auto& other : courses_) {  // a file may be one of several courses'
    for (std::size_t i = 0; i < other.files.size(); ++i)
      if (other.files[i] == file) other.known[i] = base::stamp_of(file);
  }
  course.learned = *std::move(learned);
  course.file_fault.clear();
  course.lesson_fault.clear();
  return {};
}

std::string Learner::matter(base::Vehicle vehicle) const {
  const std::lock_guard lock(mutex_);
  const auto course = std::ranges::find(courses_, vehicle, [](const auto& c) { return c.lead.vehicle; });
  if (course == courses_.end()) return {};
  const auto& provider = course->lead.provider;
  const bool kept = provider.remember_days > 0;
  const auto count = kept ? course->answers : static_cast<std::int64_t>(course->held.size());
  return fmt::format("{} answers of {} for {}, {}", count, provider.name, base::to_string(vehicle),
                     kept ? "which are kept" : "which are not kept (remember_days 0)");
}

std::string Learner::summary(const distance::Lesson& lesson) {
  return fmt::format(
      "{}: learned from {} trips; the {} newest, before they were learned from, had the same fee in {:.1f} % "
      "by "
      "steps of 100 m (before: {:.1f} %), "
      "{:.1f} % by steps of 500 m (before: {:.1f} %){}; for {}: {}",
      lesson.calibration.provider, lesson.learned_from, lesson.after.pairs,
      100 * lesson.after.share(lesson.after.same_100), 100 * lesson.before.share(lesson.before.same_100),
      100 * lesson.after.share(lesson.after.same_500), 100 * lesson.before.share(lesson.before.same_500),
      lesson.roads_kept ? "" : "; its routes are not taken over, they would make fewer fees the same",
      base::to_string(lesson.calibration.vehicle), lesson.calibration.release());
}

bool Learner::written_by_others(Course& course) {
  auto now = stamps_of(course.files);
  const std::lock_guard lock(mutex_);
  bool written = false;
  for (std::size_t i = 0; i < now.size(); ++i) written |= now[i] && now[i] != course.known[i];
  course.known = std::move(now);
  return written;
}

void Learner::reload(Course& course, distance::DistanceService& service) {
  const auto loaded = load_calibration(parts_.config, course.lead, parts_.maps);
  const std::lock_guard lock(mutex_);
  if (loaded.fault != course.file_fault) {  // said once, not with each file that is looked at again
    for (const auto& warning : calibration_warnings({loaded}))
      parts_.log->log(base::LogLevel::kWarning, warning);
  }
  course.file_fault = loaded.fault;
  if (!loaded.learned || (course.learned && course.learned->release() == loaded.learned->release())) return;
  service.publish(loaded.learned);
  parts_.log->log(base::LogLevel::kInfo,
                  fmt::format("calibration {} is taken up for {}", loaded.learned->release(),
                              base::to_string(course.lead.vehicle)));
  course.learned = loaded.learned;
  course.answers_then = std::max(course.answers_then, loaded.learned->calibration().answers);
}

void Learner::tick(distance::DistanceService& service) {
  if (stop_) return;
  for (auto& course : courses_)
    if (written_by_others(course)) reload(course, service);
  if (learning_) return;
  const auto vehicle = due();
  if (!vehicle || learning_.exchange(true)) return;
  if (!thread_) thread_ = std::make_unique<BackgroundThread>();
  const bool begun = thread_->run([this, &service, vehicle] {
    ::setpriority(PRIO_PROCESS, 0, kLowestPriority);  // on Linux: of this thread
    const auto lesson = learn(*vehicle, service, [this](std::string_view, double) { return !stop_; });
    if (!lesson) {
      parts_.log->log(base::LogLevel::kWarning,
                      fmt::format("nothing is learned for {}: {}: {}", base::to_string(*vehicle),
                                  lesson.error().where, lesson.error().message));
    } else if (*lesson) {
      parts_.log->log(base::LogLevel::kInfo, summary(**lesson));
    }
    learning_ = false;
  });
  if (!begun) learning_ = false;
}

std::string Learner::fault(base::Vehicle vehicle) const {
  const std::lock_guard lock(mutex_);
  const auto course = std::ranges::find(courses_, vehicle, [](const auto& c) { return c.lead.vehicle; });
  if (course == courses_.end()) return {};
  return course->file_fault.empty() ? course->lesson_fault : course->file_fault;
}

}  // namespace reckon::service
