#include "reckon/distance/closures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace reckon::distance {
namespace {

constexpr int kSweeps = 60;
constexpr double kSettled = 1e-4;  // messages that change less
constexpr double kDamping = 0.5;
constexpr double kCertain = 0.9;     // closed at once, together with all others as certain
constexpr double kLeastOpen = 1e-9;  // keeps logarithms finite

/// One way's statement: at least one of its roads is closed.
struct Statement {
  std::vector<std::uint32_t> roads;  ///< ascending
  std::vector<std::uint32_t> along;  ///< the same in order along the way
  std::set<std::uint32_t> trips;     ///< that say so
  double violated = 0;               ///< weight of all being open
  bool explained = false;
  std::vector<double> told;  ///< to each road: odds of closed over open, by this statement
};

// Equal statements are one, and what a narrower one implies is left out.
std::vector<Statement> distinct(std::span<const UntakenWay> ways) {
  std::map<std::vector<std::uint32_t>, Statement> by_roads;
  for (const auto& way : ways) {
    auto roads = way.roads;
    std::ranges::sort(roads);
    roads.erase(std::unique(roads.begin(), roads.end()), roads.end());
    auto& one = by_roads[roads];
    if (one.roads.empty()) {
      one.roads = roads;
      one.along = way.roads;
    }
    one.trips.insert(way.trip);
  }
  std::vector<Statement> statements;
  for (auto& [roads, one] : by_roads) statements.push_back(std::move(one));
  std::ranges::stable_sort(statements, {}, [](const auto& one) { return one.roads.size(); });
  std::map<std::uint32_t, std::vector<std::size_t>> over;
  std::vector<Statement> kept;
  for (auto& one : statements) {
    bool implied = false;
    for (const auto road : one.roads) {
      const auto found = over.find(road);
      if (found == over.end()) continue;
      for (const auto k : found->second) {
        if (!std::ranges::includes(one.roads, kept[k].roads)) continue;
        kept[k].trips.insert(one.trips.begin(), one.trips.end());
        implied = true;
      }
    }
    if (implied) continue;
    for (const auto road : one.roads) over[road].push_back(kept.size());
    kept.push_back(std::move(one));
  }
  return kept;
}

class Inference {
 public:
  Inference(std::vector<Statement> statements, const ClosureOptions& options)
      : statements_(std::move(statements)), prior_odds_(options.prior / (1 - options.prior)) {
    for (std::size_t s = 0; s < statements_.size(); ++s) {
      auto& one = statements_[s];
      const double some = 1 - std::pow(1 - options.prior, static_cast<double>(one.roads.size()));
      // However noisy the trips: more of them never speak for an open way.
      const double each = std::min(1.0, options.noise / (1 - options.noise) * some);
      one.violated = std::pow(each, static_cast<double>(one.trips.size()));
      one.told.assign(one.roads.size(), 1);
      for (std::size_t r = 0; r < one.roads.size(); ++r) over_[one.roads[r]].push_back({s, r});
    }
    for (std::size_t s = 0; s < statements_.size(); ++s) todo_.push_back(s);
  }

  std::vector<std::uint32_t> run() {
    while (!todo_.empty()) {
      settle();
      if (!close_certain() && !close_likeliest()) break;
      std::erase_if(todo_, [&](auto s) { return statements_[s].explained; });
    }
    drop_needless();
    std::vector<std::uint32_t> closed(closed_.begin(), closed_.end());
    return closed;
  }

 private:
  struct Mention {
    std::size_t statement, at;
  };

