#include "reckon/road/snap_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "reckon/road/hilbert.h"

namespace reckon::road {
namespace {

constexpr std::size_t kMaxLevels = 8;  // 16^8 items are more than 32 bits can number

constexpr std::uint64_t groups_of(std::uint64_t count) {
  return (count + kIndexFanOut - 1) / kIndexFanOut;
}

IndexBox box_of(const IndexItem& item) {
  return {std::min(item.a.lat, item.b.lat), std::min(item.a.lng, item.b.lng),
          std::max(item.a.lat, item.b.lat), std::max(item.a.lng, item.b.lng)};
}

IndexBox join(const IndexBox& a, const IndexBox& b) {
  return {std::min(a.south, b.south), std::min(a.west, b.west), std::max(a.north, b.north),
          std::max(a.east, b.east)};
}

template <class Range, class BoxOf>
void pack_level(const Range& below, BoxOf box_of_one, std::vector<IndexBox>& out) {
  for (std::size_t i = 0; i < below.size(); i += kIndexFanOut) {
    IndexBox box = box_of_one(below[i]);
    for (std::size_t k = i + 1; k < std::min(i + kIndexFanOut, below.size()); ++k)
      box = join(box, box_of_one(below[k]));
    out.push_back(box);
  }
}

// Midpoint for the curve; halves first, the sum would overflow.
geo::PlaceE7 middle(const IndexItem& item) {
  return {static_cast<std::int32_t>((std::int64_t{item.a.lat} + item.b.lat) / 2),
          static_cast<std::int32_t>((std::int64_t{item.a.lng} + item.b.lng) / 2)};
}

/// Collects the nearest positions, equally near ones together.
class Nearest {
 public:
  Nearest(const EdgeGeometry& geometry, base::Vehicle vehicle, geo::PlaceE7 place, const Reach& reach,
          Snap& snap)
      : geometry_(geometry),
        frame_(place),
        bit_(1u << static_cast<unsigned>(vehicle)),
        reach_(reach),
        limit_m2_(reach.max_m * reach.max_m),
        snap_(snap) {
    snap_.distance_m = reach.max_m;
  }

  /// Edges to pass over; kept by reference.
  void leave_out(const std::function<bool(std::uint32_t)>& closed) { closed_ = &closed; }

  void look_at(const IndexItem& item) {
    if (closed_ != nullptr && (*closed_)(item.edge_vehicles >> 4)) return;
    judge(item, project(item));
  }

  static constexpr std::size_t kFew = 8;
  /// Numbers of items; all places are set, those from `count` on to any item.
  struct Few {
    std::array<std::uint32_t, kFew> items;
    std::size_t count;
  };

  /// The same for a few items at once, sooner done: vectors, and most are out without a branch that depends
  /// on them.
  void look_at(const Few& few) {
    std::array<double, kFew> ax, ay, bx, by, share, squared;
    for (std::size_t i = 0; i < kFew; ++i) {
      const auto& item = geometry_.items[few.items[i]];
      const auto a = frame_.at(item.a), b = frame_.at(item.b);
      ax[i] = a.x, ay[i] = a.y, bx[i] = b.x, by[i] = b.y;
    }
    for (std::size_t i = 0; i < kFew; ++i) {
      const auto near = geo::project_origin({ax[i], ay[i]}, {bx[i], by[i]});
      share[i] = near.share, squared[i] = near.squared_m2;
    }
    double best = kFar;
    for (std::size_t i = 0; i < kFew; ++i) {
      const bool counts = i < few.count && (geometry_.items[few.items[i]].edge_vehicles & bit_) != 0;
      squared[i] = counts ? squared[i] : kFar;
      best = squared[i] < best ? squared[i] : best;
    }
    if (!(best <= limit_m2_)) return;
    come_nearer(std::sqrt(best));
    unsigned near = 0;
    for (std::size_t i = 0; i < kFew; ++i) near |= static_cast<unsigned>(squared[i] <= limit_m2_) << i;
    for (; near != 0; near &= near - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(near));
      judge(geometry_.items[few.items[i]], {share[i], squared[i]});
    }
  }

  // Whether a box may hold something as near as the best so far. The margin covers rounding: a point inside a
  // segment may compute nearer, by some last bits, than the box that holds it.
  bool worth(double squared_m2) const { return squared_m2 <= limit_m2_ * (1 + 1e-9); }

  double squared_to(const IndexBox& box) const {
    const auto place = frame_.origin();
    const geo::PlaceE7 near{std::clamp(place.lat, box.south, box.north),
                            std::clamp(place.lng, box.west, box.east)};
    const auto point = frame_.at(near);
    return point.x * point.x + point.y * point.y;
  }

  bool within(double distance_m) const { return snap_.count != 0 && snap_.distance_m <= distance_m; }

 private:
  static constexpr double kFar = std::numeric_limits<double>::infinity();

  geo::Projection project(const IndexItem& item) const {
    auto near = geo::project_origin(frame_.at(item.a), frame_.at(item.b));
    near.squared_m2 = (item.edge_vehicles & bit_) != 0 ? near.squared_m2 : kFar;
    return near;
  }

