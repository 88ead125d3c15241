#pragma once

// Tariffs and deliveries made up at random, as JSON: every part of the language, in small alphabets and on a
// coarse grid, so that names, bounds and sides of zones are met often. A seed gives the same ones under one
// compiler; another one may draw the arguments of a call in another order.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace reckon::test {

class RandomTariffs {
 public:
  explicit RandomTariffs(std::uint64_t seed) : random_(seed) {}

  /// A tariff without faults.
  std::string tariff();
  /// A delivery in the form of a vector's inputs: `{"distance_m","context","from"?,"to"?}`.
  std::string delivery();

  std::int64_t between(std::int64_t low, std::int64_t high);
  bool one_in(int many) { return between(1, many) == 1; }

 private:
  struct Shape {
    bool zones, holidays, lists, table;
    std::vector<std::string> groups, promotion_groups;
    bool by_priority[4];
  };

  std::string pick(const std::vector<std::string>& values);
  std::string list(const std::vector<std::string>& values);
  std::string day(int from_year, int to_year);
  std::string instant();
  std::string clock(bool with_end);
  std::string rounding();
  std::string range(const std::string& measure);
  std::string reading(const std::string& measure);
  std::string condition(const Shape& shape, int depth);
  std::string rule(const Shape& shape, int index, bool promotion);
  std::string rules(const Shape& shape, bool promotion);
  std::string zone(int index, const std::string& layer);
  std::string distance(const Shape& shape);
  std::string steps(std::int64_t beyond);
  std::string route();
  std::string outcomes(const char* key);
  std::string rider_pay(Shape shape, bool has_route, const std::string& ways);
  std::string roundings();

  std::mt19937_64 random_;
};

}  // namespace reckon::test
