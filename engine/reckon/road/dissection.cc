#include "reckon/road/dissection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "reckon/geo/local_frame.h"

namespace reckon::road {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// Share of a cell's junctions that stands on each side before the cut is looked for. Smaller shares give
/// smaller cuts and more lopsided halves.
constexpr double kOuterShare = 0.25;

/// Lines along which a cut is tried, each a half turn divided by so many from the last.
constexpr int kLines = 8;

/// A road between two junctions, with the arcs along it.
struct Link {
  std::uint32_t a, b;
  std::uint32_t arcs;
};

/// The junctions of a map as its turns draw them: two ends of edges are one junction where a turn leads from
/// one to the other. (Where rules keep the traffic of a crossing apart, so are its junctions.)
class Junctions {
 public:
  Junctions(const EdgeGeometry& geometry, const ArcGraph& graph)
      : root_(std::size_t{geometry.edge_count()} * 2) {
    std::iota(root_.begin(), root_.end(), 0u);
    for (std::uint32_t arc = 0; arc < graph.arcs.size(); ++arc) {
      for (const auto next : graph.after(arc)) join(graph.arcs[arc].edge_dir ^ 1u, graph.arcs[next].edge_dir);
    }
  }

  // The end where travel along edge_dir begins has that number; where it ends, edge_dir ^ 1.
  std::uint32_t of(std::uint32_t slot) {
    while (root_[slot] != slot) slot = root_[slot] = root_[root_[slot]];
    return slot;
  }

 private:
  void join(std::uint32_t a, std::uint32_t b) {
    a = of(a);
    b = of(b);
    root_[std::max(a, b)] = std::min(a, b);
  }

  std::vector<std::uint32_t> root_;
};

struct Place {
  float x, y;
};

/// A cell's own graph, numbered from 0, and the search for its smallest cut.
class Cutter {
 public:
  struct Half {  // one direction of a link
    std::uint32_t to;
    std::uint32_t twin;
    std::int32_t capacity;
    std::int32_t left;
  };

  /// Takes over the cell: `place` by junction, links between local junctions.
  void load(std::vector<Place> places, const std::vector<Link>& links) {
    places_ = std::move(places);
    const auto n = places_.size();
    first_.assign(n + 1, 0);
    for (const auto& link : links) {
      ++first_[link.a + 1];
      ++first_[link.b + 1];
    }
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    halves_.resize(links.size() * 2);
    auto next = first_;
    for (const auto& link : links) {
      const auto at_a = next[link.a]++, at_b = next[link.b]++;
      const auto capacity = static_cast<std::int32_t>(link.arcs);
      halves_[at_a] = {link.b, at_b, capacity, capacity};
      halves_[at_b] = {link.a, at_a, capacity, capacity};
    }
  }

