// Prices one trip with the library alone: no provider, no network, no ledger.
// usage: embed CITY.rmap TARIFF.json FROM TO      (LAT,LON)

#include <cstdio>

#include "reckon/reckon.h"

namespace {

int told(const reckon::base::Error& error) {
  std::fprintf(stderr, "%s: %s\n", error.where.c_str(), error.message.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return std::fprintf(stderr, "usage: embed CITY.rmap TARIFF.json FROM TO\n"), 2;
  const reckon::base::SystemClock clock;
  auto map = reckon::road::RoadMap::open(argv[1]);
  if (!map) return told(map.error());
  auto tariff = reckon::service::load_tariff(argv[2]);
  if (!tariff) return told(tariff.error());
  const auto from = reckon::geo::LatLng::parse(argv[3], "FROM");
  if (!from) return told(from.error());
  const auto to = reckon::geo::LatLng::parse(argv[4], "TO");
  if (!to) return told(to.error());

  reckon::service::QuoteEngine engine({.map = std::make_shared<const reckon::road::RoadMap>(std::move(*map)),
                                       .tariffs = {*tariff},
                                       .providers = {},
                                       .clock = &clock});
  reckon::road::RoadMap::Query query;
  reckon::service::QuoteRequest request{{*from, *to, reckon::base::Vehicle::kMotorcycle}, {}, ""};
  request.context.at = clock.wall_now();
  const auto quote =
      engine.quote(query, request, reckon::base::Deadline::after(clock, std::chrono::milliseconds{50}));
  if (!quote) return told(quote.error());
  std::printf("%s\n", quote->json.c_str());
  return 0;
}
