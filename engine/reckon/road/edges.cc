#include "reckon/road/edges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "reckon/geo/geodesic.h"
#include "reckon/road/graph.h"
#include "reckon/road/hilbert.h"

namespace reckon::road {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;

std::uint32_t segment_mm(geo::PlaceE7 a, geo::PlaceE7 b) {
  const double metres = geo::geodesic_m(a.to_lat_lng(), b.to_lat_lng());
  return static_cast<std::uint32_t>(std::min<long long>(std::llround(metres * 1000), kMaxEdgeMm + 1LL));
}

/// A part of a way between gaps (missing nodes, segments too long to be road).
struct Piece {
  std::int64_t way;
  std::uint32_t use;
  std::vector<std::uint32_t> nodes;
  std::vector<std::uint32_t> segments_mm;
};

/// Uses, each once; so that "the same use" is the same number.
class UseTable {
 public:
  std::uint32_t add(const WayUse& use) {
    const auto [found, fresh] = numbers_.emplace(use, static_cast<std::uint32_t>(uses_.size()));
    if (fresh) uses_.push_back(use);
    return found->second;
  }
  std::uint32_t reversed(std::uint32_t number) {
    WayUse use = uses_[number];
    for (auto& lanes : use.by) std::swap(lanes[0], lanes[1]);
    return add(use);
  }
  std::vector<WayUse> take() { return std::move(uses_); }

 private:
  std::map<WayUse, std::uint32_t> numbers_;
  std::vector<WayUse> uses_;
};

/// Cuts ways into pieces and pieces into edges.
class Cutter {
 public:
  Cutter(const RoadData& data, std::span<const base::Vehicle> vehicles)
      : data_(data),
        uses_of_node_(data.nodes.osm_ids.size()),
        forced_(data.nodes.osm_ids.size()),
        on_open_road_(data.nodes.osm_ids.size()) {
    for (const auto vehicle : vehicles) built_[static_cast<std::size_t>(vehicle)] = true;
    for (std::size_t i = 0; i < forced_.size(); ++i)
      forced_[i] = data.nodes.barred[i] != 0 || data.nodes.signals[i] != 0;
    for (const auto& rule : data.turn_rules) forced_[rule.via] = true;
    for (const auto& rule : data.way_turns) {
      forced_[rule.path.front().node] = true;
      forced_[rule.path.back().node] = true;
    }
  }

  std::vector<RawEdge> cut() {
    for (const auto& way : data_.ways) add_way(way);
    std::vector<RawEdge> edges;
    for (auto& piece : pieces_) {
      cut_piece(piece, edges);
      piece = {};
    }
    return edges;
  }

  UseTable& uses() { return uses_; }
  std::uint64_t node_count() const {
    return static_cast<std::uint64_t>(std::ranges::count(on_open_road_, true));
  }
  /// True where two edges that end here may be joined, as far as the node is concerned.
  bool plain(std::uint32_t node) const { return uses_of_node_[node] == 2 && !forced_[node]; }

 private:
  void add_way(const RoadWay& way) {
    const auto refs = std::span(data_.refs).subspan(way.first_ref, way.ref_count);
    const auto known = std::ranges::find_if(refs, [](auto ref) { return ref != kMissingNode; });
    if (known == refs.end()) return;
    WayUse use = way.use;
    const auto place = data_.nodes.places[*known];
    for (std::size_t v = 0; v < built_.size(); ++v) {
      const bool shut = v == static_cast<std::size_t>(base::Vehicle::kMotorcycle) && use.motor_only &&
                        in_korea(place.lat, place.lng);
      if (!built_[v] || shut) use.by[v] = {};
    }
    use.motor_only = false;
    if (use.used_by_any()) add_pieces(way.osm_id, use, refs);
  }