  /// Which junctions stand on one side of the smallest cut found.
  const std::vector<bool>& cut() {
    best_cut_ = std::numeric_limits<std::int64_t>::max();
    best_smaller_ = 0;
    order_.resize(places_.size());
    const int lines = places_.size() < 16 ? 4 : kLines;
    for (int line = 0; line < lines; ++line) {
      const double angle = M_PI * line / lines;
      try_line(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)));
    }
    return best_;
  }

 private:
  void try_line(float x, float y) {
    const auto n = static_cast<std::uint32_t>(places_.size());
    std::iota(order_.begin(), order_.end(), 0u);
    const auto along = [&](std::uint32_t v) { return places_[v].x * x + places_[v].y * y; };
    std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(along(a), a) < std::pair(along(b), b);
    });
    const auto outer = std::max(1u, static_cast<std::uint32_t>(n * kOuterShare));
    role_.assign(n, kInner);
    for (std::uint32_t i = 0; i < outer; ++i) {
      role_[order_[i]] = kSource;
      role_[order_[n - 1 - i]] = kSink;
    }
    for (auto& half : halves_) half.left = half.capacity;
    std::int64_t flow = 0;
    while (flow <= best_cut_ && reach_from_source()) {
      at_.assign(first_.begin(), first_.end() - 1);
      for (std::uint32_t i = 0; i < outer; ++i) {
        while (const auto pushed = push(order_[i])) flow += pushed;
      }
    }
    if (flow > best_cut_) return;
    keep(flow, outer);
  }

  // The cut nearest the source, or the one nearest the sink: the more even one.
  void keep(std::int64_t flow, std::uint32_t outer) {
    const auto n = places_.size();
    const auto near_source =
        static_cast<std::size_t>(std::ranges::count_if(depth_, [](auto d) { return d != kNone; }));
    std::vector<bool> side(n);
    for (std::size_t v = 0; v < n; ++v) side[v] = depth_[v] != kNone;
    auto smaller = std::min(near_source, n - near_source);
    reach_sink(outer);
    const auto near_sink =
        static_cast<std::size_t>(std::ranges::count_if(depth_, [](auto d) { return d != kNone; }));
    if (std::min(near_sink, n - near_sink) > smaller) {
      smaller = std::min(near_sink, n - near_sink);
      for (std::size_t v = 0; v < n; ++v) side[v] = depth_[v] == kNone;
    }
    if (flow < best_cut_ || smaller > best_smaller_) {
      best_cut_ = flow;
      best_smaller_ = smaller;
      best_ = std::move(side);
    }
  }

  // Depths by links with room left. True when the sink is reached.
  bool reach_from_source() {
    depth_.assign(places_.size(), kNone);
    queue_.clear();
    for (const auto v : order_) {
      if (role_[v] != kSource) break;
      depth_[v] = 0;
      queue_.push_back(v);
    }
    bool reached = false;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      const auto v = queue_[i];
      if (role_[v] == kSink) {
        reached = true;
        continue;
      }
      for (auto h = first_[v]; h < first_[v + 1]; ++h) {
        const auto& half = halves_[h];
        if (half.left == 0 || depth_[half.to] != kNone) continue;
        depth_[half.to] = depth_[v] + 1;
        queue_.push_back(half.to);
      }
    }
    return reached;
  }

  void reach_sink(std::uint32_t outer) {
    depth_.assign(places_.size(), kNone);
    queue_.assign(order_.end() - outer, order_.end());
    for (const auto v : queue_) depth_[v] = 0;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      const auto v = queue_[i];
      for (auto h = first_[v]; h < first_[v + 1]; ++h) {
        const auto to = halves_[h].to;
        if (halves_[halves_[h].twin].left == 0 || depth_[to] != kNone) continue;
        depth_[to] = depth_[v] + 1;
        queue_.push_back(to);
      }
    }
  }

  // One path from `source` to the sink, each step one deeper; what it carried, 0 when there is none.
  std::int32_t push(std::uint32_t source) {
    path_.clear();
    auto v = source;
    for (;;) {
      if (role_[v] == kSink) {
        auto carried = std::numeric_limits<std::int32_t>::max();
        for (const auto h : path_) carried = std::min(carried, halves_[h].left);
        for (const auto h : path_) {
          halves_[h].left -= carried;
          halves_[halves_[h].twin].left += carried;
        }
        return carried;
      }
      auto& h = at_[v];
      while (h < first_[v + 1] && !(halves_[h].left > 0 && depth_[halves_[h].to] == depth_[v] + 1)) ++h;
      if (h < first_[v + 1]) {
        path_.push_back(h);
        v = halves_[h].to;
        continue;
      }
      if (path_.empty()) return 0;
      v = halves_[halves_[path_.back()].twin].to;
      ++at_[v];
      path_.pop_back();
    }
  }

  static constexpr std::uint8_t kInner = 0, kSource = 1, kSink = 2;

  std::vector<Place> places_;
  std::vector<std::uint32_t> first_, at_, order_, depth_, queue_, path_;
  std::vector<Half> halves_;
  std::vector<std::uint8_t> role_;
  std::vector<bool> best_;
  std::int64_t best_cut_ = 0;
  std::size_t best_smaller_ = 0;
};

