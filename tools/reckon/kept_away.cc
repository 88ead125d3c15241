#include "kept_away.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace reckon::cli {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 5> kPassing = {"breaker_open", "ramping", "throttled", "unavailable",
                                                      "timeout"};
constexpr std::array<std::string_view, 2> kRefusing = {"auth", "quota"};

constexpr std::string_view kProvider = "provider:";

// Providers that were missed for one of these reasons, or a kind of it (`unavailable:connect`).
std::vector<std::string_view> missed(const distance::Distance& distance,
                                     std::span<const std::string_view> reasons) {
  std::vector<std::string_view> names;
  for (const auto& why : distance.why_not) {
    const auto kind = std::string_view(why.reason).substr(0, why.reason.find(':'));
    if (why.rung.starts_with(kProvider) && std::ranges::find(reasons, kind) != reasons.end())
      names.push_back(std::string_view(why.rung).substr(kProvider.size()));
  }
  return names;
}

constexpr std::string_view kGuessed = "rows priced meanwhile are guesses, 'provisional' in the answer";

std::string in_time(std::optional<base::WallTime> at, base::WallTime now) {
  const auto left = at ? std::chrono::ceil<seconds>(*at - now).count() : 0;
  return left > 0 ? fmt::format("in {} s", left) : "with the next row";
}

// What to do about one that comes back by itself.
std::string waiting(seconds wait) {
  return wait.count() > 0 ? fmt::format("they are asked again, for {} s in all", wait.count())
                          : std::string(kGuessed) +
                                "; --wait 2m asks them again until it is back, 'reckon incidents "
                                "list' says what happened";
}

// `5 %, then 25 %, 3 s each`.
std::string ramp_text(const distance::BreakerOptions& options) {
  std::string shares;
  for (const double share : options.ramp_shares)
    shares += fmt::format("{}{:g} %", shares.empty() ? "" : ", then ", 100 * share);
  return fmt::format("{}, {:g} s each", shares, std::chrono::duration<double>(options.ramp_step).count());
}

// A provider, and what its breaker says of it.
struct KeptAway {
  std::string_view provider, state;
  std::string again;  // when it is asked again
};

std::string line_of(const KeptAway& away, const distance::BreakerOptions& options, seconds wait) {
  const auto& [provider, state, again] = away;
  if (state == "ramping")
    return fmt::format("{}: is coming back from an outage and gets a share of the rows only ({}): {}",
                       provider, ramp_text(options), waiting(wait));
  if (state == "latched:auth" || state == "latched:quota")
    return fmt::format(
        "{}: {}, it is asked again {}: {}; 'reckon provider check' says more, and once that is mended, "
        "a good one has it asked again at once",
        provider, state == "latched:auth" ? "refused its key" : "its quota is spent", again, kGuessed);
  if (state == "forced_open")
    return fmt::format("{}: is taken away on purpose, and asked again {}: {}; 'reckon drill --end' ends that",
                       provider, again, kGuessed);
  return fmt::format(
      "{}: its breaker is open after an outage; it is asked again {}, then with a growing share of the rows: "
      "{}",
      provider, again, waiting(wait));
}

}  // namespace

bool waits_would_help(const distance::Distance& distance) {
  return !missed(distance, kPassing).empty();
}

std::string awaited(const distance::Distance& distance) {
  const auto names = missed(distance, kPassing);
  if (names.empty()) return {};
  return std::string(names[0]) + (names.size() > 1 ? fmt::format(", and {} more", names.size() - 1) : "");
}

bool was_refused(const distance::Distance& distance) {
  return !missed(distance, kRefusing).empty();
}

std::vector<std::string> kept_away_lines(const distance::DistanceService& service, base::Vehicle vehicle,
                                         base::WallTime now, seconds wait) {
  std::vector<std::string> lines;
  for (const auto& [provider, state] : service.breaker_states()) {
    if (!service.serves(provider, vehicle)) continue;
    if (state == "closed" || state == "forced_closed") break;  // those behind it are hardly asked
    lines.push_back(line_of({provider, state, in_time(service.asked_again_at(provider), now)},
                            service.breaker_options(), wait));
  }
  return lines;
}

}  // namespace reckon::cli
