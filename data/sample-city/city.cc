#include "sample-city/city.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <osmium/builder/attr.hpp>
#include <osmium/io/pbf_output.hpp>
#include <osmium/io/writer.hpp>
#include <osmium/memory/buffer.hpp>
#include <random>
#include <utility>
#include <vector>

namespace reckon::sample_city {
namespace {

using Tags = std::vector<std::pair<std::string, std::string>>;

// The made-up district lies in the sea west of Korea: Korea's rules hold, and nobody takes it for a real
// place.
constexpr double kSouth = 36.90;
constexpr double kWest = 125.60;
constexpr double kBlockM = 75;
constexpr double kMetresPerDegree = 111'000;

constexpr int kArterialEvery = 8;  // blocks between arterials
constexpr int kPrimaryEvery = 16;  // every second arterial is a primary road
constexpr int kBridgeEvery = 32;   // columns between bridges
constexpr int kEstateBlocks = 7;   // side of the apartment estate

// What is larger than a town has expressways over its streets.
constexpr int kLeastSideForExpressways = 200;
constexpr int kExpresswayEvery = 64;       // blocks between them; each fourth is faster
constexpr int kFastExpresswayEvery = 256;  //
constexpr int kInterchangeEvery = 16;      // blocks between ramps

struct Node {
  double lat, lng;
  Tags tags;
};

struct Way {
  std::vector<std::int64_t> nodes;
  Tags tags;
};

struct Restriction {
  std::int64_t from_way, via_node, to_way;
  std::string kind;
};

enum class Road { kAlley, kSecondary, kPrimary };

class City {
 public:
  City(int side, std::uint64_t seed) : side_(side), random_(seed) {}

  void draw() {
    draw_crossings();
    draw_streets();
    draw_motor_road();
    if (side_ >= kLeastSideForExpressways) draw_expressways();
    draw_restrictions();
  }

  void write(const std::string& path) const;

 private:
  struct Street {
    std::int64_t way;
    int row, column;      // of its first crossing
    int d_row, d_column;  // to its second
    Road road;
    int one_way;  // 1: from its first crossing to its second only, -1: the other way only, 0: both
  };

  // Uniform in [0, 1), the same on every machine (std::uniform_real_distribution is not).
  double chance() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }

  std::int64_t crossing(int row, int column) const { return std::int64_t{row} * side_ + column + 1; }

  std::int64_t add_node(double north_m, double east_m, Tags tags = {}) {
    nodes_.push_back({kSouth + north_m / kMetresPerDegree,
                      kWest + east_m / (kMetresPerDegree * std::cos(kSouth * 3.14159265358979 / 180)),
                      std::move(tags)});
    return static_cast<std::int64_t>(nodes_.size());
  }

  std::int64_t add_way(std::vector<std::int64_t> nodes, Tags tags) {
    ways_.push_back({std::move(nodes), std::move(tags)});
    return static_cast<std::int64_t>(ways_.size());
  }

  static Road road_of(int line) {
    if (line % kPrimaryEvery == 0) return Road::kPrimary;
    return line % kArterialEvery == 0 ? Road::kSecondary : Road::kAlley;
  }

  int river_row() const { return side_ / 2 / kArterialEvery * kArterialEvery + kArterialEvery / 2; }
  int estate_row() const { return kArterialEvery * 3; }
  int estate_column() const { return kArterialEvery * 3; }

  bool in_estate(int row, int column) const {
    return row > estate_row() && row <= estate_row() + kEstateBlocks && column > estate_column() &&
           column <= estate_column() + kEstateBlocks;
  }
  // The estate's only gate is on the street that leaves its south-west corner to the west.
  bool is_gate(int row, int column, int d_row, int d_column) const {
    return row == estate_row() + 1 && column == estate_column() && d_row == 0 && d_column == 1;
  }

  void draw_crossings() {
    for (int row = 0; row < side_; ++row) {
      for (int column = 0; column < side_; ++column) {
        // Alleys wander, arterials are straight.
        const double wander = road_of(row) == Road::kAlley && road_of(column) == Road::kAlley ? 25 : 4;
        const double north = row * kBlockM + (chance() - 0.5) * wander;
        const double east = column * kBlockM + (chance() - 0.5) * wander;
        add_node(north, east);
      }
    }
  }

  void draw_streets() {
    for (int row = 0; row < side_; ++row) {
      for (int column = 0; column < side_; ++column) {
        if (column + 1 < side_) draw_street(row, column, 0, 1);
        if (row + 1 < side_) draw_street(row, column, 1, 0);
      }
    }
  }

