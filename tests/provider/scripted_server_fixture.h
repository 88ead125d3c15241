#pragma once

// A server that misbehaves on purpose: on each connection it runs a script over a raw socket. For tests of
// the transport only. It listens on 127.0.0.1 at a free port and ends, with all its connections, in the
// destructor.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace reckon::tests {

/// One accepted connection, as a script sees it. All waits end when the server is destroyed.
class Peer {
 public:
  Peer(int fd, int connection, const std::atomic<bool>& stopping)
      : fd_(fd), connection_(connection), stopping_(stopping) {}

  int fd() const { return fd_; }
  /// 0 for the first connection that the server accepted.
  int connection() const { return connection_; }
  /// Reads one request's head (up to the blank line); empty when the client closed.
  std::string read_request();
  /// Sends all; false when the client is gone.
  bool send(std::string_view bytes);
  /// Sends byte by byte with a pause after each, until the client is gone or the server stops.
  void drip(std::string_view bytes, std::chrono::milliseconds pause);
  /// Waits until the client closes, or the server stops.
  void hang();
  /// Makes the close at the script's end a reset instead of an orderly one.
  void reset();
  bool stopping() const { return stopping_; }

 private:
  bool readable(std::chrono::milliseconds within) const;
  int fd_;
  int connection_;
  const std::atomic<bool>& stopping_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  struct Place {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one
  };
  explicit ScriptedServer(Script script, const Place& place = {"127.0.0.1", 0});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const;
  int accepted() const { return accepted_; }

 private:
  void accept_all();

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::vector<std::thread> connections_;  // touched by the acceptor, then by the destructor
  std::thread acceptor_;
};

/// A port on 127.0.0.1 where nothing listens now.
std::uint16_t closed_port();

/// A listener whose queue is full: a connection to it is never answered, like a black hole.
class BlackHole {
 public:
  BlackHole();
  ~BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::vector<int> fillers_;
};

/// `HTTP/1.1 200 OK` with this JSON body and its length.
std::string ok_response(std::string_view body);

/// A self-made authority and server certificates, for one process's tests; keys live in memory only.
class TestCertificates {
 public:
  enum class Validity : std::uint8_t { kValid, kExpired };

  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;
  /// PEM file with the authority's certificate, removed in the destructor.
  const std::string& ca_file() const { return ca_file_; }
  /// Runs `script` over TLS on the peer, with a certificate for `name` (an IP address or a host). False when
  /// the handshake failed, as it does when the client refuses the certificate.
  bool serve(Peer& peer, const std::string& name, Validity validity,
             const std::function<void(const std::function<void(std::string_view)>& send)>& script);

 private:
  struct State;
  State* state_;
  std::string ca_file_;
};

}  // namespace reckon::tests
