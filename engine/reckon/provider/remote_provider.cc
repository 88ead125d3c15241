// One exchange for one question, whatever the vendor.

#include <fmt/format.h>

#include <span>
#include <utility>

#include "reckon/base/hash.h"
#include "reckon/provider/api_format.h"
#include "reckon/provider/vendor.h"

namespace reckon::provider {
namespace {

// A table of 625 cells is 100 KiB where a cell is told with names.
constexpr std::size_t kMaxTableBodyBytes = std::size_t{2} << 20;
constexpr std::string_view kHashPrefix = "sha256:";
// Enough to tell two keys apart, too little to find one by.
constexpr std::size_t kDigestDigits = 4;

class RemoteProvider final : public MapProvider {
 public:
  RemoteProvider(std::string name, Endpoint endpoint, std::unique_ptr<ApiFormat> format,
                 std::vector<Secret> keys, std::shared_ptr<HttpTransport> transport, const base::Clock& clock)
      : name_(std::move(name)),
        endpoint_(std::move(endpoint)),
        format_(std::move(format)),
        keys_(std::move(keys)),
        transport_(std::move(transport)),
        clock_(clock) {}

  std::string_view name() const override { return name_; }
  bool serves(base::Vehicle vehicle) const override { return format_->serves(vehicle); }
  Capability capability(base::Vehicle vehicle) const override { return format_->capability(vehicle); }

  std::string key_digest(std::string_view salt) const override {
    base::Sha256 hash;
    const auto add = [&hash](std::string_view text) { hash.update(std::as_bytes(std::span(text))); };
    add(salt);
    for (const auto& key : keys_) {
      add("\n");
      add(key.reveal());
    }
    return hash.finish().substr(kHashPrefix.size(), kDigestDigits);
  }

  ProviderAnswer route(const TripRequest& trip, base::Deadline deadline) override {
    if (const auto most = format_->capability(trip.vehicle).max_via; trip.via.size() > most) {
      return answer_of(
          Outcome::kLocalReject,
          fmt::format("{} stops between; at most {} are allowed in one call", trip.via.size(), most));
    }
    auto request = format_->route_request(trip);
    request.endpoint = endpoint_;
    auto response = transport_->exchange(request, deadline);
    if (!response) return answer_of(std::move(response.error()));
    return format_->read_route(*response, trip, clock_.wall_now());
  }

  TableAnswer table(const TableRequest& table, base::Deadline deadline) override {
    if (auto why = refusal(table)) return no_cells(answer_of(Outcome::kLocalReject, *std::move(why)));
    auto request = format_->table_request(table);
    request.endpoint = endpoint_;
    request.max_body_bytes = kMaxTableBodyBytes;
    auto response = transport_->exchange(request, deadline);
    if (!response) return no_cells(answer_of(std::move(response.error())));
    return format_->read_table(*response, table, clock_.wall_now());
  }

 private:
  std::optional<std::string> refusal(const TableRequest& table) const {
    const auto can = format_->capability(table.vehicle);
    if (can.table == TableShape::kNone) return "this provider has no tables";
    const auto sources = table.sources.size(), destinations = table.destinations.size();
    if (table.cells() == 0) return "a table has at least one source and one destination";
    if (sources > can.max_side || destinations > can.max_side || table.cells() > can.max_cells) {
      return fmt::format("{} x {} cells; at most {} a side and {} in all are allowed in one call", sources,
                         destinations, can.max_side, can.max_cells);
    }
    if (can.table == TableShape::kOneSided && sources > 1 && destinations > 1)
      return "this provider's tables have one source or one destination";
    return std::nullopt;
  }

  const std::string name_;
  const Endpoint endpoint_;
  const std::unique_ptr<ApiFormat> format_;
  const std::vector<Secret> keys_;
  const std::shared_ptr<HttpTransport> transport_;
  const base::Clock& clock_;
};

}  // namespace

std::shared_ptr<MapProvider> make_remote_provider(std::string name, Endpoint endpoint,
                                                  std::unique_ptr<ApiFormat> format, std::vector<Secret> keys,
                                                  std::shared_ptr<HttpTransport> transport,
                                                  const base::Clock& clock) {
  return std::make_shared<RemoteProvider>(std::move(name), std::move(endpoint), std::move(format),
                                          std::move(keys), std::move(transport), clock);
}

}  // namespace reckon::provider