  void add_pieces(std::int64_t way, const WayUse& use, std::span<const std::uint32_t> refs) {
    const auto first_piece = pieces_.size();
    std::uint64_t way_mm = 0;
    Piece piece{way, 0, {}, {}};
    const auto finish = [&] {
      if (piece.nodes.size() >= 2) pieces_.push_back(std::move(piece));
      piece = {way, 0, {}, {}};
    };
    for (const auto ref : refs) {
      if (ref == kMissingNode) {
        finish();
        continue;
      }
      if (!piece.nodes.empty()) {
        if (piece.nodes.back() == ref) continue;
        const auto mm = segment_mm(data_.nodes.places[piece.nodes.back()], data_.nodes.places[ref]);
        if (mm > kMaxEdgeMm) {
          finish();
        } else {
          piece.segments_mm.push_back(mm);
          way_mm += mm;
        }
      }
      piece.nodes.push_back(ref);
    }
    finish();
    const auto number = uses_.add(with_ferry_speed(use, way_mm));
    for (auto i = first_piece; i < pieces_.size(); ++i) {
      pieces_[i].use = number;
      count_uses(pieces_[i]);
      for (const auto node : pieces_[i].nodes) on_open_road_[node] = on_open_road_[node] || use.open_to_any();
    }
  }

