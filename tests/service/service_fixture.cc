#include "service/service_fixture.h"

#include "fee/fee_fixture.h"

namespace reckon::test {

std::unique_ptr<service::QuoteEngine> engine_with(const base::Clock& clock,
                                                  const std::vector<std::string>& tariffs) {
  service::QuoteEngine::Parts parts;
  for (const auto& name : tariffs) parts.tariffs.push_back(shipped_tariff(name));
  parts.clock = &clock;
  return std::make_unique<service::QuoteEngine>(std::move(parts));
}

distance::Trip seoul_trip() {
  return {geo::LatLng::from_degrees(37.56, 126.97, "from").value(),
          geo::LatLng::from_degrees(37.57, 126.99, "to").value(), base::Vehicle::kMotorcycle};
}

}  // namespace reckon::test
