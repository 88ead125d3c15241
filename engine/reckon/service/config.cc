#include "reckon/service/config.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "reckon/base/file.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/limits.h"
#include "reckon/road/map_set.h"

namespace reckon::service {
namespace {

using base::JsonNode;

constexpr std::size_t kMaxTariffs = 1000;
constexpr std::size_t kMaxProviders = 16;
constexpr std::int64_t kMaxDeadlineMs = 60'000;
constexpr std::int64_t kMaxRecalibrateHours = 8760;
constexpr std::int64_t kMaxAnswersMb = 65'536;  // 600 million answers
constexpr std::string_view kScheme = "sqlite:";

std::filesystem::path beside(const std::filesystem::path& config, std::string_view path) {
  return config.parent_path() / std::filesystem::path(path);  // an absolute path stays as it is
}

// One path, or a list of them: branch areas side by side.
void read_maps(const JsonNode& node, const std::filesystem::path& path, Config& config) {
  if (node.is_array()) {
    for (const auto& item : node.items(road::kMaxMapsOfSet)) {
      if (const auto map = item.string()) config.maps.push_back(beside(path, *map));
    }
  } else if (const auto map = node.string()) {
    config.maps.push_back(beside(path, *map));
  }
}

void read_listen(const JsonNode& node, Config& config) {
  const auto text = node.string(256);
  if (!text) return;
  const auto colon = text->rfind(':');
  if (colon != std::string_view::npos && colon > 0) {
    const auto digits = text->substr(colon + 1);
    int port = -1;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (fault == std::errc{} && end == digits.data() + digits.size() && port >= 0 && port <= 65535) {
      config.listen_host = text->substr(0, colon);
      config.listen_port = port;
      return;
    }
  }
  node.fault(fmt::format("'{}' is no address; allowed: HOST:PORT, such as 127.0.0.1:8080", *text));
}

void read_vehicle(const JsonNode& node, Config& config) {
  const auto name = node.string();
  if (!name) return;
  if (const auto vehicle = base::vehicle_from(*name)) {
    config.vehicle = *vehicle;
  } else {
    node.fault(fmt::format("'{}' is no vehicle; {}", *name, base::kVehiclesAllowed));
  }
}

void read_ledger(const JsonNode& node, const std::filesystem::path& path, Config& config) {
  const auto url = node.string();
  if (!url) return;
  if (!url->starts_with(kScheme) || url->size() == kScheme.size()) {
    node.fault(fmt::format("'{}' is no ledger; allowed: sqlite:PATH", *url));
    return;
  }
  config.ledger = std::string(kScheme) + beside(path, url->substr(kScheme.size())).string();
}

constexpr std::int64_t kMaxRememberDays = 3650;

// Hosted providers' terms restrict or forbid keeping their answers, and were not read for each: the strictest
// reading holds until the operator says otherwise. What one runs oneself on open data has no such terms.
std::int64_t default_remember_days(std::string_view kind) {
  const bool own = kind == "osrm" || kind == "valhalla" || kind == "graphhopper";
  return own ? 365 : 0;
}

constexpr std::int64_t kMaxDailyCalls = 1'000'000'000;
constexpr std::size_t kMaxPeaks = 8;

// `11:30`, up to `24:00`.
std::optional<std::chrono::minutes> read_time_of_day(const JsonNode& node) {
  const auto text = node.string(5);
  if (!text) return std::nullopt;
  int hours = -1, minutes = -1;
  const auto number = [&](std::size_t at, int& value) {
    const auto [end, fault] = std::from_chars(text->data() + at, text->data() + at + 2, value);
    return fault == std::errc{} && end == text->data() + at + 2;
  };
  const bool formed = text->size() == 5 && (*text)[2] == ':' && number(0, hours) && number(3, minutes);
  if (formed && minutes >= 0 && minutes < 60 && hours >= 0 && hours * 60 + minutes <= 24 * 60)
    return std::chrono::minutes{hours * 60 + minutes};
  node.fault(fmt::format("'{}' is no time of day; allowed: 00:00 to 24:00", *text));
  return std::nullopt;
}

// A day's calls, and how many of them the peak hours may count on.
distance::QuotaPlan read_quota(const JsonNode& item) {
  distance::QuotaPlan plan;
  plan.calls = item.optional("daily_calls").integer(1, kMaxDailyCalls).value_or(0);
  const auto reserve = item.optional("peak_reserve"), hours = item.optional("peak_hours");
  plan.reserve = reserve.integer(0, std::max<std::int64_t>(plan.calls, 0)).value_or(0);
  for (const auto& peak : hours.items(kMaxPeaks)) {
    const auto ends = peak.items(2);
    if (ends.size() != 2) {
      peak.fault("is no span; allowed: [\"17:00\", \"21:00\"]");
      continue;
    }
    const auto from = read_time_of_day(ends[0]), to = read_time_of_day(ends[1]);
    if (from && to && *from >= *to)
      peak.fault("ends before it begins; allowed: two spans instead of one over midnight");
    if (from && to) plan.peaks.push_back({*from, *to});
  }
  if (plan.reserve > 0 && plan.peaks.empty()) reserve.fault("is for no hours; name them in 'peak_hours'");
  return plan;
}

void read_providers(const JsonNode& node, Config& config) {
  std::set<std::string, std::less<>> names;
  for (const auto& item : node.items(kMaxProviders)) {
    item.allow_only({"name", "kind", "base_url", "key_env", "key_id_env", "profile", "remember_days", "learn",
                     "daily_calls", "peak_reserve", "peak_hours"});
    ProviderEntry entry;
    entry.name = item.required("name").string(64).value_or("");
    entry.kind = item.required("kind").string(64).value_or("");
    entry.base_url = item.required("base_url").string().value_or("");
    entry.key_env = item.optional("key_env").string(256).value_or("");
    entry.key_id_env = item.optional("key_id_env").string(256).value_or("");
    entry.profile = item.optional("profile").string(64).value_or("");
    entry.remember_days = item.optional("remember_days")
                              .integer(0, kMaxRememberDays)
                              .value_or(default_remember_days(entry.kind));
    entry.quota = read_quota(item);
    entry.learn = item.optional("learn").boolean().value_or(true);
    if (!names.insert(entry.name).second) {
      item.optional("name").fault(
          fmt::format("'{}' is taken; each provider needs a name of its own", entry.name));
    }
    config.providers.push_back(std::move(entry));
  }
}

}  // namespace

std::optional<std::string> ledger_file(const Config& config) {
  if (!config.ledger) return std::nullopt;
  return config.ledger->substr(kScheme.size());
}

base::Result<Config> read_config(const std::filesystem::path& path) {
  const auto bytes = base::read_file(path, base::kMaxConfigBytes);
  if (!bytes) return base::fail(bytes.error());
  const auto document = base::JsonDocument::parse(*bytes, path.string());
  if (!document) return base::fail(document.error());
  base::Faults faults(path.string());
  const auto root = document->root(faults);
  root.allow_only({"map", "overlay", "tariffs", "ledger", "listen", "vehicle", "deadline_ms", "providers",
                   "ca_file", "answers_mb", "recalibrate_hours"});
  Config config;
  config.file = path.string();
  read_maps(root.optional("map"), path, config);
  if (const auto overlay = root.optional("overlay"); overlay.present()) {
    if (const auto file = overlay.string()) config.overlay = beside(path, *file);
    if (config.maps.empty()) overlay.fault("corrects no map; a map is needed beside it");
  }
  for (const auto& item : root.optional("tariffs").items(kMaxTariffs)) {
    if (const auto tariff = item.string()) config.tariffs.push_back(beside(path, *tariff));
  }
  read_ledger(root.optional("ledger"), path, config);
  read_listen(root.optional("listen"), config);
  read_vehicle(root.optional("vehicle"), config);
  if (const auto deadline = root.optional("deadline_ms").integer(1, kMaxDeadlineMs)) {
    config.deadline = std::chrono::milliseconds{*deadline};
  }
  if (const auto budget = root.optional("answers_mb").integer(1, kMaxAnswersMb))
    config.answers_bytes = *budget << 20;
  if (const auto hours = root.optional("recalibrate_hours").integer(0, kMaxRecalibrateHours))
    config.recalibrate_hours = *hours;
  read_providers(root.optional("providers"), config);
  if (const auto ca = root.optional("ca_file").string()) config.ca_file = beside(path, *ca).string();
  if (!faults.empty()) return base::fail(faults.error(base::ErrorCode::kInvalidInput));
  return config;
}

}  // namespace reckon::service