  void judge(const IndexItem& item, const geo::Projection& near) {
    if (!(near.squared_m2 <= limit_m2_)) return;
    const double distance_m = std::sqrt(near.squared_m2);
    if (snap_.count == 0 || distance_m < snap_.distance_m) come_nearer(distance_m);
    const auto past = static_cast<std::uint32_t>(near.share * item.length_mm + 0.5);
    const auto edge = item.edge_vehicles >> 4;
    // A shape point inside an edge is one position, whichever of its two segments found it.
    const bool at_shape_point =
        past == item.length_mm && item.point + 2 < geometry_.edge_first_point[edge + 1];
    add(at_shape_point ? EdgePosition{edge, item.point + 1, 0} : EdgePosition{edge, item.point, past},
        distance_m);
  }

  void come_nearer(double distance_m) {
    snap_.distance_m = distance_m;
    const double same = std::min(distance_m + reach_.slack_m, reach_.max_m) + kSameDistanceM;
    limit_m2_ = same * same;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < snap_.count; ++i) {
      if (snap_.distances_m[i] > same) continue;
      snap_.positions[kept] = snap_.positions[i];
      snap_.distances_m[kept++] = snap_.distances_m[i];
    }
    snap_.count = kept;
  }

  // Keeps the positions sorted, each once; of too many the nearest, of equally near ones the lowest.
  void add(EdgePosition position, double distance_m) {
    const auto begin = snap_.positions.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(snap_.count);
    const auto found = std::lower_bound(begin, end, position);
    if (found != end && *found == position) return;
    auto at = static_cast<std::size_t>(found - begin);
    auto gap = snap_.count;  // the place that is given up
    if (snap_.count == Snap::kMaxEdges) {
      gap = farthest();
      const double own = beyond(distance_m), others = beyond(snap_.distances_m[gap]);
      if (own > others || (own == others && at > gap)) return;
      if (at > gap) --at;
    } else {
      ++snap_.count;
    }
    for (; gap > at; --gap) move(gap - 1, gap);
    for (; gap < at; ++gap) move(gap + 1, gap);
    snap_.positions[at] = position;
    snap_.distances_m[at] = distance_m;
  }

  void move(std::size_t from, std::size_t to) {
    snap_.positions[to] = snap_.positions[from];
    snap_.distances_m[to] = snap_.distances_m[from];
  }

  // Beyond the nearest: 0 for all that are as near.
  double beyond(double distance_m) const {
    return distance_m > snap_.distance_m + kSameDistanceM ? distance_m : 0;
  }

  std::size_t farthest() const {
    std::size_t last = 0;
    for (std::size_t i = 1; i < snap_.count; ++i) {
      if (beyond(snap_.distances_m[i]) >= beyond(snap_.distances_m[last])) last = i;
    }
    return last;
  }

  const EdgeGeometry& geometry_;
  geo::LocalFrame frame_;
  std::uint32_t bit_;
  Reach reach_;
  double limit_m2_;  ///< of what is still worth a look
  Snap& snap_;
  const std::function<bool(std::uint32_t)>* closed_ = nullptr;
};

/// Walks the tree from the top, nearer boxes first.
class Walk {
 public:
  Walk(const EdgeGeometry& geometry, Nearest& nearest) : geometry_(geometry), nearest_(nearest) {
    std::uint64_t count = groups_of(geometry.items.size());
    std::uint64_t first = 0;
    while (count > 0) {
      level_first_[levels_] = first;
      level_count_[levels_++] = count;
      first += count;
      if (count == 1) break;
      count = groups_of(count);
    }
  }

  void run() {
    if (levels_ == 0) return;
    push({levels_ - 1, 0, 0});
    while (depth_ > 0) {
      const Step step = stack_[--depth_];
      if (!nearest_.worth(step.squared_m2)) continue;
      if (step.level == 0) {
        look_at_items(step.box);
      } else {
        push_children(step);
      }
    }
  }

 private:
  struct Step {
    std::size_t level;
    std::uint64_t box;  ///< within the level
    double squared_m2;
  };

  void push(Step step) { stack_[depth_++] = step; }

  void look_at_items(std::uint64_t box) {
    const auto first = box * kIndexFanOut;
    const auto count = std::min<std::uint64_t>(kIndexFanOut, geometry_.items.size() - first);
    for (const auto& item : geometry_.items.subspan(first, count)) nearest_.look_at(item);
  }

  void push_children(const Step& step) {
    const auto level = step.level - 1;
    const auto first = step.box * kIndexFanOut;
    const auto count = std::min<std::uint64_t>(kIndexFanOut, level_count_[level] - first);
    const auto begin = depth_;
    for (std::uint64_t i = first; i < first + count; ++i) {
      const Step child{level, i, nearest_.squared_to(geometry_.boxes[level_first_[level] + i])};
      if (!nearest_.worth(child.squared_m2)) continue;
      auto at = depth_++;  // insertion sort, nearest last: it is taken first
      for (; at > begin && stack_[at - 1].squared_m2 < child.squared_m2; --at) stack_[at] = stack_[at - 1];
      stack_[at] = child;
    }
  }

