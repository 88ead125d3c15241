#include "provider_sim_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "reckon/base/json_writer.h"

namespace reckon::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxHeadBytes = std::size_t{16} << 10;
constexpr std::size_t kMaxBodyBytes = std::size_t{64} << 10;  // a fault specification
constexpr std::size_t kMaxConnections = 8192;
constexpr int kBacklog = 1024;
constexpr milliseconds kDripPause{1000};
constexpr milliseconds kPlanTick{20};
constexpr std::string_view kLoginPage =
    "<html><head><title>Login</title></head><body>Please sign in.</body></html>";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

enum class Parse : std::uint8_t { kMore, kDone, kBroken };

// Takes one request off the front of `bytes`.
Parse parse_request(std::string& bytes, SimRequest& request) {
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string::npos) return bytes.size() > kMaxHeadBytes ? Parse::kBroken : Parse::kMore;
  const std::string_view head = std::string_view(bytes).substr(0, head_end + 2);
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first || !line.substr(last + 1).starts_with("HTTP/1."))
    return Parse::kBroken;
  request.method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.keep_alive = line.ends_with("1.1");
  std::size_t length = 0;
  for (std::size_t at = line.size() + 2; at < head.size();) {
    const auto end = head.find("\r\n", at);
    const auto header = head.substr(at, end - at);
    at = end + 2;
    const auto colon = header.find(':');
    if (colon == std::string_view::npos) return Parse::kBroken;
    const auto name = header.substr(0, colon), value = trimmed(header.substr(colon + 1));
    request.headers.emplace_back(name, value);
    for (char& c : request.headers.back().first) c = lower(c);
    if (same_word(name, "connection")) request.keep_alive = !same_word(value, "close");
    if (same_word(name, "transfer-encoding")) return Parse::kBroken;
    if (!same_word(name, "content-length")) continue;
    const auto [stop, fault] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (fault != std::errc{} || stop != value.data() + value.size() || length > kMaxBodyBytes)
      return Parse::kBroken;
  }
  if (bytes.size() < head_end + 4 + length) return Parse::kMore;
  request.body = bytes.substr(head_end + 4, length);
  bytes.erase(0, head_end + 4 + length);
  return Parse::kDone;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return status >= 500 ? "Server Error" : "Bad Request";
  }
}

std::string head_of(const SimReply& reply, bool keep_alive) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}{}\r\n", reply.status,
                     reason_of(reply.status), reply.content_type, reply.body.size(),
                     keep_alive ? "" : "Connection: close\r\n",
                     reply.status == 429 ? "Retry-After: 1\r\n" : "");
}

}  // namespace

// --- listening
// -------------------------------------------------------------------------------------------------------

ProviderSimServer::ProviderSimServer(const Options& options, ProviderApi api, FaultPlan plan)
    : options_(options),
      api_(std::move(api)),
      plan_(std::move(plan)),
      plan_since_(std::chrono::steady_clock::now()) {}

base::Result<std::unique_ptr<ProviderSimServer>> ProviderSimServer::listen(const Options& options,
                                                                           ProviderApi api, FaultPlan plan) {
  std::unique_ptr<ProviderSimServer> server(new ProviderSimServer(options, std::move(api), std::move(plan)));
  server->epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  server->signals_ = ::signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = server->signals_;
  if (server->epoll_ < 0 || server->signals_ < 0 ||
      ::epoll_ctl(server->epoll_, EPOLL_CTL_ADD, server->signals_, &event) != 0) {
    return base::fail(base::ErrorCode::kEnvironment, "provider-sim",
                      fmt::format("no descriptors: {}", std::strerror(errno)));
  }
  if (auto opened = server->open_listener(); !opened) return base::fail(opened.error());
  return server;
}

base::Result<void> ProviderSimServer::open_listener() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  if (::inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) {
    return base::fail(base::ErrorCode::kInvalidInput, "--host",
                      fmt::format("'{}' is no address; allowed: a numeric IPv4 address", options_.host));
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* raw = static_cast<sockaddr*>(static_cast<void*>(&address));
  socklen_t length = sizeof address;
  if (::bind(listener_, raw, length) != 0 || ::listen(listener_, kBacklog) != 0 ||
      ::getsockname(listener_, raw, &length) != 0) {
    const int error = errno;
    close_listener();
    return base::fail(
        base::ErrorCode::kEnvironment, fmt::format("{}:{}", options_.host, options_.port),
        fmt::format("cannot be listened on: {}; port 0 takes any free one", std::strerror(error)));
  }
  options_.port = ntohs(address.sin_port);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener_;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  return {};
}

