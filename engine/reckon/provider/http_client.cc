#include "reckon/provider/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "reckon/provider/http_response_reader.h"
#include "reckon/provider/stream.h"

namespace reckon::provider {
namespace {

// Kept connections by where they lead; the youngest is used first, so that the rest can grow old and go.
class IdlePool {
 public:
  IdlePool(const base::Clock& clock, const HttpClientOptions& options) : clock_(clock), options_(options) {}

  std::optional<Stream> take(const std::string& key) {
    const std::lock_guard lock(mutex_);
    drop_old();
    for (std::size_t i = idle_.size(); i-- > 0;) {
      if (idle_[i].key != key) continue;
      Stream stream = std::move(idle_[i].stream);
      idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
      if (stream.quiet()) return stream;
    }
    return std::nullopt;
  }

  void give(std::string key, Stream stream) {
    const std::lock_guard lock(mutex_);
    drop_old();
    if (idle_.size() >= options_.max_idle) idle_.pop_front();
    idle_.push_back({std::move(key), std::move(stream), clock_.steady_now()});
  }

 private:
  struct Idle {
    std::string key;
    Stream stream;
    base::SteadyTime since;
  };

  void drop_old() {
    const auto now = clock_.steady_now();
    while (!idle_.empty() && now - idle_.front().since >= options_.idle_for) idle_.pop_front();
  }

  const base::Clock& clock_;
  const HttpClientOptions& options_;
  std::mutex mutex_;
  std::deque<Idle> idle_;  // oldest first
};

tl::unexpected<HttpFailure> failed(Outcome outcome, Stage stage, std::string detail) {
  return tl::unexpected(HttpFailure{outcome, stage, std::move(detail)});
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// A control character or a blank in the target could end a line and begin another: such requests are never
// sent.
std::optional<std::string> unsendable(const HttpRequest& request) {
  if (request.method != "GET" && request.method != "POST") return "the method is neither GET nor POST";
  if (!request.target.starts_with('/') || has_control(request.target) ||
      request.target.find(' ') != std::string::npos) {
    return "the target holds control characters or blanks";
  }
  for (const auto& header : request.headers) {
    if (has_control(header.name) || has_control(header.value) || header.name.empty()) {
      return "a header holds control characters";
    }
  }
  return std::nullopt;
}

std::string wire_form(const HttpRequest& request) {
  std::string wire =
      fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: identity\r\n", request.method,
                  request.endpoint.base_path, request.target, request.endpoint.authority());
  for (const auto& header : request.headers) wire += fmt::format("{}: {}\r\n", header.name, header.value);
  if (request.method == "POST") wire += fmt::format("Content-Length: {}\r\n", request.body.size());
  wire += "\r\n";
  if (request.method == "POST") wire += request.body;
  return wire;
}

class HttpClient final : public HttpTransport {
 public:
  HttpClient(HttpClientOptions options, const base::Clock& clock, std::shared_ptr<Resolver> resolver,
             std::shared_ptr<TlsContext> tls)
      : options_(std::move(options)),
        clock_(clock),
        resolver_(std::move(resolver)),
        tls_(std::move(tls)),
        pool_(clock_, options_) {}

  HttpResult exchange(const HttpRequest& request, base::Deadline deadline) override {
    if (const auto why = unsendable(request)) return failed(Outcome::kLocalReject, Stage::kNone, *why);
    if (open_.fetch_add(1) >= options_.max_open) {
      open_.fetch_sub(1);
      return failed(Outcome::kLocalReject, Stage::kNone, "too many connections are open");
    }
    auto result = exchange_once_or_twice(request, deadline);
    open_.fetch_sub(1);
    return result;
  }

 private:
  struct Attempt {
    HttpResult result;
    bool any_byte = false;
    bool peer_closed = false;
  };

  HttpResult exchange_once_or_twice(const HttpRequest& request, base::Deadline deadline) {
    const std::string wire = wire_form(request);
    const std::string key = fmt::format("{}:{}:{}", static_cast<int>(request.endpoint.scheme),
                                        request.endpoint.host, request.endpoint.port);
    if (auto kept = pool_.take(key)) {
      auto attempt = run(*std::move(kept), key, request, wire, deadline);
      // The server may close a kept connection just as we use it: that says nothing about its health.
      if (attempt.result || attempt.any_byte || !attempt.peer_closed) return std::move(attempt.result);
    }
    auto stream = open(request.endpoint, deadline);
    if (!stream) return tl::unexpected(std::move(stream.error()));
    return run(*std::move(stream), key, request, wire, deadline).result;
  }

