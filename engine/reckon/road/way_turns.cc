#include "reckon/road/way_turns.h"

#include <algorithm>
#include <optional>
#include <span>

namespace reckon::road {
namespace {

using Nodes = std::span<const std::uint32_t>;

class Resolver {
 public:
  explicit Resolver(const RoadData& data) : data_(data) {}

  /// Empty when the members do not meet in one way only.
  std::vector<PathStep> path(const WayTurn& rule) const {
    const auto* from = way(rule.from);
    const auto* to = way(rule.to);
    if (from == nullptr || to == nullptr) return {};
    std::vector<PathStep> steps;
    const auto* before = from;
    std::optional<std::uint32_t> at;
    for (std::size_t i = 0; i <= rule.via.size(); ++i) {
      const auto* next = i == rule.via.size() ? to : way(rule.via[i]);
      if (next == nullptr) return {};
      const auto meeting = junction(*before, *next);
      if (!meeting) return {};
      if (at && !walk(*before, *at, *meeting, steps)) return {};
      at = meeting;
      before = next;
    }
    steps.push_back({*at, 0});
    return steps;
  }

 private:
  const RoadWay* way(std::int64_t osm_id) const {
    const auto found = std::ranges::lower_bound(data_.ways, osm_id, {}, &RoadWay::osm_id);
    return found == data_.ways.end() || found->osm_id != osm_id ? nullptr : &*found;
  }
  Nodes nodes(const RoadWay& way) const { return Nodes(data_.refs).subspan(way.first_ref, way.ref_count); }

  // Where two ways meet; of several nodes the one that both end in, else the one that either ends in.
  std::optional<std::uint32_t> junction(const RoadWay& a, const RoadWay& b) const {
    std::optional<std::uint32_t> best;
    int best_ends = -1;
    bool several = false;
    for (const auto node : nodes(a)) {
      if (node == kMissingNode || node == best || std::ranges::find(nodes(b), node) == nodes(b).end())
        continue;
      const int ends = (ends_in(a, node) ? 1 : 0) + (ends_in(b, node) ? 1 : 0);
      several = ends == best_ends || (several && ends < best_ends);
      if (ends < best_ends) continue;
      best = node;
      best_ends = ends;
    }
    return several ? std::nullopt : best;
  }
  bool ends_in(const RoadWay& way, std::uint32_t node) const {
    return nodes(way).front() == node || nodes(way).back() == node;
  }

  // Appends the nodes from `a` up to, not with, `b`. Round a closed way that runs one way the path is plain;
  // round one that runs both ways it is not.
  bool walk(const RoadWay& along, std::uint32_t a, std::uint32_t b, std::vector<PathStep>& steps) const {
    auto ring = nodes(along);
    const bool closed = ring.size() > 2 && ring.front() == ring.back();
    if (closed) ring = ring.first(ring.size() - 1);
    if (std::ranges::count(ring, a) != 1 || std::ranges::count(ring, b) != 1 || a == b) return false;
    const auto first = static_cast<std::size_t>(std::ranges::find(ring, a) - ring.begin());
    const auto last = static_cast<std::size_t>(std::ranges::find(ring, b) - ring.begin());
    const bool forward = closed ? !runs(along, Direction::kBackward) : first < last;
    if (closed && !forward && runs(along, Direction::kForward)) return false;
    for (auto i = first; i != last; i = (i + (forward ? 1 : ring.size() - 1)) % ring.size()) {
      if (ring[i] == kMissingNode) return false;
      steps.push_back({ring[i], along.osm_id});
    }
    return true;
  }
  // People may walk round a roundabout either way; rules do not bind them.
  static bool runs(const RoadWay& way, Direction direction) {
    for (const auto vehicle : {base::Vehicle::kMotorcycle, base::Vehicle::kBicycle, base::Vehicle::kCar}) {
      if (way.use.by[static_cast<std::size_t>(vehicle)][static_cast<std::size_t>(direction)].open())
        return true;
    }
    return false;
  }

  const RoadData& data_;
};

}  // namespace

void resolve_way_turns(RoadData& data) {
  const Resolver resolver(data);
  for (auto& rule : data.way_turns) rule.path = resolver.path(rule);
  data.counts.broken_rules_ignored +=
      std::erase_if(data.way_turns, [](const auto& rule) { return rule.path.empty(); });
}

}  // namespace reckon::road