  double odds(std::uint32_t road, const Statement* but = nullptr) const {
    double product = prior_odds_;
    for (const auto& mention : over_.at(road)) {
      const auto& one = statements_[mention.statement];
      if (!one.explained && &one != but) product *= one.told[mention.at];
    }
    return std::min(product, 1 / kLeastOpen);
  }
  double closed(std::uint32_t road) const {
    const double value = odds(road);
    return value / (1 + value);
  }
  // What a statement tells each of its roads, from what the other statements say of the others.
  double speak(Statement& one) {
    std::vector<double> open;  // each road's, without this statement
    for (const auto road : one.roads) open.push_back(1 / (1 + odds(road, &one)));
    std::vector<double> behind(open.size() + 1, 1);  // all from one on
    for (std::size_t r = open.size(); r-- > 0;) behind[r] = behind[r + 1] * open[r];
    double largest = 0, before = 1;
    for (std::size_t r = 0; r < open.size(); ++r) {
      const double others = before * behind[r + 1];
      before *= open[r];
      const double fresh = 1 / std::max(kLeastOpen, 1 - others + one.violated * others);
      const double mixed = std::exp((1 - kDamping) * std::log(fresh) + kDamping * std::log(one.told[r]));
      largest = std::max(largest, std::abs(std::log(mixed / one.told[r])));
      one.told[r] = mixed;
    }
    return largest;
  }
  void settle() {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      double largest = 0;
      for (const auto s : todo_) largest = std::max(largest, speak(statements_[s]));
      if (largest < kSettled) return;
    }
  }
  void close(std::uint32_t road) {
    closed_.insert(road);
    for (const auto& mention : over_.at(road)) statements_[mention.statement].explained = true;
  }
  std::vector<std::size_t> open_mentions(std::uint32_t road) const {
    std::vector<std::size_t> list;
    for (const auto& mention : over_.at(road)) {
      if (!statements_[mention.statement].explained) list.push_back(mention.statement);
    }
    return list;
  }
  // Of the roads that explain exactly what this one does, the middle one along a way.
  std::uint32_t middle_of(std::uint32_t road) const {
    const auto explains = open_mentions(road);
    std::vector<std::uint32_t> alike;
    for (const auto other : statements_[explains.front()].along) {
      if (open_mentions(other) == explains) alike.push_back(other);
    }
    return alike[alike.size() / 2];
  }
  std::vector<std::pair<double, std::uint32_t>> candidates() const {
    std::set<std::uint32_t> roads;
    for (const auto s : todo_) roads.insert(statements_[s].roads.begin(), statements_[s].roads.end());
    std::vector<std::pair<double, std::uint32_t>> list;
    for (const auto road : roads) list.emplace_back(closed(road), road);
    std::ranges::stable_sort(list, [](const auto& a, const auto& b) { return a.first > b.first; });
    return list;
  }
  bool close_certain() {
    bool any = false;
    for (const auto& [probability, road] : candidates()) {
      if (probability < kCertain) break;
      if (open_mentions(road).empty()) continue;
      close(road);
      any = true;
    }
    return any;
  }
  bool close_likeliest() {
    std::set<std::size_t> touched;  // statements that a choice of this round has changed
    bool any = false;
    for (const auto& [probability, road] : candidates()) {
      const auto explains = open_mentions(road);
      if (explains.empty()) continue;
      const bool fresh = std::ranges::none_of(explains, [&](auto s) { return touched.contains(s); });
      if (!fresh) continue;
      for (const auto s : explains) {
        for (const auto other : statements_[s].roads) {
          for (const auto& mention : over_.at(other)) touched.insert(mention.statement);
        }
      }
      if (likelier_noise(explains)) continue;
      close(middle_of(road));
      any = true;
    }
    return any;
  }
  bool likelier_noise(const std::vector<std::size_t>& explains) const {
    return std::ranges::all_of(explains, [&](auto s) {
      double open = 1;
      for (const auto road : statements_[s].roads) open *= 1 - closed(road);
      return open > 0.5;
    });
  }
  // A road that was closed early may explain nothing that others do not explain by now.
  void drop_needless() {
    std::vector<std::uint32_t> count(statements_.size());
    for (const auto road : closed_) {
      for (const auto& mention : over_.at(road)) ++count[mention.statement];
    }
    for (auto at = closed_.begin(); at != closed_.end();) {
      const auto& mentions = over_.at(*at);
      const bool needless =
          std::ranges::all_of(mentions, [&](const auto& m) { return count[m.statement] > 1; });
      if (!needless) {
        ++at;
        continue;
      }
      for (const auto& mention : mentions) --count[mention.statement];
      at = closed_.erase(at);
    }
  }

  std::vector<Statement> statements_;
  std::map<std::uint32_t, std::vector<Mention>> over_;
  std::vector<std::size_t> todo_;
  std::set<std::uint32_t> closed_;
  double prior_odds_;
};

}  // namespace

std::vector<std::uint32_t> closed_roads(std::span<const UntakenWay> ways, const ClosureOptions& options) {
  return Inference(distinct(ways), options).run();
}

}  // namespace reckon::distance
