#include "provider/scripted_server_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace reckon::tests {
namespace {

constexpr std::chrono::milliseconds kTick{5};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* raw(const sockaddr_in& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

int listening(std::uint16_t& port, int backlog, const std::string& at = "127.0.0.1") {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  ::inet_pton(AF_INET, at.c_str(), &address.sin_addr);
  socklen_t length = sizeof address;
  if (fd < 0 || ::bind(fd, raw(address), sizeof address) != 0 || ::listen(fd, backlog) != 0 ||
      ::getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), &length) != 0) {
    throw std::runtime_error("the test's server cannot listen on 127.0.0.1");
  }
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

bool Peer::readable(std::chrono::milliseconds within) const {
  pollfd one{fd_, POLLIN | POLLRDHUP, 0};
  return ::poll(&one, 1, static_cast<int>(within.count())) > 0;
}

std::string Peer::read_request() {
  std::string request;
  while (!stopping_ && request.find("\r\n\r\n") == std::string::npos) {
    if (!readable(kTick)) continue;
    char byte = 0;
    if (::recv(fd_, &byte, 1, 0) != 1) return {};
    request += byte;
  }
  return request;
}

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty() && !stopping_) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
      continue;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return !stopping_;
}

void Peer::drip(std::string_view bytes, std::chrono::milliseconds pause) {
  for (std::size_t i = 0; i < bytes.size() && send(bytes.substr(i, 1)); ++i) {
    if (readable(pause)) return;  // nothing more is expected from the client: it has gone
  }
}

void Peer::hang() {
  char sink[256];
  while (!stopping_) {
    if (readable(kTick) && ::recv(fd_, sink, sizeof sink, 0) <= 0) return;
  }
}

void Peer::reset() {
  const linger abort{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

ScriptedServer::ScriptedServer(Script script, const Place& place)
    : script_(std::move(script)), port_(place.port) {
  listener_ = listening(port_, 128, place.address);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  acceptor_.join();
  for (auto& connection : connections_) connection.join();
  ::close(listener_);
}

std::string ScriptedServer::url() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

void ScriptedServer::accept_all() {
  while (!stopping_) {
    pollfd one{listener_, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(kTick.count())) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    connections_.emplace_back([this, fd, number = accepted_++] {
      // A client that has gone must not end the test through SIGPIPE; the client under test gets no such
      // help.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      Peer peer(fd, number, stopping_);
      script_(peer);
      ::close(fd);
    });
  }
}

std::uint16_t closed_port() {
  std::uint16_t port = 0;
  ::close(listening(port, 1));
  return port;
}

BlackHole::BlackHole() : listener_(listening(port_, 0)) {
  // Two connections fill a queue of length 0; the kernel then drops further SYNs.
  for (int i = 0; i < 4; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto address = loopback(port_);
    if (::connect(fd, raw(address), sizeof address) != 0 && errno != EINPROGRESS) {
      ::close(fd);
      continue;
    }
    fillers_.push_back(fd);
  }
}

BlackHole::~BlackHole() {
  for (const int fd : fillers_) ::close(fd);
  ::close(listener_);
}

std::string ok_response(std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                     body.size(), body);
}

}  // namespace reckon::tests
