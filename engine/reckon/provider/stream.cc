#include "reckon/provider/stream.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

namespace reckon::provider {
namespace {

constexpr std::chrono::milliseconds kNextAddressAfter{250};  // RFC 8305 recommends 250 ms

enum class Wait : std::uint8_t { kReady, kTimeout, kFault };

// Waits until one of `fds` has an event, at most until `until`.
Wait wait_any(std::span<pollfd> fds, const base::Clock& clock, base::SteadyTime until) {
  for (;;) {
    const auto left = until - clock.steady_now();
    if (left <= left.zero()) return Wait::kTimeout;
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    const timespec timeout{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    const int ready = ::ppoll(fds.data(), fds.size(), &timeout, nullptr);
    if (ready > 0) return Wait::kReady;
    if (ready < 0 && errno != EINTR) return Wait::kFault;
  }
}

Wait wait_one(int fd, short events, const base::Clock& clock, base::SteadyTime until) {
  pollfd one{fd, events, 0};
  return wait_any({&one, 1}, clock, until);
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress out;
  if (address.family == IpAddress::Family::kV4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data(), sizeof v4.sin_addr);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.length = sizeof v6;
  }
  return out;
}

// Our own shortage, not the provider's fault.
bool is_local(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
         error == EADDRNOTAVAIL || error == EAGAIN;
}

tl::unexpected<HttpFailure> connect_failed(int error) {
  return tl::unexpected(HttpFailure{is_local(error) ? Outcome::kLocalReject : Outcome::kUnavailable,
                                    Stage::kConnect, std::strerror(error)});
}

// Begins one connection attempt; 0 when it goes on (or is done already), else the error.
int begin_connect(const IpAddress& address, std::uint16_t port, Descriptor& out) {
  const auto to = socket_address(address, port);
  Descriptor fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return errno;
  const int on = 1;  // a request is one small segment: never held back for an acknowledgement
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* raw = static_cast<const sockaddr*>(static_cast<const void*>(&to.storage));
  if (::connect(fd.get(), raw, to.length) != 0 && errno != EINPROGRESS && errno != EINTR) return errno;
  out = std::move(fd);
  return 0;
}

int socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

// Takes the finished attempts out of `pending`; a connected one comes back.
std::optional<Descriptor> harvest(std::vector<Descriptor>& pending, std::span<const pollfd> polled,
                                  int& last_error) {
  for (std::size_t i = polled.size(); i-- > 0;) {
    if (polled[i].revents == 0) continue;
    Descriptor finished = std::move(pending[i]);
    pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(i));
    const int error = socket_error(finished.get());
    if (error == 0) return finished;
    last_error = error;
  }
  return std::nullopt;
}

// A socket BIO that cannot raise SIGPIPE: the library must not depend on the program's signal handling.
int bio_write(BIO* bio, const char* bytes, int count) {
  const int fd = *static_cast<int*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(fd, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int count) {
  const int fd = *static_cast<int*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto received = ::recv(fd, into, static_cast<std::size_t>(count), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(received);
}

long bio_ctrl(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* socket_bio() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reckon socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_ctrl);
    BIO_meth_set_create(made, bio_create);
    return made;
  }();
  return method;
}

std::string tls_reason(const SSL* ssl) {
  if (const long verify = SSL_get_verify_result(ssl); verify != X509_V_OK) {
    return fmt::format("certificate refused: {}", X509_verify_cert_error_string(verify));
  }
  const auto code = ERR_peek_last_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? "the handshake was broken off" : text;
}

HttpFailure tls_failure(Outcome outcome, std::string detail) {
  return {outcome, Stage::kTls, std::move(detail)};
}

}  // namespace

// --- descriptors and connecting
// --------------------------------------------------------------------------------------

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

tl::expected<Descriptor, HttpFailure> connect_any(const Addresses& addresses, std::uint16_t port,
                                                  const base::Clock& clock, base::Deadline deadline) {
  std::vector<Descriptor> pending;
  std::size_t next = 0;
  auto next_at = clock.steady_now();
  int last_error = ECONNREFUSED;
  for (;;) {
    if (next < addresses.size() && (pending.empty() || clock.steady_now() >= next_at)) {
      Descriptor begun;
      last_error = begin_connect(addresses[next++], port, begun);
      if (last_error == 0) pending.push_back(std::move(begun));
      next_at = clock.steady_now() + kNextAddressAfter;
      continue;
    }
    if (pending.empty()) return connect_failed(last_error);
    std::vector<pollfd> polled;
    for (const auto& attempt : pending) polled.push_back({attempt.get(), POLLOUT, 0});
    const auto until = next < addresses.size() ? std::min(deadline.at, next_at) : deadline.at;
    const auto waited = wait_any(polled, clock, until);
    if (waited == Wait::kFault) return connect_failed(errno);
    if (waited == Wait::kReady) {
      if (auto connected = harvest(pending, polled, last_error)) return *std::move(connected);
    } else if (clock.steady_now() >= deadline.at) {
      return tl::unexpected(HttpFailure{Outcome::kTimeout, Stage::kConnect, "no connection in time"});
    }
  }
}

// --- TLS
// -------------------------------------------------------------------------------------------------------------

