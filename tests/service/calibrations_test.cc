// Whose calibration is found, where a new one is written, and that none overwrites another's.

#include "reckon/service/calibrations.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reckon/base/file.h"
#include "road/drawn_map_fixture.h"

using namespace reckon;
using base::Vehicle;

namespace {

class Beside {
 public:
  std::string name(std::string_view rest) const { return ledger + ".calibration" + std::string(rest); }
  void write(std::string_view rest, const std::string& provider, Vehicle vehicle, std::int64_t pairs = 1) {
    distance::Calibration made;
    made.provider = provider;
    made.vehicle = vehicle;
    made.pairs = pairs;
    REQUIRE(base::write_file_atomically(name(rest), distance::to_json(made)));
    // Each a second newer than the one before it, whatever the file system's clock.
    std::filesystem::last_write_time(name(rest), first_ + std::chrono::seconds{++written_});
  }
  std::int64_t pairs_of(std::string_view provider, Vehicle vehicle) const {
    const auto found = service::find_calibration(ledger, provider, vehicle);
    return found ? found->calibration.pairs : 0;
  }

 private:
  test::TempFolder folder_;

 public:
  const std::string ledger = (folder_ / "l.db").string();

 private:
  std::filesystem::file_time_type first_ = std::filesystem::file_time_type::clock::now();
  int written_ = 0;
};

// Serves some vehicles and answers nothing.
class Serves final : public provider::MapProvider {
 public:
  explicit Serves(std::vector<Vehicle> vehicles) : vehicles_(std::move(vehicles)) {}
  std::string_view name() const override { return "any"; }
  bool serves(Vehicle vehicle) const override {
    return std::ranges::find(vehicles_, vehicle) != vehicles_.end();
  }
  provider::ProviderAnswer route(const provider::TripRequest&, base::Deadline) override { return {}; }

 private:
  std::vector<Vehicle> vehicles_;
};

std::string names_of(const std::vector<service::Lead>& leads) {
  std::string text;
  for (const auto& lead : leads)
    text += std::string(base::to_string(lead.vehicle)) + "=" + lead.provider.name + " ";
  return text;
}

}  // namespace

TEST_CASE("calibrations: each vehicle is learned of the first provider that serves it") {
  service::Config config;
  config.vehicle = Vehicle::kBicycle;
  config.providers.resize(2);
  config.providers[0].name = "kakao";
  config.providers[1].name = "own";
  const auto kakao = std::make_shared<Serves>(std::vector{Vehicle::kMotorcycle, Vehicle::kCar});
  const auto own = std::make_shared<Serves>(std::vector{Vehicle::kBicycle, Vehicle::kCar});
  CHECK(names_of(service::leads(config, {kakao, own})) == "bicycle=own motorcycle=kakao car=kakao ");
  config.providers.clear();
  CHECK(service::leads(config, {}).empty());
}

TEST_CASE("calibrations: what a file says decides whose it is, and the newest of several is taken") {
  Beside beside;
  CHECK(beside.pairs_of("a", Vehicle::kMotorcycle) == 0);
  beside.write(".json", "a", Vehicle::kMotorcycle, 1);
  beside.write(".bicycle.json", "a", Vehicle::kBicycle, 2);
  CHECK(beside.pairs_of("a", Vehicle::kMotorcycle) == 1);
  CHECK(beside.pairs_of("a", Vehicle::kBicycle) == 2);
  CHECK(beside.pairs_of("a", Vehicle::kCar) == 0);
  CHECK(beside.pairs_of("b", Vehicle::kMotorcycle) == 0);
  beside.write(".motorcycle.json", "a", Vehicle::kMotorcycle, 3);
  CHECK(beside.pairs_of("a", Vehicle::kMotorcycle) == 3);
  beside.write(".json", "a", Vehicle::kMotorcycle, 4);
  CHECK(beside.pairs_of("a", Vehicle::kMotorcycle) == 4);
  beside.write(".bicycle.of-b%2fc.json", "b/c", Vehicle::kBicycle, 5);
  CHECK(beside.pairs_of("b/c", Vehicle::kBicycle) == 5);
  CHECK(beside.pairs_of("a", Vehicle::kBicycle) == 2);
}

TEST_CASE("calibrations: a new one goes to its own name, over the one before it, and never over another's") {
  Beside beside;
  const auto place = [&](std::string_view provider, Vehicle vehicle, std::optional<Vehicle> configured) {
    auto file = service::calibration_place(beside.ledger, provider, vehicle, configured);
    return file.substr(beside.name("").size());
  };
  const auto moto = Vehicle::kMotorcycle, bicycle = Vehicle::kBicycle;
  CHECK(place("a", moto, moto) == ".json");
  CHECK(place("a", bicycle, moto) == ".bicycle.json");
  CHECK(place("a", bicycle, bicycle) == ".json");
  CHECK(place("a", bicycle, std::nullopt) == ".json");

  beside.write(".json", "a", moto);
  CHECK(place("a", moto, moto) == ".json");
  CHECK(place("a", moto, std::nullopt) == ".json");
  CHECK(place("b", moto, moto) == ".motorcycle.of-b.json");
  CHECK(place("b", moto, std::nullopt) == ".motorcycle.of-b.json");
  CHECK(place("a", bicycle, std::nullopt) == ".bicycle.json");
  CHECK(place("a", bicycle, bicycle) == ".bicycle.of-a.json");  // the configured vehicle was another

  beside.write(".bicycle.json", "a", bicycle);
  CHECK(place("a", bicycle, std::nullopt) == ".bicycle.json");
  CHECK(place("b", bicycle, std::nullopt) == ".bicycle.of-b.json");
  REQUIRE(base::write_file_atomically(beside.name(".bicycle.json"), "{"));
  CHECK(place("b", bicycle, moto) == ".bicycle.json");  // a damaged one is of no use to anybody
  const auto of_version = [&](std::int64_t version) {
    REQUIRE(base::write_file_atomically(beside.name(".bicycle.json"),
                                        "{\"version\":" + std::to_string(version) + "}"));
    return place("b", bicycle, moto);
  };
  CHECK(of_version(distance::kCalibrationVersion - 1) == ".bicycle.json");
  CHECK(of_version(distance::kCalibrationVersion + 1) == ".bicycle.of-b.json");  // a later program's
  REQUIRE(base::write_file_atomically(beside.name(".bicycle.json"), "{"));
  CHECK(place("b", bicycle, std::nullopt) == ".bicycle.json");
}

TEST_CASE("calibrations: a file of another vehicle is no fault of this one") {
  Beside beside;
  beside.write(".json", "b", Vehicle::kBicycle);
  service::Config config;
  config.ledger = "sqlite:" + beside.ledger;
  config.vehicle = Vehicle::kMotorcycle;
  service::ProviderEntry first;
  first.name = "a";
  CHECK(service::load_calibration(config, {Vehicle::kMotorcycle, first}, {}).fault.empty());
  beside.write(".json", "b", Vehicle::kMotorcycle);
  CHECK(service::load_calibration(config, {Vehicle::kMotorcycle, first}, {}).fault.find("is of 'b'") !=
        std::string::npos);
}
