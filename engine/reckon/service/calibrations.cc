#include "reckon/service/calibrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "reckon/base/file.h"
#include "reckon/base/file_stamp.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/limits.h"

namespace reckon::service {
namespace {

constexpr std::string_view kEnding = ".calibration.json";

std::string of_vehicle(const std::string& ledger, base::Vehicle vehicle) {
  return fmt::format("{}.calibration.{}.json", ledger, base::to_string(vehicle));
}

// A provider's name as part of a file's: any bytes are allowed in the one, not in the other.
std::string file_safe(std::string_view name) {
  std::string safe;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '/' || c == '%') {
      safe += fmt::format("%{:02x}", byte);
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string of_provider(const std::string& ledger, std::string_view provider, base::Vehicle vehicle) {
  return fmt::format("{}.calibration.{}.of-{}.json", ledger, base::to_string(vehicle), file_safe(provider));
}

base::Result<distance::Calibration> read(const std::string& file) {
  const auto bytes = base::read_file(file, base::kMaxJsonBytes);
  if (!bytes) return base::fail(bytes.error());
  return distance::read_calibration(*bytes, file);
}

// Why the vehicle has no calibration although its file is there; empty where all is well, or the file is
// another vehicle's.
std::string why_none(const std::string& file, const Lead& lead) {
  if (!base::stamp_of(file)) return {};
  const auto there = read(file);
  if (!there) return fmt::format("{}: {}", there.error().where, there.error().message);
  if (there->vehicle != lead.vehicle || there->provider == lead.provider.name) return {};
  return fmt::format("{}: is of '{}', the first provider for {} is '{}'", file, there->provider,
                     base::to_string(lead.vehicle), lead.provider.name);
}

// Whether nothing is lost when a file is written over: it is not there, damaged, or of an earlier version.
bool may_be_replaced(const std::string& file) {
  if (!base::stamp_of(file)) return true;
  const auto bytes = base::read_file(file, base::kMaxJsonBytes);
  if (!bytes || distance::read_calibration(*bytes, file)) return false;
  const auto document = base::JsonDocument::parse(*bytes, file);
  if (!document) return true;
  base::Faults faults(file);
  const auto root = document->root(faults);
  const auto version = root.is_object() ? root.optional("version").integer(0, INT64_MAX) : std::nullopt;
  return !version || *version <= distance::kCalibrationVersion;
}

std::string own_file(const std::string& ledger, base::Vehicle vehicle, base::Vehicle configured) {
  return vehicle == configured ? ledger + std::string(kEnding) : of_vehicle(ledger, vehicle);
}

}  // namespace

std::vector<Lead> leads(const Config& config,
                        const std::vector<std::shared_ptr<provider::MapProvider>>& providers) {
  std::vector<Lead> all;
  for (const auto vehicle : base::kAllVehicles) {
    for (std::size_t i = 0; i < config.providers.size(); ++i) {
      if (i < providers.size() && !providers[i]->serves(vehicle)) continue;
      all.push_back({vehicle, config.providers[i]});
      break;
    }
  }
  std::stable_partition(all.begin(), all.end(),
                        [&](const Lead& lead) { return lead.vehicle == config.vehicle; });
  return all;
}

std::vector<std::string> calibration_files(const std::string& ledger, std::string_view provider,
                                           base::Vehicle vehicle) {
  return {ledger + std::string(kEnding), of_vehicle(ledger, vehicle), of_provider(ledger, provider, vehicle)};
}

std::optional<FoundCalibration> find_calibration(const std::string& ledger, std::string_view provider,
                                                 base::Vehicle vehicle) {
  std::optional<FoundCalibration> found;
  std::filesystem::file_time_type when;
  for (auto& file : calibration_files(ledger, provider, vehicle)) {
    const auto stamp = base::stamp_of(file);
    if (!stamp || (found && stamp->changed <= when)) continue;
    auto there = read(file);
    if (!there || there->provider != provider || there->vehicle != vehicle) continue;
    found = FoundCalibration{std::move(file), *std::move(there)};
    when = stamp->changed;
  }
  return found;
}

std::string calibration_place(const std::string& ledger, std::string_view provider, base::Vehicle vehicle,
                              std::optional<base::Vehicle> configured) {
  if (auto before = find_calibration(ledger, provider, vehicle)) return std::move(before->file);
  if (!configured) {
    const auto there = read(ledger + std::string(kEnding));
    configured = there ? there->vehicle : vehicle;
  }
  if (auto own = own_file(ledger, vehicle, *configured); may_be_replaced(own)) return own;
  return of_provider(ledger, provider, vehicle);
}

VehicleCalibration load_calibration(const Config& config, const Lead& lead,
                                    const std::vector<std::shared_ptr<const road::RoadMap>>& maps) {
  VehicleCalibration loaded{lead, nullptr, {}, {}};
  const auto ledger = ledger_file(config);
  if (!ledger) return loaded;
  auto found = find_calibration(*ledger, lead.provider.name, lead.vehicle);
  if (!found) {
    loaded.fault = why_none(own_file(*ledger, lead.vehicle, config.vehicle), lead);
    return loaded;
  }
  loaded.file = found->file;
  auto& calibration = found->calibration;
  if (maps.empty() || calibration.map_release.empty()) {
    loaded.learned = distance::Learned::detour_of(std::move(calibration));
    return loaded;
  }
  const auto named =
      std::ranges::find(maps, calibration.map_release, [](const auto& map) { return map->info().release; });
  // Of a map that is not here any more: the first one says why it cannot be used.
  auto learned = distance::Learned::make(named == maps.end() ? maps.front() : *named, calibration);
  if (!learned) loaded.fault = fmt::format("{}: {}", found->file, learned.error().message);
  loaded.learned = learned ? *std::move(learned) : distance::Learned::detour_of(std::move(calibration));
  return loaded;
}

std::vector<VehicleCalibration> load_calibrations(
    const Config& config, const std::vector<Lead>& leads,
    const std::vector<std::shared_ptr<const road::RoadMap>>& maps) {
  std::vector<VehicleCalibration> all;
  for (const auto& lead : leads) all.push_back(load_calibration(config, lead, maps));
  return all;
}

std::vector<std::shared_ptr<const distance::Learned>> usable(const std::vector<VehicleCalibration>& all) {
  std::vector<std::shared_ptr<const distance::Learned>> learned;
  for (const auto& one : all)
    if (one.learned) learned.push_back(one.learned);
  return learned;
}

std::vector<std::string> calibration_warnings(const std::vector<VehicleCalibration>& all) {
  std::vector<std::string> lines;
  for (const auto& one : all)
    if (!one.fault.empty()) lines.push_back("calibration is not used: " + one.fault);
  return lines;
}

}  // namespace reckon::service
