// `route` and `table`: trips and matrices on a map file.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "overlay_options.h"
#include "reckon/base/clock.h"
#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/base/json_writer.h"
#include "reckon/base/limits.h"
#include "reckon/road/map_set.h"
#include "route_picture.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using base::Fault;
using base::Result;

/// Cells of one table: 64 million cells are 1.5 GB of answers.
constexpr std::size_t kMaxTableCells = std::size_t{1} << 26;

double us_between(base::SteadyTime from, base::SteadyTime to) {
  return std::chrono::duration<double, std::micro>(to - from).count();
}

/// A map opened for the command, with how long that took.
struct OpenedMap {
  road::MapSet map;
  base::Vehicle vehicle;
  double load_ms;
  std::future<Result<void>> checked;  ///< whether all of the file is whole: asked before anything is told
};

Result<OpenedMap> open_map(const Args& args, const base::Clock& clock) {
  const auto name = args.get_or("vehicle", "motorcycle");
  const auto vehicle = base::vehicle_from(name);
  if (!vehicle) {
    return base::fail(ErrorCode::kInvalidInput, "--vehicle",
                      fmt::format("'{}' is no vehicle; {}", name, base::kVehiclesAllowed));
  }
  const auto before = clock.steady_now();
  auto map = open_maps(args, road::MapChecks::kLater, vehicle);
  if (!map) return base::fail(map.error());
  const double load_ms = us_between(before, clock.steady_now()) / 1000;
  if (!map->serves(*vehicle)) {
    std::string served;
    for (const auto v : map->maps().front()->info().vehicles)
      served += fmt::format("{}{}", served.empty() ? "" : ", ", base::to_string(v));
    return base::fail(ErrorCode::kInvalidInput, "--vehicle",
                      fmt::format("{} is not in this map; allowed: {}", name, served));
  }
  auto checked = std::async(std::launch::async, [maps = *map] { return maps.check_sections(); });
  return OpenedMap{std::move(*map), *vehicle, load_ms, std::move(checked)};
}

// A place that is a place; in Korea a swap is told even where both numbers are possible degrees.
Result<geo::LatLng> checked_place(const Result<geo::LatLng>& place, const std::string& where) {
  if (!place || !geo::looks_swapped_in_korea(place->lat_deg(), place->lng_deg())) return place;
  return base::fail(
      ErrorCode::kInvalidInput, where,
      fmt::format(
          "latitude {}, longitude {} look swapped (the swapped pair lies in Korea); LAT,LON is needed",
          place->lat_deg(), place->lng_deg()));
}

/// A decimal option in [min, max].
Result<double> decimal_option(const Args& args, std::string_view option, double otherwise, double min,
                              double max) {
  const auto text = args.get(option);
  if (!text) return otherwise;
  const auto value = base::parse_number(*text);
  if (value && *value >= min && *value <= max) return *value;
  return base::fail(ErrorCode::kInvalidInput, fmt::format("--{}", option),
                    fmt::format("'{}' is not usable; a number from {} to {} is needed", *text, min, max));
}

Result<road::Approach> approach_option(const Args& args) {
  const auto name = args.get_or("approach", "either");
  if (name == "either") return road::Approach::kEither;
  if (name == "right") return road::Approach::kRight;
  if (name == "left") return road::Approach::kLeft;
  return base::fail(ErrorCode::kInvalidInput, "--approach",
                    fmt::format("'{}' is no side; allowed: right, left, either", name));
}

/// How trips' ends meet the roads: what `route` and `table` have in common.
const std::vector<Option> kEndOptions{
    {"max-snap", "M", "farthest metres from a place to its road (default 1000)"},
    {"slack", "M", "roads up to so many metres farther than the nearest serve too; the route chooses"},
    {"approach", "SIDE",
     "the destination lies on this side: right (the kerb where traffic keeps right), left; or either"},
    {"heading", "DEG", "the rider faces this way at the start, clockwise from north"}};

