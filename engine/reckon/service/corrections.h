#pragma once

// Corrections to the map that a server keeps up with: the file is read again when it changes, and when one of
// its entries begins or ends.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "reckon/base/clock.h"
#include "reckon/base/file_stamp.h"
#include "reckon/base/log.h"
#include "reckon/base/result.h"
#include "reckon/road/live_roads.h"

namespace reckon::service {

/// How often a server looks at the file.
inline constexpr int kLookEveryMs = 200;

/// One thread calls `look`; what it publishes is seen by all readers of the roads at once.
class Corrections {
 public:
  /// @param file   `overlay` of the configuration
  /// @param clock  tells which entries are in force; outlives this
  /// @errors kEnvironment, kInvalidInput  the file is missing or faulty, or names what no map has
  static base::Result<std::unique_ptr<Corrections>> open(std::filesystem::path file, road::MapSet maps,
                                                         const base::Clock& clock);

  const std::shared_ptr<road::LiveRoads>& roads() const { return roads_; }

  /// Publishes a new version where the file or the hour has changed. A faulty file changes nothing: the
  /// corrections before it stay in force, and the fault is told once.
  /// @return whether something new is in force
  base::Result<bool> look();

 private:
  Corrections(std::filesystem::path file, const base::Clock& clock)
      : file_(std::move(file)), clock_(&clock) {}
  base::Result<road::MapSet> read(const road::MapSet& maps);

  std::filesystem::path file_;
  const base::Clock* clock_;
  std::shared_ptr<road::LiveRoads> roads_;
  std::optional<base::FileStamp> read_;
  road::Overlay overlay_;
  std::optional<base::WallTime> next_change_;
};

}  // namespace reckon::service
