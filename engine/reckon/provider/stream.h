#pragma once

// A TCP or TLS connection that never outlasts a deadline: the socket is non-blocking, and every wait is a
// poll that ends by then. Internal to the room: the transport's lowest layer.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"
#include "reckon/provider/http_transport.h"
#include "reckon/provider/resolver.h"

namespace reckon::provider {

/// An open descriptor, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

/// What TLS verifies against: the system's authorities, or those of one PEM file. Shared by all connections.
class TlsContext {
 public:
  /// @param ca_file  PEM; empty for the system's authorities
  /// @errors kEnvironment  the file cannot be read or holds no certificate
  static base::Result<std::shared_ptr<TlsContext>> make(const std::string& ca_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class Stream;
  explicit TlsContext(void* context) : context_(context) {}
  void* context_;  // SSL_CTX
};

enum class IoStatus : std::uint8_t { kOk, kClosed, kReset, kTimeout, kFault };

struct IoResult {
  IoStatus status = IoStatus::kOk;
  std::size_t count = 0;
};

/// Connects to the first of `addresses` that answers; the next one is begun 250 ms later, or at once when one
/// fails.
/// @return the descriptor; else kTimeout, kUnavailable or kLocalReject (no descriptor or port free) at
/// Stage::kConnect
tl::expected<Descriptor, HttpFailure> connect_any(const Addresses& addresses, std::uint16_t port,
                                                  const base::Clock& clock, base::Deadline deadline);

/// One connection. One thread at a time.
class Stream {
 public:
  explicit Stream(Descriptor descriptor);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  /// Puts TLS on the connection and verifies the peer's name before anything is sent.
  /// @return nothing on success; else kTimeout or kUnavailable at Stage::kTls
  std::optional<HttpFailure> start_tls(const TlsContext& context, const std::string& host,
                                       const base::Clock& clock, base::Deadline deadline);
  IoResult read(std::span<char> into, const base::Clock& clock, base::Deadline deadline);
  IoResult write_all(std::string_view bytes, const base::Clock& clock, base::Deadline deadline);
  /// False when the peer has closed or has sent bytes nobody asked for: unfit for another exchange.
  bool quiet() const;

 private:
  struct Tls;
  IoResult read_once(std::span<char> into, short& wanted);
  IoResult write_once(std::string_view bytes, short& wanted);
  Descriptor descriptor_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace reckon::provider
