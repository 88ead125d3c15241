#pragma once

// What was learned of providers, in files beside the ledger: one for each provider and vehicle. The
// configured vehicle's is `<ledger>.calibration.json`, another's `<ledger>.calibration.VEHICLE.json`. A
// calibration does not overwrite one of another provider or vehicle (two processes that begin at the same
// moment aside); where its own name is taken it goes to
// `<ledger>.calibration.VEHICLE.of-PROVIDER.json`. So what a file says decides whose it is, not its name, and
// providers may change their order and come back without losing what was learned.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/vehicle.h"
#include "reckon/distance/learned.h"
#include "reckon/provider/map_provider.h"
#include "reckon/road/road_map.h"
#include "reckon/service/config.h"

namespace reckon::service {

/// Whom a vehicle's calibration is of: the first configured provider that serves the vehicle.
struct Lead {
  base::Vehicle vehicle = base::Vehicle::kMotorcycle;
  ProviderEntry provider;
};

/// One for each vehicle that a provider serves, the configured vehicle's first.
/// @param providers  opened as configured, in their order; one that is missing is taken to serve all
std::vector<Lead> leads(const Config& config,
                        const std::vector<std::shared_ptr<provider::MapProvider>>& providers);

/// All files beside a ledger at `ledger` that may hold a calibration of this provider and vehicle.
std::vector<std::string> calibration_files(const std::string& ledger, std::string_view provider,
                                           base::Vehicle vehicle);

/// The newest calibration of a provider and vehicle beside a ledger, and its file.
struct FoundCalibration {
  std::string file;
  distance::Calibration calibration;
};
/// Nothing where there is none; files that cannot be read, and those of others, are passed over.
std::optional<FoundCalibration> find_calibration(const std::string& ledger, std::string_view provider,
                                                 base::Vehicle vehicle);

/// Where a new calibration is to be written: over the one before it, else to a name that is free or holds
/// nothing of use.
/// @param configured  the configuration's vehicle; not known: the one whose `<ledger>.calibration.json` is
/// there
std::string calibration_place(const std::string& ledger, std::string_view provider, base::Vehicle vehicle,
                              std::optional<base::Vehicle> configured);

/// What is there for one vehicle. A file that cannot be used costs nothing but itself.
struct VehicleCalibration {
  Lead lead;
  std::shared_ptr<const distance::Learned> learned;  ///< empty: there is none, or none that can be used
  std::string file;                                  ///< that it came from
  std::string fault;                                 ///< why one is not used, or in part only
};
/// Without a ledger: nothing is there.
VehicleCalibration load_calibration(const Config& config, const Lead& lead,
                                    const std::vector<std::shared_ptr<const road::RoadMap>>& maps);
/// The same for each lead.
std::vector<VehicleCalibration> load_calibrations(
    const Config& config, const std::vector<Lead>& leads,
    const std::vector<std::shared_ptr<const road::RoadMap>>& maps);

/// Those that can be used: what the ladder takes.
std::vector<std::shared_ptr<const distance::Learned>> usable(const std::vector<VehicleCalibration>& all);
/// What a log says of those that cannot: a line each.
std::vector<std::string> calibration_warnings(const std::vector<VehicleCalibration>& all);

}  // namespace reckon::service