/// Fills those of `options`; every bad one is a fault.
template <class Options>
Result<void> read_end_options(const Args& args, Options& options) {
  std::vector<Fault> faults;
  const auto take = [&](const auto& value, auto&& put) {
    if (value) {
      put(*value);
    } else {
      faults.push_back({value.error().where, value.error().message});
    }
  };
  take(decimal_option(args, "max-snap", road::kDefaultMaxSnapM, 0.1, 10'000),
       [&](double metres) { options.max_snap_m = metres; });
  take(decimal_option(args, "slack", 0, 0, road::kMaxSlackM),
       [&](double metres) { options.slack_m = metres; });
  take(approach_option(args), [&](road::Approach side) { options.finish.approach = side; });
  take(decimal_option(args, "heading", 0, 0, 360), [&](double degrees) {
    if (args.has("heading")) options.start.heading_deg = degrees;
  });
  if (faults.empty()) return {};
  return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
}

std::vector<Option> with_end_options(std::vector<Option> options) {
  const auto choices = overlay_options();
  options.insert(options.end(), choices.begin(), choices.end());
  options.insert(options.end(), kEndOptions.begin(), kEndOptions.end());
  return options;
}

// --- one trip
// ---------------------------------------------------------------------------------------------------------

Result<geo::LatLng> place_option(const Args& args, std::string_view option) {
  const auto where = fmt::format("--{}", option);
  const auto text = args.get(option);
  if (!text) return base::fail(ErrorCode::kInvalidInput, where, "is missing; LAT,LON or --pairs is needed");
  return checked_place(geo::LatLng::parse(*text, where), where);
}

void write_end(base::JsonWriter& out, const geo::LatLng& asked, const std::optional<road::SnapPoint>& snap) {
  const auto at = snap ? snap->at : asked;
  out.begin_object().key("lat").number(at.lat_deg()).key("lon").number(at.lng_deg()).key("snap_m");
  if (snap) {
    out.number(std::round(snap->offset_m * 1000) / 1000);
    if (!snap->as_asked) out.key("as_asked").boolean(false);
  } else {
    out.null();
  }
  out.end_object();
}

void write_geometry(base::JsonWriter& out, const std::vector<geo::LatLng>& line) {
  out.key("geometry").begin_object().key("type").string("LineString").key("coordinates").begin_array();
  for (const auto& point : line)
    out.begin_array().number(point.lng_deg()).number(point.lat_deg()).end_array();
  out.end_array().end_object();
}

void write_steps(base::JsonWriter& out, const std::vector<road::RouteStep>& steps) {
  out.key("steps").begin_array();
  for (const auto& step : steps) {
    out.begin_object().key("turn").string(road::to_string(step.turn)).key("street").string(step.street);
    out.key("distance_m").integer(step.distance.value).key("lat").number(step.at.lat_deg());
    out.key("lon").number(step.at.lng_deg()).key("way");
    step.ways.empty() ? out.null() : out.integer(step.ways.front());
    out.key("ways").begin_array();
    for (const auto way : step.ways) out.integer(way);
    out.end_array().end_object();
  }
  out.end_array();
}

struct Trip {
  geo::LatLng from;
  geo::LatLng to;
};

std::string route_json(const road::Route& route, const Trip& trip) {
  std::string text;
  base::JsonWriter out(text);
  const bool ok = route.status == road::RouteStatus::kOk;
  out.begin_object().key("status").string(road::to_string(route.status)).key("distance_m");
  ok ? out.integer(route.distance.value) : out.null();
  out.key("duration_s");
  ok ? out.integer(road::seconds_of(route.duration_ds)) : out.null();
  out.key("from");
  write_end(out, trip.from, route.from);
  out.key("to");
  write_end(out, trip.to, route.to);
  out.key("map_release").string(route.map_release);
  if (ok && !route.geometry.empty()) write_geometry(out, route.geometry);
  if (ok && !route.steps.empty()) write_steps(out, route.steps);
  out.end_object();
  return text + '\n';
}

std::string ways_text(const std::vector<std::int64_t>& ways) {
  if (ways.empty()) return "";
  return fmt::format(" ({} {})", ways.size() == 1 ? "way" : "ways", fmt::join(ways, ", "));
}

std::string route_text(const road::Route& route, double max_snap_m) {
  if (route.status == road::RouteStatus::kOffMap) {
    return fmt::format("off_map (no road of this vehicle within {:g} m of {})\n", max_snap_m,
                       route.from ? "--to" : (route.to ? "--from" : "--from, nor of --to"));
  }
  if (route.status != road::RouteStatus::kOk) return fmt::format("{}\n", road::to_string(route.status));
  auto text = fmt::format("{} m, {} s (snapped {:.1f} m and {:.1f} m)\n", route.distance.value,
                          road::seconds_of(route.duration_ds), route.from->offset_m, route.to->offset_m);
  for (const auto& step : route.steps) {
    text += fmt::format("{:>7} m  {:<13} {}{}\n", step.distance.value, road::to_string(step.turn),
                        step.street.empty() ? "(no name)" : step.street, ways_text(step.ways));
  }
  return text;
}

// The map that answered is drawn around the route; where none did, the first one.
Result<void> draw(const Args& args, const PicturedTrip& trip) {
  if (const auto file = args.get("svg")) {
    auto written = base::write_file_atomically(std::string(*file), route_svg(trip));
    if (!written) return written;
  }
  if (const auto file = args.get("html"))
    return base::write_file_atomically(std::string(*file), route_html(trip));
  return {};
}

int route_one(const Args& args, const base::Clock& clock) {
  const auto from = place_option(args, "from");
  const auto to = place_option(args, "to");
  std::vector<Fault> faults;
  for (const auto* place : {&from, &to}) {
    if (!*place) faults.push_back({place->error().where, place->error().message});
  }
  for (const std::string_view option : {"out", "timing"}) {
    if (args.has(option))
      faults.push_back({fmt::format("--{}", option), "goes with --pairs; a single route goes to stdout"});
  }
  road::RouteOptions options;
  if (const auto read = read_end_options(args, options); !read) {
    const auto bad = read.error().all();
    faults.insert(faults.end(), bad.begin(), bad.end());
  }
  if (!faults.empty()) return report(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  auto opened = open_map(args, clock);
  if (!opened) return report(opened.error());
  road::Roads::Query query;
  if (args.has("steps")) options.steps = road::WithSteps::kYes;
  const bool pictured = args.has("svg") || args.has("html");
  if (args.has("geometry") || pictured) options.geometry = road::WithGeometry::kYes;
  auto route = opened->map.route(query, opened->vehicle, *from, *to, options);
  if (const auto whole = opened->checked.get(); !whole) return report(whole.error());
  const Trip trip{*from, *to};
  if (pictured) {
    const auto drawn = draw(args, {*from, *to, opened->vehicle, route, &opened->map});
    if (!drawn) return report(drawn.error());
    if (!args.has("geometry")) route.geometry.clear();
  }
  const auto text = args.has("json") || args.has("geometry") ? route_json(route, trip)
                                                             : route_text(route, options.max_snap_m);
  return deliver(args, text);
}

// --- columns of places
// ------------------------------------------------------------------------------------------------

/// Two columns that hold a place.
struct PlaceColumns {
  std::size_t lat;
  std::size_t lng;
};

Result<base::CsvTable> read_table(const std::string& path) {
  const auto bytes = base::read_file(path, base::kMaxCsvBytes);
  if (!bytes) return base::fail(bytes.error());
  return base::parse_csv(*bytes, path);
}

/// Positions of the named columns; every missing one is a fault.
Result<std::vector<std::size_t>> columns_of(const base::CsvTable& table, const std::string& path,
                                            const std::vector<std::string_view>& names) {
  std::vector<std::size_t> found;
  std::vector<Fault> faults;
  for (const auto name : names) {
    if (const auto column = table.column(name)) {
      found.push_back(*column);
    } else {
      faults.push_back(
          {path + ":1",
           fmt::format("column '{}' is missing; needed: {}, with commas between (the header is '{}')", name,
                       fmt::join(names, ", "), fmt::join(table.header, ","))});
    }
  }
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  return found;
}

Result<geo::LatLng> place_in(const base::CsvRow& row, PlaceColumns columns, const std::string& path) {
  const auto where = fmt::format("{}:{}", path, row.line);
  const auto& lat = row.fields[columns.lat];
  const auto& lng = row.fields[columns.lng];
  const auto lat_deg = base::parse_number(lat);
  const auto lng_deg = base::parse_number(lng);
  if (!lat_deg || !lng_deg) {
    return base::fail(ErrorCode::kInvalidInput, where,
                      fmt::format("'{}', '{}' is no place; two decimal degrees are needed", lat.substr(0, 40),
                                  lng.substr(0, 40)));
  }
  return checked_place(geo::LatLng::from_degrees(*lat_deg, *lng_deg, where), where);
}

/// Faults of rows: told one by one up to the limit, then counted.
class RowFaults {
 public:
  void add(const base::Error& error) {
    if (++count_ <= base::kMaxFaults) report(error);
  }
  int finish() const {
    if (count_ > base::kMaxFaults)
      fmt::print(stderr, "reckon: error: {} further rows are bad\n", count_ - base::kMaxFaults);
    return count_ == 0 ? kDone : kSomeRowsFailed;
  }

 private:
  std::size_t count_ = 0;
};

// --- pairs
// ------------------------------------------------------------------------------------------------------------

class Timings {
 public:
  void add(double us) { us_.push_back(us); }
  std::string json(double load_ms) {
    std::ranges::sort(us_);
    double sum = 0;
    for (const double us : us_) sum += us;
    std::string text;
    base::JsonWriter out(text);
    out.begin_object()
        .key("queries")
        .integer(static_cast<std::int64_t>(us_.size()))
        .key("threads")
        .integer(1);
    out.key("mean_us").number(us_.empty() ? 0 : sum / static_cast<double>(us_.size()));
    out.key("p50_us").number(quantile(0.50)).key("p99_us").number(quantile(0.99));
    out.key("map_load_ms").number(load_ms).end_object();
    return text + '\n';
  }

 private:
  // Nearest rank.
  double quantile(double share) const {
    if (us_.empty()) return 0;
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(us_.size())));
    return us_[std::max<std::size_t>(rank, 1) - 1];
  }
  std::vector<double> us_;
};