  void draw_street(int row, int column, int d_row, int d_column) {
    const bool over_river = d_row == 1 && row == river_row();
    const Road road = road_of(d_row == 1 ? column : row);
    if (over_river && column % kBridgeEvery != 0) return;
    const bool inside = in_estate(row, column) && in_estate(row + d_row, column + d_column);
    const bool gate = is_gate(row, column, d_row, d_column);
    if (!inside && !gate && (in_estate(row, column) || in_estate(row + d_row, column + d_column)))
      return;                                                                 // the wall
    if (road == Road::kAlley && !inside && !gate && chance() < 0.12) return;  // built over
    std::vector<std::int64_t> nodes{crossing(row, column)};
    if (gate || (road == Road::kAlley && chance() < 0.3))
      nodes.push_back(middle(row, column, d_row, d_column, gate));
    nodes.push_back(crossing(row + d_row, column + d_column));
    streets_.push_back(
        {add_way(std::move(nodes), street_tags(row, column, d_row, road, inside || gate, over_river)), row,
         column, d_row, d_column, road, inside || gate ? 0 : one_way(d_row == 1 ? column : row, road)});
  }

  std::int64_t middle(int row, int column, int d_row, int d_column, bool gate) {
    const double north = (row + d_row / 2.0) * kBlockM + (gate ? 0 : (chance() - 0.5) * 30);
    const double east = (column + d_column / 2.0) * kBlockM + (gate ? 0 : (chance() - 0.5) * 30);
    return add_node(north, east, gate ? Tags{{"access", "yes"}, {"barrier", "gate"}} : Tags{});
  }

  Tags street_tags(int row, int column, int d_row, Road road, bool estate, bool bridge) {
    const int line = d_row == 1 ? column : row;
    if (estate) return {{"access", "destination"}, {"highway", "service"}, {"name", "Estate Lane"}};
    if (road == Road::kPrimary) {
      Tags tags{{"highway", "primary"},
                {"maxspeed", "60"},
                {"name", fmt::format("Avenue {}", line / kArterialEvery)}};
      if (bridge) tags.insert(tags.begin(), {"bridge", "yes"});
      return tags;
    }
    if (road == Road::kSecondary) {
      return {{"highway", "secondary"},
              {"maxspeed", "50"},
              {"name", fmt::format("Road {}", line / kArterialEvery)}};
    }
    Tags tags{{"highway", "residential"}, {"name", fmt::format("Alley {}", line)}};
    if (const int way = one_way(line, road); way != 0) tags.emplace_back("oneway", way > 0 ? "yes" : "-1");
    return tags;
  }

  // Two alleys in five are one-way, neighbours against each other.
  static int one_way(int line, Road road) {
    if (road != Road::kAlley || line % 5 >= 2) return 0;
    return line % 5 == 0 ? 1 : -1;
  }

  // A motor road beside the avenue in the north, with ramps at every second avenue; motorcycles may not use
  // it.
  void draw_motor_road() {
    const int beside = side_ * 3 / 4 / kPrimaryEvery * kPrimaryEvery;
    std::vector<std::int64_t> junctions;
    std::vector<int> columns;
    for (int column = 0; column < side_; column += kPrimaryEvery * 2) {
      junctions.push_back(add_node(beside * kBlockM + 35, column * kBlockM + 20));
      columns.push_back(column);
    }
    for (std::size_t i = 0; i < junctions.size(); ++i) {
      add_way({crossing(beside, columns[i]), junctions[i]},
              {{"highway", "trunk_link"}, {"motorroad", "yes"}});
      if (i > 0) {
        add_way({junctions[i - 1], junctions[i]},
                {{"highway", "trunk"}, {"maxspeed", "90"}, {"motorroad", "yes"}, {"name", "Sea Expressway"}});
      }
    }
  }

  // Above the avenues, one net of its own: it meets them by ramps alone.
  void draw_expressways() {
    const auto count = static_cast<std::size_t>(side_ / kInterchangeEvery + 1);
    std::vector<std::int64_t> interchanges(count * count);  // by row and column of avenues; 0: none
    const auto at = [&](int row, int column) -> std::int64_t& {
      return interchanges[static_cast<std::size_t>(row / kInterchangeEvery) * count +
                          static_cast<std::size_t>(column / kInterchangeEvery)];
    };
    for (int row = 0; row < side_; row += kInterchangeEvery) {
      for (int column = 0; column < side_; column += kInterchangeEvery) {
        if (row % kExpresswayEvery != 0 && column % kExpresswayEvery != 0) continue;
        at(row, column) = add_node(row * kBlockM + 30, column * kBlockM + 30);
        add_way({crossing(row, column), at(row, column)}, {{"highway", "trunk_link"}});
        if (column > 0 && row % kExpresswayEvery == 0)
          add_way({at(row, column - kInterchangeEvery), at(row, column)}, expressway_tags(row));
        if (row > 0 && column % kExpresswayEvery == 0)
          add_way({at(row - kInterchangeEvery, column), at(row, column)}, expressway_tags(column));
      }
    }
  }

