// `reckon tariff check`, `reckon tariff test` and `reckon tariff lint`.

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "reckon/base/file.h"
#include "reckon/fee/catalogue.h"
#include "reckon/fee/lint.h"
#include "reckon/fee/price.h"
#include "reckon/fee/tariff_reader.h"

namespace reckon::cli {
namespace {

base::Result<fee::Tariff> load(const std::string& path) {
  const auto bytes = base::read_file(path, fee::kMaxTariffBytes);
  if (!bytes) return base::fail(bytes.error());
  return fee::read_tariff(*bytes, path);
}

int run_check(const Args& args) {
  int exit = kDone;
  for (const auto& path : args.words()) {
    const auto tariff = load(path);
    if (tariff) {
      fmt::print("{}: ok: tariff '{}' version {}, {}\n", path, tariff->id, tariff->version, tariff->release);
    } else {
      exit = std::max(exit, report(tariff.error()));
    }
  }
  return exit;
}

std::string amount_text(const std::optional<fee::Money>& amount) {
  return amount ? std::to_string(amount->minor) : "none";
}

// What differs between a vector and the fee, or nothing.
std::string difference(const fee::Vector& vector, const base::Result<fee::FeeTrace>& trace) {
  if (!trace) {
    return trace.error().where == vector.refused
               ? std::string{}
               : fmt::format("{}: {}", trace.error().where, trace.error().message);
  }
  if (!vector.refused.empty())
    return fmt::format("total is {}, the vector says refused at '{}'", trace->total.minor, vector.refused);
  if (trace->total != vector.total) {
    std::string lines;
    for (const auto& line : trace->lines) {
      lines += fmt::format("{}{} {}", lines.empty() ? "" : ", ", fee::rule_of(*trace->tariff, line),
                           line.amount.minor);
    }
    return fmt::format("total is {} at {} ({}), the vector says {}", trace->total.minor,
                       base::format_rfc3339(vector.context.at), lines, vector.total.minor);
  }
  if (vector.rider_pay && (!trace->rider_pay || trace->rider_pay->total != *vector.rider_pay)) {
    return fmt::format("rider_pay is {}, the vector says {}",
                       trace->rider_pay ? std::to_string(trace->rider_pay->total.minor) : "none",
                       vector.rider_pay->minor);
  }
  if (vector.vat && trace->vat != vector.vat) {
    return fmt::format("vat is {}, the vector says {}", amount_text(trace->vat), amount_text(vector.vat));
  }
  return {};
}

int run_test(const Args& args) {
  int exit = kDone;
  for (const auto& path : args.words()) {
    auto loaded = load(path);
    if (!loaded) {
      exit = std::max(exit, report(loaded.error()));
      continue;
    }
    const auto tariff = std::make_shared<const fee::Tariff>(std::move(*loaded));
    int differing = 0;
    for (const auto& vector : tariff->vectors) {
      const auto differs = difference(
          vector, fee::price(tariff, vector.context, {vector.distance, "vector", {}, vector.trip}));
      if (differs.empty()) continue;
      ++differing;
      fmt::print("{}: vector '{}': {} ({})\n", path, vector.name, differs, vector.why);
    }
    fmt::print("{}: {}, {} differ{}{}\n", path,
               counted(static_cast<std::int64_t>(tariff->vectors.size()), "vector", "vectors"), differing,
               differing == 1 ? "s" : "",
               tariff->vectors.empty() ? "; at least one is needed to test a tariff" : "");
    if (tariff->vectors.empty() || differing > 0) exit = std::max<int>(exit, kSomeRowsFailed);
  }
  return exit;
}

// Files that only their order in a configuration would choose between.
bool tell_rivals(const std::vector<std::shared_ptr<const fee::Tariff>>& tariffs,
                 const std::vector<std::string>& paths) {
  const auto found = fee::rivals(tariffs);
  for (const auto& [first, second] : found)
    fmt::print(
        "{}#/scope: '{}' is for {} as '{}' ({}) is, in force at the same time, so that in one "
        "configuration {}; give one another scope{}\n",
        paths[second], tariffs[second]->id, fee::scope_text(*tariffs[second]), tariffs[first]->id,
        paths[first],
        tariffs[second]->scope ? "both are refused" : "the first prices requests that name none",
        tariffs[second]->scope ? " or valid_from" : "");
  return !found.empty();
}

int run_lint(const Args& args) {
  int exit = kDone;
  std::vector<std::shared_ptr<const fee::Tariff>> tariffs;
  std::vector<std::string> paths;
  for (const auto& path : args.words()) {
    auto tariff = load(path);
    if (!tariff) {
      exit = std::max(exit, report(tariff.error()));
      continue;
    }
    const auto remarks = fee::lint(*tariff);
    for (const auto& remark : remarks) fmt::print("{}#{}: {}\n", path, remark.where, remark.message);
    fmt::print("{}: {}\n", path, counted(static_cast<std::int64_t>(remarks.size()), "remark", "remarks"));
    if (!remarks.empty()) exit = std::max<int>(exit, kSomeRowsFailed);
    tariffs.push_back(std::make_shared<const fee::Tariff>(std::move(*tariff)));
    paths.push_back(path);
  }
  if (tell_rivals(tariffs, paths)) exit = std::max<int>(exit, kSomeRowsFailed);
  return exit;
}

}  // namespace

std::vector<Command> tariff_commands() {
  return {
      {"tariff check", "names every fault of tariff files", "FILE...", 1, 1000, {}, {}, run_check},
      {"tariff test",
       "runs the worked examples that stand in tariff files",
       "FILE...",
       1,
       1000,
       {},
       {},
       run_test},
      {"tariff lint",
       "says what sound tariff files hardly meant: gaps, rules that never fire, calendars that end",
       "FILE...",
       1,
       1000,
       {},
       {},
       run_lint},
  };
}

}  // namespace reckon::cli