std::vector<std::string> answered(const base::CsvRow& row, std::string_view status,
                                  const road::Route* route) {
  auto fields = row.fields;
  fields.emplace_back(status);
  const bool ok = route != nullptr && route->status == road::RouteStatus::kOk;
  fields.push_back(ok ? fmt::format("{}", route->distance.value) : "");
  fields.push_back(ok ? fmt::format("{}", road::seconds_of(route->duration_ds)) : "");
  return fields;
}

int write_timing(const Args& args, const std::string& json) {
  const auto path = args.get("timing");
  if (!path) return kDone;
  const auto written = base::write_file_atomically(std::string(*path), json);
  return written ? kDone : report(written.error());
}

struct PairsInput {
  base::CsvTable table;
  std::string path;
  PlaceColumns from;
  PlaceColumns to;
};

Result<PairsInput> read_pairs(const Args& args) {
  std::vector<Fault> faults;
  for (const std::string_view option : {"from", "to", "geometry", "steps", "svg", "html", "json"}) {
    if (args.has(option)) faults.push_back({fmt::format("--{}", option), "does not go with --pairs"});
  }
  if (!args.has("out")) faults.push_back({"--out", "is missing; --pairs needs it"});
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  const std::string path(*args.get("pairs"));
  auto table = read_table(path);
  if (!table) return base::fail(table.error());
  const auto columns = columns_of(*table, path, {"from_lat", "from_lon", "to_lat", "to_lon"});
  if (!columns) return base::fail(columns.error());
  for (const std::string_view own : {"status", "distance_m", "duration_s"}) {
    if (table->column(own)) {
      return base::fail(ErrorCode::kInvalidInput, path + ":1",
                        fmt::format("column '{}' is one that the answer adds; rename it", own));
    }
  }
  return PairsInput{std::move(*table), path, {(*columns)[0], (*columns)[1]}, {(*columns)[2], (*columns)[3]}};
}