  // A crossing of known duration has the speed that makes it so.
  static WayUse with_ferry_speed(WayUse use, std::uint64_t way_mm) {
    if (use.ferry_duration_s > 0) {
      const auto speed = way_mm * 3600 / (static_cast<std::uint64_t>(use.ferry_duration_s) * 1000);
      const auto sane =
          static_cast<std::uint32_t>(std::clamp<std::uint64_t>(speed, kMinMetresPerHour, 200'000));
      for (auto& lanes : use.by) {
        for (auto& lane : lanes) lane.metres_per_hour = lane.open() ? sane : 0;
      }
    }
    use.ferry_duration_s = 0;
    return use;
  }

  void count_uses(const Piece& piece) {
    const auto count = [&](std::uint32_t node, unsigned by) {
      uses_of_node_[node] = static_cast<std::uint8_t>(std::min(255u, uses_of_node_[node] + by));
    };
    for (std::size_t i = 0; i < piece.nodes.size(); ++i) {
      count(piece.nodes[i], i == 0 || i + 1 == piece.nodes.size() ? 1 : 2);
    }
  }

  void cut_piece(const Piece& piece, std::vector<RawEdge>& edges) const {
    RawEdge edge{{piece.nodes[0]}, {0}, piece.use, piece.way, piece.way, {}};
    for (std::size_t i = 1; i < piece.nodes.size(); ++i) {
      if (edge.along_mm.back() + piece.segments_mm[i - 1] > kMaxEdgeMm) {
        edges.push_back(std::move(edge));
        edge = {{piece.nodes[i - 1]}, {0}, piece.use, piece.way, piece.way, {}};
      }
      edge.nodes.push_back(piece.nodes[i]);
      edge.along_mm.push_back(edge.along_mm.back() + piece.segments_mm[i - 1]);
      if (i + 1 < piece.nodes.size() && !plain(piece.nodes[i])) {
        edges.push_back(std::move(edge));
        edge = {{piece.nodes[i]}, {0}, piece.use, piece.way, piece.way, {}};
      }
    }
    edges.push_back(std::move(edge));
  }

  const RoadData& data_;
  std::array<bool, 4> built_{};
  std::vector<std::uint8_t> uses_of_node_;  ///< segment ends that meet in the node, at most 255
  std::vector<bool> forced_;  ///< stays a junction: barrier, traffic light, or a turn rule stands there
  std::vector<bool> on_open_road_;
  std::vector<Piece> pieces_;
  UseTable uses_;
};

/// Joins edges that meet in a plain node and have the same use. An oriented edge is edge * 2 + (1 if taken
/// backward).
class Joiner {
 public:
  Joiner(Cutter& cutter, std::vector<RawEdge> edges) : cutter_(cutter), edges_(std::move(edges)) {
    for (std::uint32_t e = 0; e < edges_.size(); ++e) {
      note_end(edges_[e].nodes.front(), e * 2);
      note_end(edges_[e].nodes.back(), e * 2 + 1);
    }
    // Sorted by (node, end): the two ends of a plain node stand side by side.
    std::ranges::sort(ends_);
  }

  std::vector<RawEdge> join() {
    std::vector<RawEdge> joined;
    done_.assign(edges_.size(), false);
    for (std::uint32_t e = 0; e < edges_.size(); ++e) {
      if (!done_[e]) joined.push_back(chain_from(beginning_of(e * 2)));
    }
    return joined;
  }

 private:
  struct End {
    std::uint32_t node;
    std::uint32_t leaving;  ///< oriented edge that begins here
    auto operator<=>(const End&) const = default;
  };

  void note_end(std::uint32_t node, std::uint32_t leaving) {
    if (cutter_.plain(node)) ends_.push_back({node, leaving});
  }

  std::uint32_t head(std::uint32_t oriented) const {
    const auto& nodes = edges_[oriented / 2].nodes;
    return oriented % 2 == 0 ? nodes.back() : nodes.front();
  }

  std::uint32_t use(std::uint32_t oriented) {
    const auto number = edges_[oriented / 2].use;
    return oriented % 2 == 0 ? number : cutter_.uses().reversed(number);
  }

  // The oriented edge that continues `oriented` without a junction, or kNone.
  std::uint32_t next(std::uint32_t oriented) {
    const auto node = head(oriented);
    if (!cutter_.plain(node)) return kNone;
    const auto first = std::ranges::lower_bound(ends_, node, {}, &End::node);
    const auto last = std::ranges::upper_bound(ends_, node, {}, &End::node);
    if (last - first != 2) return kNone;
    const auto other = first->leaving == (oriented ^ 1u) ? first[1].leaving : first->leaving;
    if (other / 2 == oriented / 2 || use(other) != use(oriented)) return kNone;
    return other;
  }

  std::uint32_t beginning_of(std::uint32_t start) {
    auto at = start;
    for (;;) {
      const auto before = next(at ^ 1u);
      if (before == kNone || (before ^ 1u) / 2 == start / 2 || done_[before / 2]) return at;
      at = before ^ 1u;
    }
  }

  RawEdge chain_from(std::uint32_t start) {
    RawEdge chain = oriented_copy(start);
    done_[start / 2] = true;
    for (auto at = next(start); at != kNone && !done_[at / 2]; at = next(at)) {
      const RawEdge more = oriented_copy(at);
      const auto offset = chain.along_mm.back();
      if (std::uint64_t{offset} + more.along_mm.back() > kMaxEdgeMm) break;
      const auto here = static_cast<std::uint32_t>(chain.nodes.size()) - 1;
      if (more.first_way != chain.last_way) chain.later_ways.emplace_back(here, more.first_way);
      for (const auto& [node, way] : more.later_ways) chain.later_ways.emplace_back(here + node, way);
      for (std::size_t i = 1; i < more.nodes.size(); ++i) {
        chain.nodes.push_back(more.nodes[i]);
        chain.along_mm.push_back(offset + more.along_mm[i]);
      }
      chain.last_way = more.last_way;
      done_[at / 2] = true;
    }
    return chain;
  }

  RawEdge oriented_copy(std::uint32_t oriented) {
    RawEdge edge = edges_[oriented / 2];
    if (oriented % 2 == 0) return edge;
    const auto whole = edge.along_mm.back();
    std::ranges::reverse(edge.nodes);
    std::ranges::reverse(edge.along_mm);
    for (auto& along : edge.along_mm) along = whole - along;
    std::swap(edge.first_way, edge.last_way);
    edge.use = cutter_.uses().reversed(edge.use);
    return edge;
  }

  Cutter& cutter_;
  std::vector<RawEdge> edges_;
  std::vector<End> ends_;
  std::vector<bool> done_;
};

void sort_along_curve(std::vector<RawEdge>& edges, const RoadNodes& nodes) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order;
  order.reserve(edges.size());
  for (std::uint32_t e = 0; e < edges.size(); ++e) {
    order.emplace_back(hilbert_of(nodes.places[edges[e].nodes[edges[e].nodes.size() / 2]]), e);
  }
  std::ranges::sort(order);
  std::vector<RawEdge> sorted;
  sorted.reserve(edges.size());
  for (const auto& [key, e] : order) sorted.push_back(std::move(edges[e]));
  edges = std::move(sorted);
}

}  // namespace

base::Result<EdgeSet> make_edges(const RoadData& data, std::span<const base::Vehicle> vehicles) {
  Cutter cutter(data, vehicles);
  EdgeSet set;
  set.edges = Joiner(cutter, cutter.cut()).join();
  if (set.edges.size() >= kMaxEdges) {
    return base::fail(
        base::ErrorCode::kLimit, "roads",
        fmt::format("{} edges are too many; a map may have {}", set.edges.size(), kMaxEdges - 1));
  }
  sort_along_curve(set.edges, data.nodes);
  set.uses = cutter.uses().take();
  set.node_count = cutter.node_count();
  return set;
}

}  // namespace reckon::road
