#pragma once

// One HTTP exchange as the vendors see it: a request and a deadline go in; an answer with complete framing,
// or a classified failure, comes out by the deadline. Plain types only, so that tests and embedders can put
// another transport in its place.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/provider/endpoint.h"
#include "reckon/provider/map_provider.h"

namespace reckon::provider {

struct HttpHeader {
  std::string name;
  std::string value;
};

/// Bodies that a routing answer with `summary=true` can have; sources.md#provider-limits.
inline constexpr std::size_t kDefaultMaxBodyBytes = std::size_t{256} << 10;

/// Every request to a map API is safe to repeat; the transport relies on that when a kept connection proves
/// dead.
struct HttpRequest {
  Endpoint endpoint;
  std::string method = "GET";       ///< `GET` or `POST`
  std::string target;               ///< path and query, after the endpoint's base path; begins with `/`
  std::vector<HttpHeader> headers;  ///< besides Host, Connection, Content-Length and Accept-Encoding
  std::string body;                 ///< sent with POST only
  std::size_t max_body_bytes = kDefaultMaxBodyBytes;
};

struct HttpResponse {
  int status = 0;  ///< [200, 599]; interim ones are skipped
  std::vector<HttpHeader> headers;
  std::string body;

  /// The first header of this name, whatever its case.
  std::optional<std::string_view> header(std::string_view name) const;
};

/// Why there is no answer: kUnavailable, kTimeout, kMalformed or kLocalReject, and how far it had come.
struct HttpFailure {
  Outcome outcome = Outcome::kUnavailable;
  Stage stage = Stage::kNone;
  std::string detail;  ///< for people; never a header value of the request
};

using HttpResult = tl::expected<HttpResponse, HttpFailure>;

/// Implementations are safe to call from several threads at once and return by the deadline (+ scheduling).
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// Redirects are answers, never followed: a key must not travel to another host.
  virtual HttpResult exchange(const HttpRequest& request, base::Deadline deadline) = 0;
};

}  // namespace reckon::provider
