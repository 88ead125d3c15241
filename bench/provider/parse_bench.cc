// Reading a provider's answer of 5 kB: the quick reading that vendors try first, and, in the same run, the
// tree that decides when it is not sure. Data: answers of the documented shapes, made up here, with as many
// roads and guides as give 5 kB.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "reckon/base/json_reader.h"
#include "reckon/provider/api_format.h"

using namespace reckon;

namespace {

constexpr std::size_t kBytes = 5000;
const base::SystemClock kClock;

provider::TripRequest trip() {
  return {geo::LatLng::from_degrees(37.5665, 126.978, "bench").value(),
          geo::LatLng::from_degrees(37.55, 126.99, "bench").value(), base::Vehicle::kMotorcycle};
}

// One road of a section with its guide, as Kakao tells them.
std::string road(int i) {
  return fmt::format(
      R"({{"name":"세종대로{}길","distance":{},"duration":{},"traffic_speed":{}.0,"traffic_state":3,"vertexes":[126.97{}12,37.56{}43,126.97{}77,37.56{}18]}})",
      i, 40 + i, 12 + i, 20 + i, i % 10, i % 7, i % 9, i % 8);
}

std::string kakao_body(std::size_t bytes) {
  std::string body =
      R"({"trans_id":"018b2f","routes":[{"result_code":0,"result_msg":"길찾기 성공","summary":{"origin":{"name":"","x":126.978,"y":37.5665},"destination":{"name":"","x":126.99,"y":37.55},"waypoints":[],"priority":"RECOMMEND","bound":{"min_x":126.97,"min_y":37.54,"max_x":126.99,"max_y":37.57},"fare":{"taxi":6000,"toll":0},"distance":2468,"duration":512},"sections":[{"distance":2468,"duration":512,"roads":[)";
  for (int i = 0; body.size() + 200 < bytes; ++i) body += (i > 0 ? "," : "") + road(i);
  return body + "]}]}]}";
}

std::string osrm_body(std::size_t bytes) {
  std::string body = R"({"code":"Ok","routes":[{"geometry":"_p~iF~ps|U_ulLnnqC","legs":[{"steps":[)";
  for (int i = 0; body.size() + 450 < bytes; ++i) body += (i > 0 ? "," : "") + road(i);
  return body +
         R"(],"summary":"","weight":511.6,"duration":511.6,"distance":2468.4}],"weight_name":"routability","weight":511.6,"duration":511.6,"distance":2468.4}],"waypoints":[{"hint":"x","distance":4.2,"name":"a","location":[126.9781,37.5665]},{"hint":"y","distance":1.2,"name":"b","location":[126.99,37.5501]}]})";
}

void read_answer(benchmark::State& state, std::unique_ptr<provider::ApiFormat> format, std::string body) {
  const provider::HttpResponse response{200, {}, std::move(body)};
  const auto asked = trip();
  const auto now = kClock.wall_now();
  for (auto _ : state) benchmark::DoNotOptimize(format->read_route(response, asked, now));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(response.body.size()));
  state.counters["bytes"] = static_cast<double>(response.body.size());
}

void read_kakao_5kB(benchmark::State& state) {
  read_answer(state, provider::kakao_format({}), kakao_body(kBytes));
}
BENCHMARK(read_kakao_5kB);

void read_osrm_5kB(benchmark::State& state) {
  read_answer(state, provider::osrm_format({}), osrm_body(kBytes));
}
BENCHMARK(read_osrm_5kB);

void read_kakao_summary(benchmark::State& state) {
  read_answer(state, provider::kakao_format({}), kakao_body(0));
}
BENCHMARK(read_kakao_summary);

void tree_kakao_5kB(benchmark::State& state) {
  const auto body = kakao_body(kBytes);
  for (auto _ : state) {
    const auto document = base::JsonDocument::parse(body, "body");
    base::Faults faults("body");
    const auto summary = document->root(faults).optional("routes").items(16).front().optional("summary");
    benchmark::DoNotOptimize(summary.optional("distance").integer(0, 1'000'000));
    benchmark::DoNotOptimize(summary.optional("duration").integer(0, 1'000'000));
  }
}
BENCHMARK(tree_kakao_5kB);

}  // namespace

BENCHMARK_MAIN();
