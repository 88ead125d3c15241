// A city's day from two tables, and back.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "reckon/base/csv.h"
#include "reckon/base/file.h"
#include "reckon/base/limits.h"
#include "reckon/base/plain_text.h"
#include "reckon/dispatch/city_day.h"
#include "reckon/geo/local_frame.h"

namespace reckon::dispatch::mdrp {
namespace {

constexpr std::int32_t kDay = 24 * 3600;
constexpr std::int32_t kHalfDay = kDay / 2;

// How much longer a vehicle takes than a motorcycle or a car in a city: our assumption, docs/dispatch.md.
struct Pace {
  std::string_view vehicle;
  std::uint32_t percent;
};
constexpr std::array kPaces = {Pace{"motorcycle", 100}, Pace{"car", 100},     Pace{"vehicle", 100},
                               Pace{"bicycle", 160},    Pace{"walking", 400}, Pace{"foot", 400}};

// Rows of a table by column name; every fault is kept with its line.
class Rows {
 public:
  Rows(const std::filesystem::path& path, std::vector<std::string_view> columns,
       std::vector<base::Fault>& faults)
      : name_(path.string()), faults_(faults) {
    const auto bytes = base::read_file(path, kMaxCityBytes);
    if (!bytes) {
      error_ = bytes.error();
      return;
    }
    auto table = base::parse_csv(*bytes, name_);
    if (!table) {
      error_ = table.error();
      return;
    }
    table_ = std::move(*table);
    for (const auto column : columns) {
      if (!table_.column(column))
        faults_.push_back(
            {name_ + ":1", fmt::format("has no column {}; needed are {}", column, fmt::join(columns, ", "))});
    }
    if (table_.rows.size() > kMaxRows)
      faults_.push_back(
          {name_, fmt::format("has {} rows; at most {} are allowed", table_.rows.size(), kMaxRows)});
  }

  const std::optional<base::Error>& error() const { return error_; }
  std::size_t size() const { return table_.rows.size(); }
  std::size_t faults() const { return faults_.size(); }
  bool has(std::string_view column) const { return table_.column(column).has_value(); }
  const std::string& text(std::size_t row, std::string_view column) const {
    return table_.rows[row].fields[*table_.column(column)];
  }
  void fault(std::size_t row, std::string what) {
    if (faults_.size() < base::kMaxFaults)
      faults_.push_back({fmt::format("{}:{}", name_, table_.rows[row].line), std::move(what)});
  }

  std::string name(std::size_t row, std::string_view column) {
    const auto& word = text(row, column);
    // The evaluator's files have one line for each order and courier, with spaces between its words.
    if (const auto why = base::plain_text_fault(word, kMaxNameBytes); !why.empty()) {
      fault(row, fmt::format("{} {}", column, why));
      return word;
    }
    if (word.empty() || word.find_first_of(" \t") != std::string::npos)
      fault(row, fmt::format("{} is '{}'; allowed: a word without spaces", column, word));
    if (!names_.insert(word).second) fault(row, fmt::format("'{}' stands twice; allowed: once", word));
    return word;
  }

  // Seconds of the day; `HH:MM:SS`.
  std::int32_t time(std::size_t row, std::string_view column) {
    const auto& word = text(row, column);
    const auto digit = [&](std::size_t i) { return word[i] >= '0' && word[i] <= '9'; };
    const bool shaped = word.size() == 8 && word[2] == ':' && word[5] == ':' && digit(0) && digit(1) &&
                        digit(3) && digit(4) && digit(6) && digit(7);
    const auto two = [&](std::size_t i) { return (word[i] - '0') * 10 + word[i + 1] - '0'; };
    if (shaped && two(0) < 48 && two(3) < 60 && two(6) < 60) return two(0) * 3600 + two(3) * 60 + two(6);
    fault(row, fmt::format("{} is '{}'; allowed: HH:MM:SS, up to 47:59:59", column, word));
    return 0;
  }

  std::optional<geo::LatLng> place(std::size_t row, std::string_view lat, std::string_view lng) {
    const auto a = base::parse_number(text(row, lat));
    const auto b = base::parse_number(text(row, lng));
    if (!a || !b) {
      fault(row, fmt::format("{} or {} is no number; allowed: decimal degrees", lat, lng));
      return std::nullopt;
    }
    auto out = geo::LatLng::from_degrees(*a, *b, lat);
    if (out) return *out;
    fault(row, fmt::format("{}: {}", lat, out.error().message));
    return std::nullopt;
  }