  static Tags expressway_tags(int line) {
    return {{"highway", "trunk"},
            {"maxspeed", line % kFastExpresswayEvery == 0 ? "120" : "90"},
            {"name", fmt::format("Expressway {}", line / kExpresswayEvery)}};
  }

  // Left turns between alleys and avenues are cut off by the avenue's median; at crossings of two avenues
  // half of the left turns are forbidden. Which turn is left follows from the grid: directions are unit
  // steps.
  void draw_restrictions() {
    std::vector<std::vector<const Street*>> at(static_cast<std::size_t>(side_) *
                                               static_cast<std::size_t>(side_));
    for (const auto& street : streets_) {
      at[static_cast<std::size_t>(crossing(street.row, street.column) - 1)].push_back(&street);
      at[static_cast<std::size_t>(crossing(street.row + street.d_row, street.column + street.d_column) - 1)]
          .push_back(&street);
    }
    for (std::size_t via = 0; via < at.size(); ++via) {
      for (const Street* from : at[via]) {
        for (const Street* to : at[via]) restrict_turn(*from, *to, static_cast<std::int64_t>(via) + 1);
      }
    }
  }

  void restrict_turn(const Street& from, const Street& to, std::int64_t via) {
    if (from.way == to.way || from.d_row == to.d_row) return;        // straight on
    const bool from_ahead = crossing(from.row, from.column) != via;  // driven first to second crossing
    const bool to_ahead = crossing(to.row, to.column) == via;
    if (from.one_way == (from_ahead ? -1 : 1) || to.one_way == (to_ahead ? -1 : 1))
      return;  // nobody drives so
    const int in_row = from_ahead ? from.d_row : -from.d_row,
              in_column = from_ahead ? from.d_column : -from.d_column;
    const int out_row = to_ahead ? to.d_row : -to.d_row, out_column = to_ahead ? to.d_column : -to.d_column;
    const bool left = in_column * out_row - in_row * out_column > 0;
    if (!left) return;
    const bool median = (from.road == Road::kPrimary && to.road == Road::kAlley) ||
                        (from.road == Road::kAlley && to.road == Road::kPrimary);
    const bool avenues = from.road == Road::kPrimary && to.road == Road::kPrimary && chance() < 0.5;
    if (median || avenues) restrictions_.push_back({from.way, via, to.way, "no_left_turn"});
  }

  int side_;
  std::mt19937_64 random_;
  std::vector<Node> nodes_;
  std::vector<Way> ways_;
  std::vector<Street> streets_;
  std::vector<Restriction> restrictions_;
};

void City::write(const std::string& path) const {
  namespace attr = osmium::builder::attr;
  osmium::io::Header header;
  header.set("generator", "reckon_sample_city");
  header.set("osmosis_replication_timestamp", "2022-10-15T00:00:00Z");
  osmium::io::Writer writer{osmium::io::File{path, "pbf"}, header, osmium::io::overwrite::allow,
                            osmium::io::fsync::yes};
  osmium::memory::Buffer buffer{1 << 20, osmium::memory::Buffer::auto_grow::yes};
  const auto flush_when_full = [&] {
    if (buffer.committed() < (1 << 19)) return;
    writer(std::move(buffer));
    buffer = osmium::memory::Buffer{1 << 20, osmium::memory::Buffer::auto_grow::yes};
  };
  std::int64_t id = 0;
  for (const auto& node : nodes_) {
    osmium::builder::add_node(buffer, attr::_id(++id), attr::_version(1),
                              attr::_location(osmium::Location{node.lng, node.lat}), attr::_tags(node.tags));
    flush_when_full();
  }
  id = 0;
  for (const auto& way : ways_) {
    osmium::builder::add_way(buffer, attr::_id(++id), attr::_version(1), attr::_nodes(way.nodes),
                             attr::_tags(way.tags));
    flush_when_full();
  }
  id = 0;
  for (const auto& one : restrictions_) {
    osmium::builder::add_relation(buffer, attr::_id(++id), attr::_version(1),
                                  attr::_member(osmium::item_type::way, one.from_way, "from"),
                                  attr::_member(osmium::item_type::node, one.via_node, "via"),
                                  attr::_member(osmium::item_type::way, one.to_way, "to"),
                                  attr::_tags(Tags{{"restriction", one.kind}, {"type", "restriction"}}));
    flush_when_full();
  }
  writer(std::move(buffer));
  writer.close();
}

}  // namespace

void write(const std::string& path, std::int64_t nodes, std::uint64_t seed) {
  // About 46 road nodes that are no crossing (bends, ramps) come to each 100 crossings.
  City city(static_cast<int>(std::sqrt(static_cast<double>(nodes) / 1.46)), seed);
  city.draw();
  city.write(path);
}

}  // namespace reckon::sample_city
