#include "reckon/distance/door_graph.h"

#include <algorithm>
#include <cmath>

namespace reckon::distance {
namespace {

constexpr double kDoorsPerDegree = 25'000;

}  // namespace

DoorGraph::Door DoorGraph::door_of(const geo::LatLng& place) {
  const auto cell = [](double degrees) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(degrees * kDoorsPerDegree)));
  };
  return (std::uint64_t{cell(place.lat_deg())} << 32U) | cell(place.lng_deg());
}

void DoorGraph::add(const geo::LatLng& from, const geo::LatLng& to, double metres, base::WallTime at,
                    std::uint64_t number) {
  const auto a = door_of(from), b = door_of(to);
  if (a == b) return;
  const Leg leg{static_cast<float>(metres), at, number};
  doors_[a][b].out = leg;
  doors_[b][a].in = leg;
}

void DoorGraph::drop(Door door, Door other, Leg Pair::*leg, std::uint64_t number) {
  const auto here = doors_.find(door);
  if (here == doors_.end()) return;
  const auto there = here->second.find(other);
  if (there == here->second.end() || (there->second.*leg).number != number) return;
  there->second.*leg = Leg{};
  if (there->second.out.metres < 0 && there->second.in.metres < 0) here->second.erase(there);
  if (here->second.empty()) doors_.erase(here);
}

void DoorGraph::remove(const geo::LatLng& from, const geo::LatLng& to, std::uint64_t number) {
  const auto a = door_of(from), b = door_of(to);
  drop(a, b, &Pair::out, number);
  drop(b, a, &Pair::in, number);
}

DoorGraph::Bounds DoorGraph::bounds(const geo::LatLng& from, const geo::LatLng& to,
                                    base::WallTime since) const {
  Bounds bounds;
  const auto a = door_of(from), b = door_of(to);
  const auto of_a = doors_.find(a), of_b = doors_.find(b);
  if (of_a == doors_.end() || of_b == doors_.end()) return bounds;
  const auto told = [&](const Leg& leg) { return leg.metres >= 0 && leg.at >= since; };
  // The leg in the wanted direction, else the other one.
  const auto leg = [&](const Leg& wanted, const Leg& other) -> const Leg* {
    return told(wanted) ? &wanted : told(other) ? &other : nullptr;
  };
  const auto note = [&](const Leg& one) { bounds.oldest = std::min(bounds.oldest, one.at); };
  if (const auto direct = of_a->second.find(b); direct != of_a->second.end() && told(direct->second.in)) {
    bounds.reverse = direct->second.in.metres;
    note(direct->second.in);
  }
  const bool a_fewer = of_a->second.size() <= of_b->second.size();
  const auto& fewer = a_fewer ? of_a->second : of_b->second;
  const auto& more = a_fewer ? of_b->second : of_a->second;
  for (const auto& [third, pair] : fewer) {
    if (third == a || third == b || bounds.through >= kMostThrough) continue;
    const auto found = more.find(third);
    if (found == more.end()) continue;
    const Pair& at_a = a_fewer ? pair : found->second;
    const Pair& at_b = a_fewer ? found->second : pair;
    const Leg *a_to_c = leg(at_a.out, at_a.in), *c_to_b = leg(at_b.in, at_b.out);
    const Leg *c_to_a = leg(at_a.in, at_a.out), *b_to_c = leg(at_b.out, at_b.in);
    if (a_to_c == nullptr || c_to_b == nullptr) continue;
    bounds.high = std::min(bounds.high, double{a_to_c->metres} + double{c_to_b->metres});
    bounds.low = std::max({bounds.low, double{a_to_c->metres} - double{b_to_c->metres},
                           double{c_to_b->metres} - double{c_to_a->metres}});
    ++bounds.through;
    note(*a_to_c);
    note(*c_to_b);
  }
  return bounds;
}

}  // namespace reckon::distance
