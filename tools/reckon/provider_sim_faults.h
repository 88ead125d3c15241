#pragma once

// What a drill asks the stand-in provider to do wrong, when, and to what share of requests.

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/result.h"

namespace reckon::cli {

/// The grammar, for help and faults.
inline constexpr std::string_view kFaultGrammar =
    "KIND[=ARG][@FROM..TO][:SHARE%], separated by commas; KIND: hang, latency=300ms, error=503, "
    "throttle=429, reset, "
    "drip[=head|body], code=102, wrong=10x, constant=1234, refuse, truncate, html; FROM and TO: 0s, 1500ms, "
    "2m since the "
    "faults were set, TO may be empty";

enum class SimFault : std::uint8_t {
  kHang,      ///< never answers
  kLatency,   ///< answers later by ARG
  kError,     ///< HTTP status ARG, 400..599
  kThrottle,  ///< HTTP 429 with Retry-After
  kReset,     ///< breaks the connection with a reset
  kDrip,      ///< one byte a second, from the head or from the body on
  kCode,  ///< the vendor's own code ARG: positive inside HTTP 200, negative with the status that goes with it
  kWrong,     ///< distances times ARG
  kConstant,  ///< ARG metres for every trip
  kRefuse,    ///< connections are refused
  kTruncate,  ///< half of the body, then closed
  kHtml,      ///< HTTP 200 with a login page
};

struct FaultRule {
  SimFault kind = SimFault::kHang;
  double arg = 0;  ///< milliseconds, status, code, factor or metres
  std::chrono::milliseconds from{0};
  std::optional<std::chrono::milliseconds> to;  ///< exclusive; nothing: for ever
  double share = 1;                             ///< (0, 1]
};

/// What one request meets.
struct Mischief {
  std::chrono::milliseconds latency{0};
  std::optional<SimFault> kind;  ///< the first rule in force, besides latency, wrong and constant
  double arg = 0;
  double factor = 1;
  std::optional<std::int64_t> constant_m;
};

class FaultPlan {
 public:
  /// @errors kInvalidInput  every bad part of the specification; `where` as given
  static base::Result<FaultPlan> parse(std::string_view spec, std::string_view where);

  /// @param elapsed  since the plan was set
  Mischief meet(std::chrono::milliseconds elapsed, std::mt19937& random) const;
  /// Whether new connections are to be refused altogether.
  bool refuses_all(std::chrono::milliseconds elapsed) const;
  /// A `refuse` without end cannot be taken back over HTTP.
  bool refuses_for_ever() const;
  const std::string& spec() const { return spec_; }

 private:
  std::string spec_;
  std::vector<FaultRule> rules_;
};

}  // namespace reckon::cli
