#include "reckon/distance/pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "reckon/base/csv.h"
#include "reckon/base/limits.h"

namespace reckon::distance {
namespace {

constexpr double kMostMetres = 1e6;  // no delivery, and no fee, is longer
constexpr double kMostSeconds = 1e6;

struct Columns {
  std::size_t from_lat, from_lon, to_lat, to_lon, metres;
  std::optional<std::size_t> seconds, source, vehicle;
};

base::Result<Columns> find_columns(const base::CsvTable& table, std::string_view name) {
  std::vector<base::Fault> faults;
  const auto needed = [&](std::string_view column) {
    const auto at = table.column(column);
    if (!at)
      faults.push_back(
          {fmt::format("{}:1", name), fmt::format("column '{}' is missing; it is required", column)});
    return at.value_or(0);
  };
  const Columns columns{needed("from_lat"),     needed("from_lon"),     needed("to_lat"),
                        needed("to_lon"),       needed("distance_m"),   table.column("duration_s"),
                        table.column("source"), table.column("vehicle")};
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  return columns;
}

base::Result<double> number_in(const std::string& text, double most, std::string_view what,
                               std::string_view where) {
  const auto number = base::parse_number(text);
  if (number && *number >= 0 && *number <= most) return *number;
  return base::fail(base::ErrorCode::kInvalidInput, std::string(where),
                    fmt::format("'{}' is no {}; allowed: 0 to {}", text, what, most));
}

base::Result<geo::LatLng> place_in(const base::CsvRow& row, std::size_t lat, std::size_t lon,
                                   std::string_view where) {
  const auto north = base::parse_number(row.fields[lat]), east = base::parse_number(row.fields[lon]);
  if (north && east) return geo::LatLng::from_degrees(*north, *east, where);
  return base::fail(
      base::ErrorCode::kInvalidInput, std::string(where),
      fmt::format("'{}','{}' is no place; allowed: decimal degrees", row.fields[lat], row.fields[lon]));
}

base::Result<AnsweredTrip> trip_in(const base::CsvRow& row, const Columns& columns, std::string_view where) {
  const auto from = place_in(row, columns.from_lat, columns.from_lon, where);
  if (!from) return base::fail(from.error());
  const auto to = place_in(row, columns.to_lat, columns.to_lon, where);
  if (!to) return base::fail(to.error());
  const auto metres = number_in(row.fields[columns.metres], kMostMetres, "distance in metres", where);
  if (!metres) return base::fail(metres.error());
  AnsweredTrip trip{*from, *to, *metres, 0};
  if (columns.seconds && !row.fields[*columns.seconds].empty()) {
    const auto seconds = number_in(row.fields[*columns.seconds], kMostSeconds, "duration in seconds", where);
    if (!seconds) return base::fail(seconds.error());
    trip.seconds = *seconds;
  }
  return trip;
}

constexpr std::string_view kProvider = "provider:";

// Whether a row is learned from; else it is counted.
bool is_wanted(const base::CsvRow& row, const Columns& columns, const WantedPairs* wanted,
               LeftOutPairs& left) {
  if (columns.source) {
    const std::string_view source = row.fields[*columns.source];
    if (!source.starts_with(kProvider)) {
      ++left.guesses;
      return false;
    }
    if (wanted != nullptr && source.substr(kProvider.size()) != wanted->provider) {
      ++left.of_other_providers;
      return false;
    }
  }
  if (wanted == nullptr || !columns.vehicle) return true;
  const std::string_view vehicle = row.fields[*columns.vehicle];
  if (vehicle.empty() || vehicle == base::to_string(wanted->vehicle)) return true;
  ++left.of_other_vehicles;
  return false;
}

}  // namespace

std::vector<AnsweredTrip> pairs_of(std::span<const PastAnswer> answers, std::size_t most) {
  std::set<std::array<std::int64_t, 4>> seen;
  std::vector<AnsweredTrip> pairs;
  const auto e7 = [](double degrees) { return std::int64_t{std::llround(degrees * 1e7)}; };
  for (auto at = answers.rbegin(); at != answers.rend() && pairs.size() < most; ++at) {
    const std::array doors{e7(at->from.lat_deg()), e7(at->from.lng_deg()), e7(at->to.lat_deg()),
                           e7(at->to.lng_deg())};
    if (!seen.insert(doors).second) continue;
    pairs.push_back(
        {at->from, at->to, static_cast<double>(at->metres.value), static_cast<double>(at->duration.count())});
  }
  std::ranges::reverse(pairs);
  return pairs;
}

base::Result<std::vector<AnsweredTrip>> read_pairs_csv(std::string_view bytes, std::string_view name,
                                                       const WantedPairs* wanted, LeftOutPairs* left_out) {
  const auto table = base::parse_csv(bytes, name);
  if (!table) return base::fail(table.error());
  const auto columns = find_columns(*table, name);
  if (!columns) return base::fail(columns.error());
  std::vector<AnsweredTrip> pairs;
  std::vector<base::Fault> faults;
  LeftOutPairs left;
  for (const auto& row : table->rows) {
    if (!is_wanted(row, *columns, wanted, left)) continue;
    const auto trip = trip_in(row, *columns, fmt::format("{}:{}", name, row.line));
    if (trip) {
      pairs.push_back(*trip);
    } else {
      faults.push_back({trip.error().where, trip.error().message});
    }
    if (faults.size() == base::kMaxFaults) break;
  }
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  if (left_out != nullptr) *left_out = left;
  return pairs;
}

}  // namespace reckon::distance