  const EdgeGeometry& geometry_;
  Nearest& nearest_;
  std::array<std::uint64_t, kMaxLevels> level_first_{};
  std::array<std::uint64_t, kMaxLevels> level_count_{};
  std::size_t levels_ = 0;
  std::array<Step, kMaxLevels * kIndexFanOut> stack_;
  std::size_t depth_ = 0;
};

bool look_in_raster(const EdgeGeometry& geometry, geo::PlaceE7 place, Nearest& nearest) {
  const auto* cell = cell_at(geometry.raster, place);
  if (cell == nullptr || geometry.items.empty()) return false;
  const auto count = static_cast<std::uint32_t>(geometry.items.size());
  if (cell->in_list()) {
    Nearest::Few few{{}, 0};
    for (const auto item : list_of(geometry.raster, *cell)) {
      if (item < count) few.items[few.count++] = item;
      if (few.count < Nearest::kFew) continue;
      nearest.look_at(few);
      few.count = 0;
    }
    if (few.count != 0) nearest.look_at(few);
    return true;
  }
  // No branch on how many there are: an empty place stands for the first item again, and is not counted.
  Nearest::Few few{{}, 1};
  const auto last = count - 1;
  few.items[0] = few.items[RasterCell::kMost] = std::min(cell->first, last);
  for (std::size_t i = 1; i < RasterCell::kMost; ++i) {
    few.items[i] = std::min(cell->first + cell->more[i - 1], last);
    few.count += cell->more[i - 1] != 0;
  }
  nearest.look_at(few);
  return true;
}

}  // namespace

std::uint64_t index_box_count(std::uint64_t items) {
  std::uint64_t count = groups_of(items);
  std::uint64_t all = count;
  while (count > 1) {
    count = groups_of(count);
    all += count;
  }
  return all;
}

std::vector<IndexBox> pack_index(std::vector<IndexItem>& items) {
  std::vector<std::pair<std::uint64_t, IndexItem>> keyed;
  keyed.reserve(items.size());
  for (const auto& item : items) keyed.emplace_back(hilbert_of(middle(item)), item);
  std::ranges::sort(keyed, {}, [](const auto& one) { return std::pair(one.first, one.second.point); });
  std::ranges::transform(keyed, items.begin(), [](const auto& one) { return one.second; });
  std::vector<IndexBox> boxes;
  boxes.reserve(index_box_count(items.size()));
  pack_level(items, box_of, boxes);
  for (std::size_t first = 0; boxes.size() - first > 1;) {
    const std::vector<IndexBox> below(boxes.begin() + static_cast<std::ptrdiff_t>(first), boxes.end());
    first = boxes.size();
    pack_level(
        below, [](const IndexBox& box) { return box; }, boxes);
  }
  return boxes;
}

std::optional<Snap> nearest_road(const EdgeGeometry& geometry, base::Vehicle vehicle, geo::PlaceE7 place,
                                 const Reach& reach) {
  std::optional<Snap> snap(std::in_place);
  Nearest nearest(geometry, vehicle, place, reach, *snap);
  const bool reached = look_in_raster(geometry, place, nearest);
  const bool certain = reached && (reach.max_m <= kRasterReachM || nearest.within(kRasterReachM));
  // A cell names what can be nearest, not what lies a little farther; but the tree has little left to look
  // at.
  if (!certain || reach.slack_m > 0) Walk(geometry, nearest).run();
  if (snap->count == 0) snap.reset();
  return snap;
}

// A raster's cell names what can be nearest while all edges are open, so beside a closed one the tree is
// asked.
std::optional<Snap> nearest_road(const EdgeGeometry& geometry, base::Vehicle vehicle, geo::PlaceE7 place,
                                 const Reach& reach, const std::function<bool(std::uint32_t)>& closed) {
  auto snap = nearest_road(geometry, vehicle, place, reach);
  if (!snap || std::ranges::none_of(snap->all(), closed, &EdgePosition::edge)) return snap;
  snap.emplace();
  Nearest nearest(geometry, vehicle, place, reach, *snap);
  nearest.leave_out(closed);
  Walk(geometry, nearest).run();
  if (snap->count == 0) snap.reset();
  return snap;
}

geo::PlaceE7 place_of(const EdgeGeometry& geometry, const EdgePosition& position) {
  const auto a = geometry.points[position.point];
  const auto b = geometry.points[position.point + 1];
  const auto segment_mm = geometry.along_mm[position.point + 1] - geometry.along_mm[position.point];
  if (segment_mm == 0) return a;
  const double share = static_cast<double>(position.past_mm) / segment_mm;
  const auto between = [&](std::int32_t from, std::int32_t to) {
    return static_cast<std::int32_t>(from +
                                     std::llround(share * static_cast<double>(std::int64_t{to} - from)));
  };
  return {between(a.lat, b.lat), between(a.lng, b.lng)};
}

}  // namespace reckon::road
