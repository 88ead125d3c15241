#pragma once

// The transport over real sockets: keep-alive connections in a bounded pool, TLS with verification, and one
// deadline on the steady clock that ends resolving, connecting, handshakes, header drips and body drips
// alike. It owns no thread. Why not the HTTP library's client: docs/adr/0010-http-client.md.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/provider/http_transport.h"
#include "reckon/provider/resolver.h"

namespace reckon::provider {

struct HttpClientOptions {
  std::string ca_file;  ///< PEM with the authorities to trust; empty for the system's
  std::chrono::milliseconds resolve_budget{300};
  std::chrono::milliseconds connect_budget{1000};  ///< connect and TLS together
  std::chrono::seconds idle_for{
      4};                      ///< kept connections are dropped after it; OSRM's server closes after 5 s
  std::size_t max_idle = 32;   ///< kept connections, all hosts together
  std::size_t max_open = 256;  ///< connections in use; further exchanges are kLocalReject
};

/// @param clock     the machine's steady clock in real time: sockets wait by it. Outlives the transport
/// @param resolver  may be null: then only numeric addresses and `localhost` are reached. Shared
/// @errors kEnvironment  `ca_file` cannot be used
base::Result<std::shared_ptr<HttpTransport>> make_http_client(HttpClientOptions options,
                                                              const base::Clock& clock,
                                                              std::shared_ptr<Resolver> resolver);

}  // namespace reckon::provider