base::Result<std::shared_ptr<TlsContext>> TlsContext::make(const std::string& ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  RECKON_CHECK(context != nullptr);
  std::shared_ptr<TlsContext> made(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                     : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
  ERR_clear_error();
  if (loaded == 1) return made;
  return base::fail(
      base::ErrorCode::kEnvironment, ca_file.empty() ? "ca" : ca_file,
      "certificate authorities cannot be read; a PEM file with at least one certificate is needed");
}

TlsContext::~TlsContext() {
  SSL_CTX_free(static_cast<SSL_CTX*>(context_));
}

struct Stream::Tls {
  SSL* ssl = nullptr;
  int fd = -1;  // what the BIO reads and writes; owned by the stream's descriptor
  ~Tls() { SSL_free(ssl); }
};

Stream::Stream(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

std::optional<HttpFailure> Stream::start_tls(const TlsContext& context, const std::string& host,
                                             const base::Clock& clock, base::Deadline deadline) {
  tls_ = std::make_unique<Tls>();
  tls_->fd = descriptor_.get();
  tls_->ssl = SSL_new(static_cast<SSL_CTX*>(context.context_));
  BIO* bio = BIO_new(socket_bio());
  if (tls_->ssl == nullptr || bio == nullptr) return tls_failure(Outcome::kLocalReject, "no memory for TLS");
  BIO_set_data(bio, &tls_->fd);
  SSL_set_bio(tls_->ssl, bio, bio);
  if (literal_addresses(host) && host != "localhost") {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_->ssl), host.c_str());
  } else {
    // The function behind the macro SSL_set_tlsext_host_name; OpenSSL copies the name and does not write to
    // it.
    SSL_ctrl(tls_->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
    SSL_set1_host(tls_->ssl, host.c_str());
  }
  for (;;) {
    ERR_clear_error();
    const int done = SSL_connect(tls_->ssl);
    if (done == 1) return std::nullopt;
    const int why = SSL_get_error(tls_->ssl, done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
      return tls_failure(Outcome::kUnavailable, tls_reason(tls_->ssl));
    }
    const auto waited =
        wait_one(descriptor_.get(), why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, clock, deadline.at);
    if (waited != Wait::kReady)
      return tls_failure(Outcome::kTimeout, "the TLS handshake did not end in time");
  }
}

// --- reading and writing
// ---------------------------------------------------------------------------------------------

namespace {

// `wanted` is set when the call must be made again after that event.
IoResult tls_result(const SSL* ssl, int done, short& wanted) {
  switch (SSL_get_error(ssl, done)) {
    case SSL_ERROR_WANT_READ:
      wanted = POLLIN;
      return {};
    case SSL_ERROR_WANT_WRITE:
      wanted = POLLOUT;
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::kClosed, 0};
    default:
      // A peer that closes without saying so in TLS: told like a plain close; framing decides what it means.
      return {ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? IoStatus::kClosed
                                                                                          : IoStatus::kReset,
              0};
  }
}

IoResult plain_result(ssize_t done, short event, short& wanted) {
  if (done > 0) return {IoStatus::kOk, static_cast<std::size_t>(done)};
  if (done == 0) return {IoStatus::kClosed, 0};
  if (errno == EAGAIN || errno == EINTR) {
    wanted = event;
    return {};
  }
  return {errno == ECONNRESET || errno == EPIPE ? IoStatus::kReset : IoStatus::kFault, 0};
}

}  // namespace

IoResult Stream::read_once(std::span<char> into, short& wanted) {
  if (!tls_) return plain_result(::recv(descriptor_.get(), into.data(), into.size(), 0), POLLIN, wanted);
  ERR_clear_error();
  const int done = SSL_read(tls_->ssl, into.data(), static_cast<int>(into.size()));
  if (done > 0) return {IoStatus::kOk, static_cast<std::size_t>(done)};
  return tls_result(tls_->ssl, done, wanted);
}

IoResult Stream::write_once(std::string_view bytes, short& wanted) {
  if (!tls_) {
    return plain_result(::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), POLLOUT, wanted);
  }
  ERR_clear_error();
  const int done = SSL_write(tls_->ssl, bytes.data(), static_cast<int>(bytes.size()));
  if (done > 0) return {IoStatus::kOk, static_cast<std::size_t>(done)};
  return tls_result(tls_->ssl, done, wanted);
}

IoResult Stream::read(std::span<char> into, const base::Clock& clock, base::Deadline deadline) {
  for (;;) {
    // Asked before each read, and not only when there is nothing to read: a peer that always has one more
    // byte would otherwise never be told that time is up.
    if (deadline.left(clock).count() == 0) return {IoStatus::kTimeout, 0};
    short wanted = 0;
    const auto result = read_once(into, wanted);
    if (wanted == 0) return result;
    const auto waited = wait_one(descriptor_.get(), wanted, clock, deadline.at);
    if (waited != Wait::kReady) return {waited == Wait::kTimeout ? IoStatus::kTimeout : IoStatus::kFault, 0};
  }
}

IoResult Stream::write_all(std::string_view bytes, const base::Clock& clock, base::Deadline deadline) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    if (deadline.left(clock).count() == 0) return {IoStatus::kTimeout, sent};
    short wanted = 0;
    const auto result = write_once(bytes.substr(sent), wanted);
    if (result.status != IoStatus::kOk) return {result.status, sent};
    sent += result.count;
    if (wanted == 0) continue;
    const auto waited = wait_one(descriptor_.get(), wanted, clock, deadline.at);
    if (waited != Wait::kReady)
      return {waited == Wait::kTimeout ? IoStatus::kTimeout : IoStatus::kFault, sent};
  }
  return {IoStatus::kOk, bytes.size()};
}

bool Stream::quiet() const {
  if (tls_ && SSL_has_pending(tls_->ssl) == 1) return false;
  pollfd one{descriptor_.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&one, 1, 0) == 0;
}

}  // namespace reckon::provider
