// `reckon explain`: a recorded fee in plain sentences, as text or as a page to print.

#include "reckon/fee/explain.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include "commands.h"
#include "overlay_options.h"
#include "reckon/base/file.h"
#include "reckon/base/json_reader.h"
#include "reckon/base/limits.h"
#include "reckon/base/vehicle.h"
#include "reckon/fee/tariff_reader.h"
#include "reckon/ledger/ledger.h"
#include "reckon/road/map_set.h"
#include "route_picture.h"

namespace reckon::cli {
namespace {

using base::ErrorCode;
using base::Result;

/// Rungs of a ladder.
constexpr std::size_t kMostReasons = 64;

// Prices the recorded inputs under the tariff that the record names; the bytes must be the recorded ones.
Result<fee::FeeTrace> again(std::string_view trace, std::string_view tariff_bytes, std::string_view where) {
  auto tariff = fee::read_tariff(tariff_bytes, "tariff");
  if (!tariff) return base::fail(tariff.error());
  const auto inputs = fee::read_trace_inputs(trace, where);
  if (!inputs) return base::fail(inputs.error());
  auto priced =
      fee::price(std::make_shared<const fee::Tariff>(std::move(*tariff)), inputs->context, inputs->distance);
  if (priced && fee::to_json(*priced) != trace) {
    return base::fail(
        ErrorCode::kCorrupt, std::string(where),
        "does not recompute, so there is nothing to explain; `reckon verify` says what differs");
  }
  return priced;
}

/// A fee computed again, and what its quote told besides.
struct Recorded {
  fee::FeeTrace trace;
  fee::ToldQuote told;
};

// What a quote tells of its distance; faults go to whoever verifies.
fee::ToldQuote read_told(const std::string& quote_id, std::string_view quote) {
  fee::ToldQuote told;
  told.quote_id = quote_id;
  const auto document = base::JsonDocument::parse(quote, "quote");
  if (!document) return told;
  base::Faults faults("quote");
  const auto distance = document->root(faults).optional("distance");
  if (!distance.present()) return told;
  constexpr auto kMost = fee::kMaxDistance.value;
  const auto low = distance.optional("low_m").integer(0, kMost),
             high = distance.optional("high_m").integer(0, kMost);
  if (low && high) told.interval = fee::ToldQuote::Interval{{*low}, {*high}};
  told.provisional = distance.optional("provisional").boolean().value_or(false);
  for (const auto& why : distance.optional("why_not").items(kMostReasons))
    told.why_not.emplace_back(why.required("rung").string().value_or(""),
                              why.required("reason").string().value_or(""));
  return told;
}

Result<Recorded> from_ledger(std::string_view url, const std::string& quote_id) {
  const auto ledger = ledger::Ledger::open(url, {.mode = ledger::Ledger::Mode::kReadOnly});
  if (!ledger) return base::fail(ledger.error());
  const auto stored = (*ledger)->find(quote_id);
  if (!stored) return base::fail(stored.error());
  if (!*stored)
    return base::fail(ErrorCode::kInvalidInput, quote_id,
                      "is not in the ledger; allowed: the id of a recorded quote");
  const auto tariff = (*ledger)->tariff((*stored)->row.tariff_release);
  if (!tariff) return base::fail(tariff.error());
  if (!*tariff)
    return base::fail(ErrorCode::kCorrupt, quote_id,
                      fmt::format("names tariff {}, which is missing; `reckon verify` says more",
                                  (*stored)->row.tariff_release));
  auto trace = again((*stored)->row.trace, **tariff, quote_id);
  if (!trace) return base::fail(trace.error());
  return Recorded{std::move(*trace), read_told(quote_id, (*stored)->row.quote)};
}

Result<Recorded> from_file(const std::string& path) {
  std::error_code unreadable;
  if (!std::filesystem::exists(path, unreadable))
    return base::fail(ErrorCode::kEnvironment, path,
                      "is no file here; allowed: a trace document, or the id of a recorded quote with "
                      "--ledger URL, such as --ledger sqlite:reckon.db");
  const auto bytes = base::read_file(path, fee::kMaxTariffBytes);
  if (!bytes) return base::fail(bytes.error());
  const auto document = base::JsonDocument::parse(*bytes, path);
  if (!document) return base::fail(document.error());
  base::Faults faults(path);
  const auto root = document->root(faults);
  root.allow_only({"trace", "trace_hash", "tariff"});
  const auto trace = root.required("trace"), tariff = root.required("tariff");
  if (!faults.empty()) return base::fail(faults.error(ErrorCode::kInvalidInput));
  auto priced = again(trace.dump(), tariff.dump(), path);
  if (!priced) return base::fail(priced.error());
  return Recorded{std::move(*priced), {}};
}

// The route of the recorded trip on the map, with where both ends met the road; nothing without map or trip.
Result<std::string> picture(const Args& args, const fee::FeeTrace& trace) {
  if (!args.has("map") || !trace.distance.trip) return std::string{};
  const auto maps = open_maps(args);
  if (!maps) return base::fail(maps.error());
  const auto& trip = *trace.distance.trip;
  const auto from = geo::LatLng::from_e7(static_cast<std::int32_t>(trip.from_lat_e7),
                                         static_cast<std::int32_t>(trip.from_lon_e7));
  const auto to = geo::LatLng::from_e7(static_cast<std::int32_t>(trip.to_lat_e7),
                                       static_cast<std::int32_t>(trip.to_lon_e7));
  const auto vehicle = base::vehicle_from(trip.vehicle).value_or(base::Vehicle::kMotorcycle);
  road::RouteOptions options;
  options.geometry = road::WithGeometry::kYes;
  road::RoadMap::Query query;
  const auto route = maps->route(query, vehicle, from, to, options);
  return route_svg({from, to, vehicle, route, &*maps});
}

int run_explain(const Args& args) {
  const auto language = fee::language_from(args.get_or("lang", "en"));
  if (!language)
    return report({ErrorCode::kInvalidInput, "--lang",
                   fmt::format("'{}' is not known; allowed: en, ko", *args.get("lang"))});
  const auto& what = args.words()[0];
  const auto ledger = args.get("ledger");
  const auto found = ledger ? from_ledger(*ledger, what) : from_file(what);
  if (!found) return report(found.error());
  const auto& [trace, told] = *found;
  if (const auto file = args.get("html")) {
    const auto drawn = picture(args, trace);
    if (!drawn) return report(drawn.error());
    const auto written = base::write_file_atomically(std::string(*file),
                                                     fee::explanation_html(trace, *language, *drawn, told));
    if (!written) return report(written.error());
  }
  return deliver(args, fee::explanation_text(trace, *language, told));
}

}  // namespace

std::vector<Command> explain_commands() {
  return {{"explain",
           "says in plain sentences how a recorded fee came about",
           "QUOTE",
           1,
           1,
           {{"ledger", "URL",
             "where the quote is recorded; without it QUOTE is a trace document (GET /v1/quotes/{id}/trace)"},
            {"lang", "en|ko", "English (the default) or Korean"},
            {"html", "FILE.html", "also a page to print"},
            {"map", "MAP", "with --html: draw the route and where its ends met the road"},
            {"out", "FILE", "the text into a file"}},
           {},
           run_explain}};
}

}  // namespace reckon::cli
