#pragma once

// Errors as values. What a caller may meet (bad input, missing file, timeout) comes back as Result<T>; only
// our own invariants are checked with RECKON_CHECK, which stays on in release builds.

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace reckon::base {

/// Why something could not be done; stable names (see `to_string`) that programs may match on.
enum class ErrorCode {
  kInvalidInput,  ///< the caller's value is outside what is allowed
  kBadTariff,     ///< a tariff contradicts itself or the tariff language
  kNotFound,      ///< a named thing (quote, tariff, key) does not exist
  kConflict,      ///< contradicts what is already recorded
  kCorrupt,       ///< bytes do not match their checksum or format
  kEnvironment,   ///< missing file, port taken, store unreachable
  kLimit,         ///< a stated limit would be exceeded
  kUnsupported,   ///< well-formed, but not something this version does
};

std::string_view to_string(ErrorCode code);

/// One thing that is wrong: where it stands, and what is wrong with it together with what is allowed.
struct Fault {
  std::string where;    ///< `file:line:column`, a JSON pointer, an option, or a row; never empty
  std::string message;  ///< "<what>; <what is allowed>"

  friend bool operator==(const Fault&, const Fault&) = default;
};

/// The first fault, and the further ones found in the same pass (readers collect up to kMaxFaults).
struct Error {
  ErrorCode code;
  std::string where;
  std::string message;
  std::vector<Fault> further = {};

  /// First and further faults in the order they were found.
  std::vector<Fault> all() const;
};

/// An Error made of all `faults`; `faults` must not be empty.
Error error_of(ErrorCode code, std::vector<Fault> faults);

template <class T>
using Result = tl::expected<T, Error>;

/// Shorthand for the failing branch of a Result: `return fail(ErrorCode::kInvalidInput, "/base", "...;
/// ...");`
tl::unexpected<Error> fail(ErrorCode code, std::string where, std::string message);
tl::unexpected<Error> fail(Error error);

/// Ends the process with `what` on stderr. Called by RECKON_CHECK only.
[[noreturn]] void check_failed(const char* file, int line, const char* what);

}  // namespace reckon::base

/// Own invariants only. Input, network and files never meet a check.
#define RECKON_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::reckon::base::check_failed(__FILE__, __LINE__, #condition))
