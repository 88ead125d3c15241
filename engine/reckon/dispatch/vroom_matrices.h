#pragma once

// The matrices of a VROOM problem. Internal to its reader.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reckon/base/json_reader.h"

namespace reckon::dispatch {

/// One profile's, row-major.
struct VroomMatrix {
  std::vector<std::int32_t> durations;
  std::shared_ptr<std::vector<std::int32_t>> distances;  ///< null: not known
  std::shared_ptr<std::vector<std::int32_t>> costs;      ///< null: travel costs by rates
};

class VroomMatrices {
 public:
  /// Reads `matrices`, or the deprecated `matrix`, of the problem.
  void read(const base::JsonNode& root);

  bool present() const { return present_; }
  /// Rows of each; 0 when there is none.
  std::size_t size() const { return size_; }
  /// Of a profile; null when it has none.
  const VroomMatrix* find(const std::string& profile) const;
  /// Profiles that have some, for faults.
  std::string profiles() const;

 private:
  std::optional<std::vector<std::int32_t>> read_matrix(const base::JsonNode& node);

  std::map<std::string, VroomMatrix> by_profile_;
  std::size_t size_ = 0;
  bool present_ = false;
};

}  // namespace reckon::dispatch
