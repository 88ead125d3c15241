#include "reckon/dispatch/vroom_matrices.h"

#include <fmt/format.h>

#include "reckon/dispatch/problem.h"

namespace reckon::dispatch {

using base::JsonNode;

void VroomMatrices::read(const JsonNode& root) {
  const JsonNode matrices = root.optional("matrices");
  const JsonNode matrix = root.optional("matrix");
  present_ = matrices.present() || matrix.present();
  if (matrices.present() && matrix.present())
    matrix.fault("is deprecated and stands beside matrices; one is allowed");
  if (matrix.present()) {
    if (const auto cells = read_matrix(matrix)) by_profile_["car"].durations = *cells;
    return;
  }
  for (const auto profile : matrices.keys()) {
    const JsonNode node = matrices.optional(profile);
    node.allow_only({"durations", "distances", "costs"});
    VroomMatrix& into = by_profile_[std::string(profile)];
    if (const auto cells = read_matrix(node.required("durations"))) into.durations = *cells;
    if (const auto cells = read_matrix(node.optional("distances"))) {
      into.distances = std::make_shared<std::vector<std::int32_t>>(*cells);
    }
    if (const auto cells = read_matrix(node.optional("costs"))) {
      into.costs = std::make_shared<std::vector<std::int32_t>>(*cells);
    }
  }
  if (matrices.present() && !matrices.is_object()) matrices.fault("is not an object of profiles");
  if (matrices.is_object() && by_profile_.empty())
    matrices.fault("is empty; allowed: one member for each profile");
}

std::optional<std::vector<std::int32_t>> VroomMatrices::read_matrix(const JsonNode& node) {
  if (!node.present()) return std::nullopt;
  const auto rows = node.items(kMaxLocations);
  if (rows.empty()) {
    if (node.is_array()) node.fault("is empty; allowed: a square matrix of at least 1 x 1");
    return std::nullopt;
  }
  if (size_ == 0) size_ = rows.size();
  if (rows.size() != size_) {
    node.fault(fmt::format("has {} rows; allowed: {}, as many as the other matrices", rows.size(), size_));
    return std::nullopt;
  }
  std::vector<std::int32_t> cells;
  cells.reserve(rows.size() * rows.size());
  for (const JsonNode& row : rows) {
    const auto numbers = row.integers(kMaxLocations, 0, kUnreachable);
    if (!numbers) return std::nullopt;
    if (numbers->size() != rows.size()) {
      row.fault(fmt::format("has {} cells; allowed: {}, the matrix is square", numbers->size(), rows.size()));
      return std::nullopt;
    }
    for (const auto number : *numbers) cells.push_back(static_cast<std::int32_t>(number));
  }
  return cells;
}

const VroomMatrix* VroomMatrices::find(const std::string& profile) const {
  const auto found = by_profile_.find(profile);
  return found == by_profile_.end() ? nullptr : &found->second;
}

std::string VroomMatrices::profiles() const {
  std::string names;
  for (const auto& [name, matrix] : by_profile_) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace reckon::dispatch