int route_pairs(const Args& args, const base::Clock& clock) {
  const auto input = read_pairs(args);
  if (!input) return report(input.error());
  road::RouteOptions options;
  if (const auto read = read_end_options(args, options); !read) return report(read.error());
  auto opened = open_map(args, clock);
  if (!opened) return report(opened.error());
  auto header = input->table.header;
  header.insert(header.end(), {"status", "distance_m", "duration_s"});
  std::string out;
  base::append_csv_row(out, header);
  road::Roads::Query query;
  RowFaults bad;
  Timings timings;
  Progress progress;
  for (std::size_t i = 0; i < input->table.rows.size(); ++i) {
    const auto& row = input->table.rows[i];
    const auto from = place_in(row, input->from, input->path);
    const auto to = place_in(row, input->to, input->path);
    if (!from || !to) {
      bad.add(from ? to.error() : from.error());
      base::append_csv_row(out, answered(row, "bad_input", nullptr));
      continue;
    }
    const auto before = clock.steady_now();
    const auto route = opened->map.route(query, opened->vehicle, *from, *to, options);
    timings.add(us_between(before, clock.steady_now()));
    base::append_csv_row(out, answered(row, road::to_string(route.status), &route));
    if (i % 256 == 0)
      progress.show("routes", static_cast<double>(i) / static_cast<double>(input->table.rows.size()));
  }
  if (const auto whole = opened->checked.get(); !whole) return report(whole.error());
  if (const int code = deliver(args, out); code != kDone) return code;
  if (const int code = write_timing(args, timings.json(opened->load_ms)); code != kDone) return code;
  return bad.finish();
}

