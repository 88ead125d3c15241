#include "reckon/base/result.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace reckon::base {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return "invalid_input";
    case ErrorCode::kBadTariff:
      return "bad_tariff";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kEnvironment:
      return "environment";
    case ErrorCode::kLimit:
      return "limit";
    case ErrorCode::kUnsupported:
      return "unsupported";
  }
  return "unknown";
}

std::vector<Fault> Error::all() const {
  std::vector<Fault> faults{{where, message}};
  faults.insert(faults.end(), further.begin(), further.end());
  return faults;
}

Error error_of(ErrorCode code, std::vector<Fault> faults) {
  RECKON_CHECK(!faults.empty());
  Error error{code, std::move(faults.front().where), std::move(faults.front().message)};
  faults.erase(faults.begin());
  error.further = std::move(faults);
  return error;
}

tl::unexpected<Error> fail(ErrorCode code, std::string where, std::string message) {
  return tl::unexpected(Error{code, std::move(where), std::move(message)});
}

tl::unexpected<Error> fail(Error error) {
  return tl::unexpected(std::move(error));
}

void check_failed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "reckon: broken invariant at %s:%d: %s\n", file, line, what);
  std::abort();
}

}  // namespace reckon::base
