#include "reckon/provider/map_provider.h"

namespace reckon::provider {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kNoRoute:
      return "no_route";
    case Outcome::kBadRequest:
      return "bad_request";
    case Outcome::kAuth:
      return "auth";
    case Outcome::kQuota:
      return "quota";
    case Outcome::kThrottled:
      return "throttled";
    case Outcome::kUnavailable:
      return "unavailable";
    case Outcome::kTimeout:
      return "timeout";
    case Outcome::kMalformed:
      return "malformed";
    case Outcome::kImplausible:
      return "implausible";
    case Outcome::kLocalReject:
      return "local_reject";
  }
  return "unknown";
}

bool counts_as_failure(Outcome outcome) {
  return outcome == Outcome::kUnavailable || outcome == Outcome::kTimeout || outcome == Outcome::kMalformed ||
         outcome == Outcome::kImplausible;
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::kNone:
      return "";
    case Stage::kResolve:
      return "resolve";
    case Stage::kConnect:
      return "connect";
    case Stage::kTls:
      return "tls";
    case Stage::kSend:
      return "send";
    case Stage::kFirstByte:
      return "first_byte";
    case Stage::kBody:
      return "body";
  }
  return "";
}

std::string MapProvider::key_digest(std::string_view) const {
  return {};
}

TableAnswer MapProvider::table(const TableRequest&, base::Deadline) {
  TableAnswer none;
  none.whole.outcome = Outcome::kLocalReject;
  none.whole.detail = "this provider has no tables";
  return none;
}

std::string ProviderAnswer::reason() const {
  std::string text(to_string(outcome));
  if (stage != Stage::kNone) text.append(":").append(to_string(stage));
  return text;
}

}  // namespace reckon::provider