int run_route(const Args& args) {
  const base::SystemClock clock;
  return args.has("pairs") ? route_pairs(args, clock) : route_one(args, clock);
}

// --- table
// ------------------------------------------------------------------------------------------------------------

/// The places of a list, with the row each came from; bad rows are told and have none.
struct PlaceList {
  std::vector<geo::LatLng> places;
  std::vector<std::optional<std::size_t>> place_of_row;
};

Result<PlaceList> read_places(const std::string& path, RowFaults& bad) {
  const auto table = read_table(path);
  if (!table) return base::fail(table.error());
  const auto columns = columns_of(*table, path, {"lat", "lon"});
  if (!columns) return base::fail(columns.error());
  PlaceList list;
  for (const auto& row : table->rows) {
    const auto place = place_in(row, {(*columns)[0], (*columns)[1]}, path);
    if (place) {
      list.place_of_row.emplace_back(list.places.size());
      list.places.push_back(*place);
    } else {
      bad.add(place.error());
      list.place_of_row.emplace_back(std::nullopt);
    }
  }
  return list;
}

void append_cell(std::string& out, std::size_t source, std::size_t destination, const road::TableCell* cell) {
  if (cell == nullptr) {
    out += fmt::format("{},{},bad_input,,\n", source, destination);
  } else if (cell->status == road::RouteStatus::kOk) {
    out += fmt::format("{},{},ok,{},{}\n", source, destination, cell->distance.value,
                       road::seconds_of(cell->duration_ds));
  } else {
    out += fmt::format("{},{},{},,\n", source, destination, road::to_string(cell->status));
  }
}

std::string table_csv(const PlaceList& sources, const PlaceList& destinations,
                      const std::vector<road::TableCell>& cells) {
  std::string out = "source,destination,status,distance_m,duration_s\n";
  for (std::size_t s = 0; s < sources.place_of_row.size(); ++s) {
    for (std::size_t d = 0; d < destinations.place_of_row.size(); ++d) {
      const auto row = sources.place_of_row[s];
      const auto column = destinations.place_of_row[d];
      append_cell(out, s, d, row && column ? &cells[*row * destinations.places.size() + *column] : nullptr);
    }
  }
  return out;
}