void ProviderSimServer::close_listener() {
  if (listener_ >= 0) ::close(listener_);
  listener_ = -1;
}

ProviderSimServer::~ProviderSimServer() {
  for (const auto& [fd, connection] : connections_) ::close(fd);
  close_listener();
  if (signals_ >= 0) ::close(signals_);
  if (epoll_ >= 0) ::close(epoll_);
}

// --- the loop
// --------------------------------------------------------------------------------------------------------

milliseconds ProviderSimServer::elapsed() const {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - plan_since_);
}

// A refusing plan closes the listener itself: only then does the system refuse connections for us.
void ProviderSimServer::follow_plan() {
  const bool refuse = plan_.refuses_all(elapsed());
  if (refuse && listener_ >= 0) {
    close_listener();
    while (!connections_.empty()) drop(connections_.begin()->first, true);
  } else if (!refuse && listener_ < 0) {
    static_cast<void>(open_listener());  // the port may be taken for a moment: tried again at the next tick
  }
}

void ProviderSimServer::run() {
  std::array<epoll_event, 256> events{};
  for (;;) {
    follow_plan();
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == signals_) return;
      if (event.data.fd == listener_) {
        accept_all();
        continue;
      }
      if (!connections_.contains(event.data.fd)) continue;
      if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) on_readable(event.data.fd);
      if ((event.events & EPOLLOUT) != 0 && connections_.contains(event.data.fd)) on_writable(event.data.fd);
    }
    run_due();
  }
}

int ProviderSimServer::wait_ms() const {
  auto wait = kPlanTick;
  if (!timers_.empty()) {
    const auto left =
        std::chrono::ceil<milliseconds>(timers_.begin()->first - std::chrono::steady_clock::now());
    wait = std::clamp(left, milliseconds{0}, kPlanTick);
  }
  return static_cast<int>(wait.count());
}

void ProviderSimServer::at(Time when, int fd, std::function<void()> what) {
  timers_.emplace(when, Timer{fd, generations_[fd], std::move(what)});
}

void ProviderSimServer::run_due() {
  while (!timers_.empty() && timers_.begin()->first <= std::chrono::steady_clock::now()) {
    const Timer timer = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    if (connections_.contains(timer.fd) && generations_[timer.fd] == timer.generation) timer.what();
  }
}

void ProviderSimServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (connections_.size() >= kMaxConnections) {
      ::close(fd);
      continue;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_[fd];
    generations_[fd] = next_generation_++;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void ProviderSimServer::drop(int fd, bool reset) {
  if (reset) {
    const linger abort{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }
  connections_.erase(fd);
  generations_[fd] = 0;
  ::close(fd);
}

// --- requests
// --------------------------------------------------------------------------------------------------------

void ProviderSimServer::on_readable(int fd) {
  auto& connection = connections_[fd];
  std::array<char, 16384> bytes;
  for (;;) {
    const auto got = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (got <= 0) {
      drop(fd, false);
      return;
    }
    connection.in.append(bytes.data(), static_cast<std::size_t>(got));
    if (connection.in.size() > kMaxHeadBytes + kMaxBodyBytes) {
      drop(fd, true);
      return;
    }
  }
  while (connections_.contains(fd) && take_request(fd, connections_[fd])) {
  }
}

bool ProviderSimServer::take_request(int fd, Connection& connection) {
  if (connection.busy || connection.hung) return false;
  SimRequest request;
  switch (parse_request(connection.in, request)) {
    case Parse::kMore:
      return false;
    case Parse::kBroken:
      reply(fd, connection, {400, R"({"error":"not a request"})"}, {}, false);
      return false;
    case Parse::kDone:
      handle(fd, connection, request);
      return true;
  }
  return false;
}

void ProviderSimServer::handle(int fd, Connection& connection, const SimRequest& request) {
  if (request.path.starts_with("/sim/")) {
    reply(fd, connection, administer(request), {}, request.keep_alive);
    return;
  }
  ++requests_;
  const auto mischief = plan_.meet(elapsed(), random_);
  if (mischief.kind || mischief.factor != 1 || mischief.constant_m) ++misbehaved_;
  if (mischief.latency.count() == 0) {
    misbehave(fd, connection, request, mischief);
    return;
  }
  connection.busy = true;
  at(std::chrono::steady_clock::now() + mischief.latency, fd,
     [this, fd, request, mischief] { misbehave(fd, connections_[fd], request, mischief); });
}

void ProviderSimServer::misbehave(int fd, Connection& connection, const SimRequest& request,
                                  const Mischief& mischief) {
  switch (mischief.kind.value_or(SimFault::kLatency)) {
    case SimFault::kHang:
      connection.hung = true;
      return;
    case SimFault::kReset:
    case SimFault::kRefuse:
      drop(fd, true);
      return;
    case SimFault::kError:
    case SimFault::kThrottle:
      reply(fd, connection, {static_cast<int>(mischief.arg), R"({"msg":"drill"})"}, mischief,
            request.keep_alive);
      return;
    case SimFault::kHtml:
      reply(fd, connection, {200, std::string(kLoginPage), "text/html"}, mischief, request.keep_alive);
      return;
    default:
      reply(fd, connection, api_.answer(request, mischief), mischief, request.keep_alive);
  }
}

SimReply ProviderSimServer::administer(const SimRequest& request) {
  if (request.method == "POST" && request.path == "/sim/fault") {
    auto plan = FaultPlan::parse(request.body, "body");
    if (plan && plan->refuses_for_ever()) {
      plan = base::fail(base::ErrorCode::kInvalidInput, "body",
                        "a refuse without end could not be taken back; allowed: refuse@0s..30s and the like");
    }
    if (!plan) {
      SimReply refused{400, {}};
      base::JsonWriter json(refused.body);
      json.begin_object().key("faults").begin_array();
      for (const auto& fault : plan.error().all()) json.string(fault.where + ": " + fault.message);
      json.end_array().end_object();
      return refused;
    }
    plan_ = *std::move(plan);
    plan_since_ = std::chrono::steady_clock::now();
  } else if (request.method != "GET" || (request.path != "/sim/fault" && request.path != "/sim/stats")) {
    return {404, R"({"error":"no such path; allowed: POST /sim/fault, GET /sim/fault, GET /sim/stats"})"};
  }
  SimReply told;
  base::JsonWriter json(told.body);
  json.begin_object().key("fault").string(plan_.spec());
  json.key("requests").integer(static_cast<std::int64_t>(requests_));
  json.key("misbehaved").integer(static_cast<std::int64_t>(misbehaved_));
  json.key("connections").integer(static_cast<std::int64_t>(connections_.size())).end_object();
  return told;
}

// --- answers
// ---------------------------------------------------------------------------------------------------------

void ProviderSimServer::reply(int fd, Connection& connection, const SimReply& reply, const Mischief& mischief,
                              bool keep_alive) {
  const auto head = head_of(reply, keep_alive);
  connection.busy = true;
  connection.close_after = !keep_alive;
  connection.sent = 0;
  connection.out = head + reply.body;
  connection.drip_from = SIZE_MAX;
  if (mischief.kind == SimFault::kTruncate) {
    connection.out.resize(head.size() + reply.body.size() / 2);
    connection.close_after = true;
  }
  if (mischief.kind == SimFault::kDrip) connection.drip_from = mischief.arg > 0 ? head.size() : 0;
  send_some(fd, connection);
}

void ProviderSimServer::on_writable(int fd) {
  auto& connection = connections_[fd];
  if (connection.busy && !connection.out.empty() && connection.sent < connection.drip_from)
    send_some(fd, connection);
}

void ProviderSimServer::send_some(int fd, Connection& connection) {
  const auto until = std::min(connection.out.size(), std::max(connection.drip_from, connection.sent));
  while (connection.sent < until) {
    const auto sent =
        ::send(fd, connection.out.data() + connection.sent, until - connection.sent, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;  // epoll tells when there is room again
    if (sent <= 0) {
      drop(fd, false);
      return;
    }
    connection.sent += static_cast<std::size_t>(sent);
  }
  if (connection.sent < connection.out.size()) {  // dripping: the next byte in a second
    connection.drip_from = connection.sent;
    at(std::chrono::steady_clock::now() + kDripPause, fd, [this, fd] {
      auto& dripping = connections_[fd];
      ++dripping.drip_from;
      send_some(fd, dripping);
    });
    return;
  }
  if (connection.close_after) {
    drop(fd, false);
    return;
  }
  connection.out.clear();
  connection.busy = false;
  if (!connection.in.empty()) {  // a request that came meanwhile, taken outside of this call's references
    at(std::chrono::steady_clock::now(), fd, [this, fd] {
      while (connections_.contains(fd) && take_request(fd, connections_[fd])) {
      }
    });
  }
}

}  // namespace reckon::cli
