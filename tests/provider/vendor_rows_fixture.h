#pragma once

// How the vendors' fixture tables are read: one recorded answer a row, and in one line what it means.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reckon/provider/api_format.h"
#include "reckon/provider/make_provider.h"

namespace reckon::tests {

inline const base::SystemClock kVendorClock;

inline base::WallTime recorded_at() {
  return base::parse_rfc3339("2022-10-15T09:30:00Z", "now").value();
}

inline geo::LatLng place(double lat, double lon) {
  return geo::LatLng::from_degrees(lat, lon, "place").value();
}

/// Seoul's city hall to Namsan.
inline provider::TripRequest seoul_trip(base::Vehicle vehicle = base::Vehicle::kMotorcycle) {
  return {place(37.5665, 126.978), place(37.55, 126.99), vehicle};
}

/// What an answer says in one line, so that rows stay readable.
inline std::string said(const provider::ProviderAnswer& answer) {
  if (answer.outcome != provider::Outcome::kOk) return answer.reason();
  return fmt::format("{} m {} s", answer.distance.value, answer.duration.count());
}

/// A table in one line: cells with commas, or why there are none.
inline std::string said(const provider::TableAnswer& table) {
  if (table.whole.outcome != provider::Outcome::kOk) return table.whole.reason();
  std::string text;
  for (const auto& cell : table.cells) text += (text.empty() ? "" : ", ") + said(cell);
  return text;
}

struct AnswerRow {
  int status;
  std::string body;
  std::string expected;
  std::string why;
};

inline void check_routes(const provider::ApiFormat& format, const provider::TripRequest& trip,
                         const std::vector<AnswerRow>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.why);
    CAPTURE(row.body);
    CHECK(said(format.read_route({row.status, {}, row.body}, trip, recorded_at())) == row.expected);
  }
}

inline void check_tables(const provider::ApiFormat& format, const provider::TableRequest& table,
                         const std::vector<AnswerRow>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.why);
    CAPTURE(row.body);
    CHECK(said(format.read_table({row.status, {}, row.body}, table, recorded_at())) == row.expected);
  }
}

/// Keeps the last request and answers with what it was told to.
class Recorded final : public provider::HttpTransport {
 public:
  provider::HttpResult exchange(const provider::HttpRequest& request, base::Deadline) override {
    last = request;
    ++exchanges;
    return response;
  }
  provider::HttpRequest last;
  provider::HttpResponse response{200, {}, "{}"};
  int exchanges = 0;

  /// The value of a header of the last request; empty when there was none.
  std::string sent(std::string_view name) const {
    for (const auto& header : last.headers) {
      if (header.name == name) return header.value;
    }
    return {};
  }
};

inline constexpr std::string_view kTestKey = "s3cret/&key";

inline provider::ProviderConfig vendor_config(const std::string& kind, const std::string& profile = "") {
  provider::ProviderConfig config{"vendor",           kind,   "https://api.example/base/", "",
                                  provider::Secret(), profile};
  if (kind != "osrm" && kind != "valhalla") {
    config.key_env = "KEY";
    config.key = provider::Secret(std::string(kTestKey));
  }
  if (kind == "naver") {
    config.key_id_env = "KEY_ID";
    config.key_id = provider::Secret("id-7");
  }
  return config;
}

inline std::shared_ptr<provider::MapProvider> vendor(const std::string& kind,
                                                     std::shared_ptr<provider::HttpTransport> transport,
                                                     const std::string& profile = "") {
  return provider::make_provider(vendor_config(kind, profile), std::move(transport), kVendorClock, "/p")
      .value();
}

}  // namespace reckon::tests