class Dissector {
 public:
  Dissector(const EdgeGeometry& geometry, const ArcGraph& graph) : graph_(graph) {
    Junctions junctions(geometry, graph);
    std::vector<std::uint32_t> number(std::size_t{geometry.edge_count()} * 2, kNone);
    const auto frame_scale = static_cast<float>(
        std::cos(geometry.points.empty() ? 0 : geometry.points[0].lat * 1e-7 * M_PI / 180));
    const auto junction = [&](std::uint32_t edge, std::uint32_t end) {
      const auto slot = junctions.of(edge * 2 + end);
      if (number[slot] == kNone) {
        number[slot] = static_cast<std::uint32_t>(places_.size());
        const auto at = geometry.start_of(edge * 2 + end);
        places_.push_back(
            {static_cast<float>(at.lng * 1e-7) * frame_scale, static_cast<float>(at.lat * 1e-7)});
      }
      return number[slot];
    };
    for (std::uint32_t edge = 0; edge < geometry.edge_count(); ++edge) {
      const auto arcs = graph.edge_first_arc[edge + 1] - graph.edge_first_arc[edge];
      if (arcs == 0) continue;
      links_.push_back({junction(edge, 0), junction(edge, 1), arcs});
      edge_of_link_.push_back(edge);
    }
    local_.assign(places_.size(), kNone);
  }

  std::vector<std::uint32_t> run() {
    Cell whole;
    whole.junctions.resize(places_.size());
    std::iota(whole.junctions.begin(), whole.junctions.end(), 0u);
    whole.links.resize(links_.size());
    std::iota(whole.links.begin(), whole.links.end(), 0u);
    cells_.push_back(std::move(whole));
    while (!cells_.empty()) {
      const auto cell = std::move(cells_.back());
      cells_.pop_back();
      divide(cell);
    }
    return std::move(order_);
  }

 private:
  struct Cell {
    std::vector<std::uint32_t> junctions;
    std::vector<std::uint32_t> links;  ///< both ends inside
  };

  void emit(std::uint32_t link) {
    const auto edge = edge_of_link_[link];
    for (auto arc = graph_.edge_first_arc[edge]; arc < graph_.edge_first_arc[edge + 1]; ++arc)
      order_.push_back(arc);
  }

  void divide(const Cell& cell) {
    if (cell.junctions.size() <= 1) {
      for (const auto link : cell.links) emit(link);
      return;
    }
    const auto n = static_cast<std::uint32_t>(cell.junctions.size());
    std::vector<Place> places;
    places.reserve(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      local_[cell.junctions[i]] = i;
      places.push_back(places_[cell.junctions[i]]);
    }
    std::vector<Link> links;
    links.reserve(cell.links.size());
    for (const auto link : cell.links) {
      const auto& l = links_[link];
      if (l.a != l.b) links.push_back({local_[l.a], local_[l.b], l.arcs});
    }
    auto part = parts(n, links);
    if (std::ranges::max(part) == 0) {
      cutter_.load(std::move(places), links);
      const auto& side = cutter_.cut();
      for (std::uint32_t i = 0; i < n; ++i) part[i] = side[i] ? 1 : 0;
    }
    std::vector<Cell> halves(std::ranges::max(part) + 1);
    for (std::uint32_t i = 0; i < n; ++i) halves[part[i]].junctions.push_back(cell.junctions[i]);
    for (const auto link : cell.links) {
      const auto a = part[local_[links_[link].a]], b = part[local_[links_[link].b]];
      if (a != b) {
        emit(link);
      } else {
        halves[a].links.push_back(link);
      }
    }
    for (auto& half : halves) cells_.push_back(std::move(half));
  }

  // The connected part of each junction, from 0.
  std::vector<std::uint32_t> parts(std::uint32_t n, const std::vector<Link>& links) {
    std::vector<std::uint32_t> root(n);
    std::iota(root.begin(), root.end(), 0u);
    const auto find = [&](std::uint32_t v) {
      while (root[v] != v) v = root[v] = root[root[v]];
      return v;
    };
    for (const auto& link : links) {
      const auto a = find(link.a), b = find(link.b);
      root[std::max(a, b)] = std::min(a, b);
    }
    std::vector<std::uint32_t> part(n, kNone);
    std::uint32_t count = 0;
    for (std::uint32_t v = 0; v < n; ++v) {
      const auto r = find(v);
      if (part[r] == kNone) part[r] = count++;
      part[v] = part[r];
    }
    return part;
  }

  const ArcGraph& graph_;
  std::vector<Place> places_;
  std::vector<Link> links_;
  std::vector<std::uint32_t> edge_of_link_;
  std::vector<std::uint32_t> local_;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> order_;
  Cutter cutter_;
};

}  // namespace

std::vector<std::uint32_t> dissect(const EdgeGeometry& geometry, const ArcGraph& graph) {
  return Dissector(geometry, graph).run();
}

}  // namespace reckon::road