  tl::expected<Stream, HttpFailure> open(const Endpoint& endpoint, base::Deadline deadline) {
    auto addresses = resolve(endpoint.host, deadline);
    if (!addresses) return tl::unexpected(std::move(addresses.error()));
    const base::Deadline connect_by{std::min(deadline.at, clock_.steady_now() + options_.connect_budget)};
    auto descriptor = connect_any(*addresses, endpoint.port, clock_, connect_by);
    if (!descriptor) return tl::unexpected(std::move(descriptor.error()));
    Stream stream(*std::move(descriptor));
    if (endpoint.scheme == Scheme::kHttps) {
      if (auto failure = stream.start_tls(*tls_, endpoint.host, clock_, connect_by)) {
        return tl::unexpected(*std::move(failure));
      }
    }
    return stream;
  }

  ResolveResult resolve(const std::string& host, base::Deadline deadline) {
    if (auto literal = literal_addresses(host)) return *std::move(literal);
    if (!resolver_)
      return failed(Outcome::kLocalReject, Stage::kResolve, "no resolver for host names was handed in");
    return resolver_->resolve(host, {std::min(deadline.at, clock_.steady_now() + options_.resolve_budget)});
  }

  Attempt run(Stream stream, const std::string& key, const HttpRequest& request, const std::string& wire,
              base::Deadline deadline) {
    const auto sent = stream.write_all(wire, clock_, deadline);
    if (sent.status != IoStatus::kOk) {
      const bool late = sent.status == IoStatus::kTimeout;
      return {failed(late ? Outcome::kTimeout : Outcome::kUnavailable, Stage::kSend,
                     "the request could not be sent"),
              false, !late};
    }
    HttpResponseReader reader(request.max_body_bytes);
    std::array<char, std::size_t{16} << 10> bytes;
    for (;;) {
      const auto got = stream.read(bytes, clock_, deadline);
      if (got.status == IoStatus::kTimeout || got.status == IoStatus::kReset ||
          got.status == IoStatus::kFault) {
        return interrupted(reader, got.status);
      }
      if (got.status == IoStatus::kClosed && !reader.any_byte())
        return interrupted(reader, IoStatus::kClosed);
      const auto progress =
          got.status == IoStatus::kClosed ? reader.close() : reader.feed({bytes.data(), got.count});
      if (progress == HttpResponseReader::Progress::kBroken) {
        return {failed(Outcome::kMalformed, reader.in_body() ? Stage::kBody : Stage::kNone, reader.fault()),
                true, false};
      }
      if (progress == HttpResponseReader::Progress::kDone) {
        if (reader.reusable() && got.status == IoStatus::kOk) pool_.give(key, std::move(stream));
        return {reader.take(), true, false};
      }
    }
  }

  static Attempt interrupted(const HttpResponseReader& reader, IoStatus status) {
    const auto stage = reader.in_body() ? Stage::kBody : Stage::kFirstByte;
    if (status == IoStatus::kTimeout) {
      return {failed(Outcome::kTimeout, stage, "the answer was not complete in time"), reader.any_byte(),
              false};
    }
    return {failed(Outcome::kUnavailable, stage,
                   status == IoStatus::kClosed ? "the connection was closed without an answer"
                                               : "the connection was reset"),
            reader.any_byte(), true};
  }

  const HttpClientOptions options_;
  const base::Clock& clock_;
  const std::shared_ptr<Resolver> resolver_;
  const std::shared_ptr<TlsContext> tls_;
  IdlePool pool_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace

base::Result<std::shared_ptr<HttpTransport>> make_http_client(HttpClientOptions options,
                                                              const base::Clock& clock,
                                                              std::shared_ptr<Resolver> resolver) {
  auto tls = TlsContext::make(options.ca_file);
  if (!tls) return base::fail(std::move(tls.error()));
  return std::make_shared<HttpClient>(std::move(options), clock, std::move(resolver), *std::move(tls));
}

}  // namespace reckon::provider