 private:
  std::string name_;
  std::vector<base::Fault>& faults_;
  std::optional<base::Error> error_;
  base::CsvTable table_;
  std::set<std::string> names_;
};

std::int32_t after(std::int32_t placed, std::int32_t time) {
  return time < placed - kHalfDay ? time + kDay : time;
}

std::string clock_time(std::int32_t seconds) {
  return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string before(std::string_view column, std::int32_t time, std::int32_t placed) {
  return fmt::format("{} is {}, before placement_time {}; allowed: none before it", column, clock_time(time),
                     clock_time(placed));
}

struct Reader {
  CityDay day;
  std::vector<geo::LatLng> shops;
  std::vector<geo::LatLng> doors;
  std::vector<geo::LatLng> starts;
  std::map<std::pair<double, double>, std::uint32_t> shop_at;

  std::uint32_t shop_of(const geo::LatLng& at) {
    const auto [found, is_new] =
        shop_at.try_emplace({at.lat_deg(), at.lng_deg()}, static_cast<std::uint32_t>(shops.size()));
    if (is_new) {
      shops.push_back(at);
      day.instance.restaurants.push_back({fmt::format("s{}", shops.size()), {}});
    }
    return found->second;
  }

  void order(Rows& rows, std::size_t row) {
    const std::size_t faults_before = rows.faults();
    Order order{.name = "o" + rows.name(row, "order_id"),
                .at = {},
                .placed = rows.time(row, "placement_time"),
                .restaurant = 0,
                .ready = 0,
                .promised = {}};
    order.ready = after(order.placed, rows.time(row, "ready_time"));
    if (rows.has("expected_drop_off_time"))
      order.promised = after(order.placed, rows.time(row, "expected_drop_off_time"));
    if (rows.faults() == faults_before) {
      if (order.ready < order.placed) rows.fault(row, before("ready_time", order.ready, order.placed));
      if (order.promised && *order.promised < order.placed)
        rows.fault(row, before("expected_drop_off_time", *order.promised, order.placed));
    }
    const auto shop = rows.place(row, "pick_up_lat", "pick_up_lng");
    const auto door = rows.place(row, "drop_off_lat", "drop_off_lng");
    if (!shop || !door) return;
    order.restaurant = shop_of(*shop);
    doors.push_back(*door);
    day.instance.orders.push_back(std::move(order));
  }

  void courier(Rows& rows, std::size_t row) {
    const auto& vehicle = rows.text(row, "vehicle");
    const auto* const pace = std::ranges::find(kPaces, vehicle, &Pace::vehicle);
    if (pace == kPaces.end())
      rows.fault(
          row,
          fmt::format("vehicle is '{}'; allowed: motorcycle, car, vehicle, bicycle, walking, foot", vehicle));
    Courier courier{.name = "c" + rows.name(row, "courier_id"),
                    .at = {},
                    .on = rows.time(row, "on_time"),
                    .off = rows.time(row, "off_time"),
                    .pace_percent = pace == kPaces.end() ? 100 : pace->percent};
    if (courier.off < courier.on) courier.off += kDay;
    const auto start = rows.place(row, "on_lat", "on_lng");
    if (!start) return;
    starts.push_back(*start);
    day.instance.couriers.push_back(std::move(courier));
  }
};

std::string degrees(double value) {
  return fmt::format("{:.7f}", value);
}

}  // namespace

void set_points(CityDay& day) {
  const geo::LocalFrame frame(geo::PlaceE7::nearest(day.places.front()));
  const auto point = [&](std::uint32_t place) {
    const auto at = frame.at(geo::PlaceE7::nearest(day.places[place]));
    return Point{static_cast<std::int32_t>(std::lround(at.x)), static_cast<std::int32_t>(std::lround(at.y))};
  };
  auto& instance = day.instance;
  for (std::uint32_t s = 0; s < instance.restaurants.size(); ++s) instance.restaurants[s].at = point(s);
  for (std::uint32_t o = 0; o < instance.orders.size(); ++o)
    instance.orders[o].at = point(instance.place_of_door(o));
  for (std::uint32_t c = 0; c < instance.couriers.size(); ++c)
    instance.couriers[c].at = point(instance.place_of_courier(c));
}

base::Result<CityDay> read_city_day(const std::filesystem::path& folder, const Parameters& parameters) {
  std::vector<base::Fault> faults;
  Rows orders(folder / "orders.csv",
              {"order_id", "pick_up_lat", "pick_up_lng", "drop_off_lat", "drop_off_lng", "placement_time",
               "ready_time"},
              faults);
  Rows couriers(folder / "couriers.csv", {"courier_id", "vehicle", "on_lat", "on_lng", "on_time", "off_time"},
                faults);
  for (const auto* table : {&orders, &couriers}) {
    if (table->error()) return base::fail(*table->error());
  }
  Reader reader;
  if (faults.empty()) {
    for (std::size_t i = 0; i < orders.size(); ++i) reader.order(orders, i);
    for (std::size_t i = 0; i < couriers.size(); ++i) reader.courier(couriers, i);
  }
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  CityDay& day = reader.day;
  day.instance.name = std::filesystem::weakly_canonical(folder).filename().string();
  day.instance.parameters = parameters;
  day.instance.unit_seconds = 1;
  for (const auto* part : {&reader.shops, &reader.doors, &reader.starts})
    day.places.insert(day.places.end(), part->begin(), part->end());
  set_points(day);
  return std::move(day);
}

CityFiles city_files(const CityDay& day) {
  const Instance& instance = day.instance;
  const auto lat = [&](std::uint32_t place) { return degrees(day.places[place].lat_deg()); };
  const auto lng = [&](std::uint32_t place) { return degrees(day.places[place].lng_deg()); };
  CityFiles out;
  out.orders =
      "order_id,pick_up_lat,pick_up_lng,drop_off_lat,drop_off_lng,placement_time,ready_time,expected_drop_"
      "off_"
      "time\n";
  for (std::uint32_t o = 0; o < instance.orders.size(); ++o) {
    const Order& order = instance.orders[o];
    const auto door = instance.place_of_door(o);
    base::append_csv_row(
        out.orders, {order.name.substr(1), lat(order.restaurant), lng(order.restaurant), lat(door), lng(door),
                     clock_time(order.placed), clock_time(order.ready), clock_time(instance.target(order))});
  }
  out.couriers = "courier_id,vehicle,on_lat,on_lng,on_time,off_time\n";
  for (std::uint32_t c = 0; c < instance.couriers.size(); ++c) {
    const Courier& courier = instance.couriers[c];
    const auto place = instance.place_of_courier(c);
    const auto* const pace = std::ranges::find(kPaces, courier.pace_percent, &Pace::percent);
    base::append_csv_row(out.couriers, {courier.name.substr(1), std::string(pace->vehicle), lat(place),
                                        lng(place), clock_time(courier.on), clock_time(courier.off)});
  }
  return out;
}

}  // namespace reckon::dispatch::mdrp