Result<road::TableOptions> read_table_options(const Args& args) {
  constexpr std::int64_t kMost = 1'000'000'000;
  road::TableOptions options;
  std::vector<Fault> faults;
  const auto note = [&](const base::Error& error) {
    for (const auto& fault : error.all()) faults.push_back(fault);
  };
  if (const auto read = read_end_options(args, options); !read) note(read.error());
  const auto seconds = integer_option(args, "within-s", kMost, 0, kMost);
  const auto metres = integer_option(args, "within-m", kMost, 0, kMost);
  if (!seconds) note(seconds.error());
  if (!metres) note(metres.error());
  if (!faults.empty()) return base::fail(base::error_of(ErrorCode::kInvalidInput, std::move(faults)));
  if (args.has("within-s")) options.max_duration_ds = *seconds * 10;
  if (args.has("within-m")) options.max_distance = {*metres};
  return options;
}

int run_table(const Args& args) {
  const base::SystemClock clock;
  RowFaults bad;
  const auto sources = read_places(std::string(args.get_or("sources", "")), bad);
  if (!sources) return report(sources.error());
  const auto destinations = read_places(std::string(args.get_or("destinations", "")), bad);
  if (!destinations) return report(destinations.error());
  if (sources->place_of_row.size() > kMaxTableCells / destinations->place_of_row.size()) {
    return report(
        {ErrorCode::kLimit, "--sources",
         fmt::format("{} sources by {} destinations are too many; at most {} cells are allowed",
                     sources->place_of_row.size(), destinations->place_of_row.size(), kMaxTableCells)});
  }
  const auto options = read_table_options(args);
  if (!options) return report(options.error());
  auto opened = open_map(args, clock);
  if (!opened) return report(opened.error());
  road::Roads::Query query;
  const auto before = clock.steady_now();
  const auto cells =
      opened->map.table(query, opened->vehicle, sources->places, destinations->places, *options);
  const double ms = us_between(before, clock.steady_now()) / 1000;
  if (const auto whole = opened->checked.get(); !whole) return report(whole.error());
  if (const int code = deliver(args, table_csv(*sources, *destinations, cells)); code != kDone) return code;
  std::string json;
  base::JsonWriter out(json);
  out.begin_object().key("sources").integer(static_cast<std::int64_t>(sources->places.size()));
  out.key("destinations").integer(static_cast<std::int64_t>(destinations->places.size()));
  out.key("mean_ms").number(ms).key("map_load_ms").number(opened->load_ms).end_object();
  if (const int code = write_timing(args, json + '\n'); code != kDone) return code;
  return bad.finish();
}

}  // namespace

std::vector<Command> route_commands() {
  return {{"route",
           "the fastest legal route of a trip, or of each row of a file",
           "",
           0,
           0,
           with_end_options(
               {{"map", "MAP[,MAP2...]",
                 "map file, or several: each trip is answered by one that covers both ends"},
                {"vehicle", "V", "motorcycle (default), bicycle, foot or car"},
                {"from", "LAT,LON", "where the trip begins"},
                {"to", "LAT,LON", "where it ends"},
                {"geometry", "", "with the route's line as GeoJSON"},
                {"steps", "", "with the streets that it follows and where it turns"},
                {"svg", "FILE.svg", "draw the route, its ends and the streets around it"},
                {"html", "FILE.html", "the same as a page"},
                {"json", "", "print one JSON document"},
                {"pairs", "IN.csv", "columns from_lat,from_lon,to_lat,to_lon; others are carried through"},
                {"out", "OUT.csv", "with --pairs: IN's columns and status,distance_m,duration_s"},
                {"timing", "T.json", "with --pairs: how long the queries took"}}),
           {"map"},
           run_route},
          {"table",
           "all routes from each source to each destination",
           "",
           0,
           0,
           with_end_options({{"map", "MAP[,MAP2...]",
                              "map file, or several: each trip is answered by one that covers both ends"},
                             {"vehicle", "V", "motorcycle (default), bicycle, foot or car"},
                             {"sources", "S.csv", "columns lat,lon"},
                             {"destinations", "D.csv", "columns lat,lon"},
                             {"within-s", "S", "only trips of at most so many seconds; others are 'beyond'"},
                             {"within-m", "M", "only trips of at most so many metres; others are 'beyond'"},
                             {"out", "T.csv", "source,destination,status,distance_m,duration_s"},
                             {"timing", "T.json", "how long the table took"}}),
           {"map", "sources", "destinations", "out"},
           run_table}};
}

}  // namespace reckon::cli
