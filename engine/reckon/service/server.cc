#include "reckon/service/server.h"

#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "reckon/base/limits.h"

namespace reckon::service {
namespace {

constexpr int kListenBacklog = 1024;
constexpr std::size_t kMaxPathTold = 200;  // of a path that is not served, in the answer
constexpr std::size_t kKeepAliveRequests = 1'000'000;
constexpr time_t kKeepAliveSeconds = 2;  // an idle connection owns a thread for as long
constexpr time_t kSocketSeconds = 5;

// Set on the threads that answer connections beyond the queue: they are refused, not served.
thread_local bool refusing = false;

// Set once a request of this thread's connection was refused with its body unread: what follows on the
// connection is that body, and must not be taken for a request (the library cannot be told to close). Cleared
// for each connection.
thread_local bool out_of_step = false;

constexpr std::size_t kRefusingThreads = 8;

// The library's queue cannot refuse, so a few more threads do nothing but answer 503.
class BoundedQueue final : public httplib::TaskQueue {
 public:
  BoundedQueue() {
    for (std::size_t i = 0; i < kServerThreads; ++i) threads_.emplace_back([this] { work(tasks_); });
    for (std::size_t i = 0; i < kRefusingThreads; ++i) {
      threads_.emplace_back([this] {
        refusing = true;
        work(refused_);
      });
    }
  }

  void enqueue(std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    (tasks_.size() < kServerQueue ? tasks_ : refused_).push_back(std::move(task));
    changed_.notify_all();
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      changed_.notify_all();
    }
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void work(std::deque<std::function<void()>>& tasks) {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return ending_ || !tasks.empty(); });
      if (tasks.empty()) return;
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      out_of_step = false;
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::deque<std::function<void()>> refused_;
  std::vector<std::thread> threads_;
  bool ending_ = false;
};

void send(httplib::Response& response, ApiAnswer answer) {
  response.status = answer.status;
  response.set_content(std::move(answer.body), std::string(answer.content_type));
}

// What must be refused before the library reads a body without bounds.
std::optional<ApiAnswer> refuse_early(const httplib::Request& request) {
  if (out_of_step) {
    return problem(400, "out_of_step", "the connection is not usable any more",
                   {{"connection", "follows a refused request; open a new one"}});
  }
  if (refusing)
    return problem(503, "overloaded", "too many requests at once", {{"server", "is full; try again soon"}});
  if (request.has_header("Transfer-Encoding")) {
    return problem(411, "length_required", "a Content-Length is needed",
                   {{"Transfer-Encoding", "is not allowed; send the body with Content-Length"}});
  }
  if (request.has_header("Content-Encoding")) {
    return problem(415, "encoding_unsupported", "the body's encoding is not supported",
                   {{"Content-Encoding", "is not allowed; send the body as it is"}});
  }
  if (request.get_header_value("Idempotency-Key").size() > kMaxIdempotencyKey) {
    return problem(
        400, "invalid_input", "the request is not well-formed",
        {{"Idempotency-Key", fmt::format("is too long; at most {} bytes are allowed", kMaxIdempotencyKey)}});
  }
  return std::nullopt;
}

// Reads the body itself: the library would take a body without a JSON content type (curl -d) for a form,
// parse it, and refuse it from 8 KiB on. Its bounds are Content-Length and the payload limit, checked before.
using Post = ApiAnswer (Api::*)(const ApiRequest&);
httplib::Server::HandlerWithContentReader posting(Api& api, Post post) {
  return [&api, post](const httplib::Request& request, httplib::Response& response,
                      const httplib::ContentReader& read) {
    if (request.is_multipart_form_data()) {
      return send(response, problem(415, "encoding_unsupported", "the body's type is not supported",
                                    {{"Content-Type", "is multipart; allowed: application/json"}}));
    }
    std::string body;
    const bool whole = read([&body](const char* bytes, std::size_t count) {
      body.append(bytes, count);
      return body.size() <= base::kMaxJsonBytes;
    });
    if (!whole) return;  // the library has set the status: too large, or the connection ended
    send(response, (api.*post)({body, request.get_header_value("Idempotency-Key")}));
  };
}

// The one method that a path takes; empty when there is no such path.
std::string_view method_of(std::string_view path) {
  if (path == "/v1/quotes" || path == "/v1/assignments") return "POST";
  if (path == "/v1/health" || path == "/metrics" || path == "/openapi.json") return "GET";
  return path.starts_with("/v1/quotes/") ? "GET" : "";
}

ApiAnswer no_such_path(const httplib::Request& request, httplib::Response& response) {
  constexpr std::string_view kTitle = "the request cannot be served";
  const auto method = method_of(request.path);
  if (method.empty() || method == request.method || (method == "GET" && request.method == "HEAD")) {
    return problem(404, "not_found", kTitle,
                   {{request.path.substr(0, kMaxPathTold),
                     "is not served; allowed: POST /v1/quotes, GET /v1/quotes/{id}, GET "
                     "/v1/quotes/{id}/trace, POST /v1/assignments, GET /v1/health, GET /metrics, GET "
                     "/openapi.json"}});
  }
  response.set_header("Allow", std::string(method));
  return problem(405, "method_not_allowed", kTitle,
                 {{request.path.substr(0, kMaxPathTold),
                   fmt::format("does not take {}; allowed: {}", request.method, method)}});
}

// Answers that the library makes itself (404, 400, 413, …) become problem documents too.
void complete_error(const httplib::Request& request, httplib::Response& response) {
  if (!response.body.empty()) return;
  if (response.status == 404) return send(response, no_such_path(request, response));
  if (response.status == 413) {
    return send(
        response,
        problem(413, "limit", "the request is too large",
                {{"body", fmt::format("is too large; at most {} bytes are allowed", base::kMaxJsonBytes)}}));
  }
  send(response, problem(response.status, "http_error", "the request cannot be served",
                         {{"request",
                           "is not HTTP as this server takes it; allowed: HTTP/1.1 with "
                           "Content-Length, heads of ordinary size"}}));
}

void route_all(httplib::Server& server, Api& api) {
  server.Post("/v1/quotes", posting(api, &Api::post_quote));
  server.Post("/v1/assignments", posting(api, &Api::post_assignment));
  server.Get(R"(/v1/quotes/([^/]{1,64}))", [&api](const auto& request, auto& response) {
    send(response, api.get_quote(request.matches[1].str()));
  });
  server.Get(R"(/v1/quotes/([^/]{1,64})/trace)", [&api](const auto& request, auto& response) {
    send(response, api.get_trace(request.matches[1].str()));
  });
  server.Get("/v1/health", [&api](const auto&, auto& response) { send(response, api.health()); });
  server.Get("/metrics", [&api](const auto&, auto& response) { send(response, api.metrics()); });
  server.Get("/openapi.json", [&api](const auto&, auto& response) { send(response, api.openapi()); });
}

}  // namespace

struct Server::State {
  httplib::Server http;
  int port = 0;
  int listening = -1;
  std::atomic<bool> ended = false;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::bind(Api& api, const std::string& host, int port) {
  auto state = std::make_unique<State>();
  httplib::Server& http = state->http;
  http.new_task_queue = [] { return new BoundedQueue; };
  http.set_tcp_nodelay(true);
  http.set_keep_alive_max_count(kKeepAliveRequests);
  http.set_keep_alive_timeout(kKeepAliveSeconds);
  http.set_read_timeout(kSocketSeconds);
  http.set_write_timeout(kSocketSeconds);
  http.set_payload_max_length(base::kMaxJsonBytes);
  http.set_socket_options([state = state.get()](socket_t fd) {
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    state->listening = fd;
  });
  http.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    auto refusal = refuse_early(request);
    if (!refusal) return httplib::Server::HandlerResponse::Unhandled;
    out_of_step = true;
    response.set_header("Connection", "close");
    send(response, std::move(*refusal));
    return httplib::Server::HandlerResponse::Handled;
  });
  http.set_exception_handler([&api](const httplib::Request&, httplib::Response& response,
                                    std::exception_ptr) {
    (void)api;
    send(response,
         problem(500, "internal", "the server failed", {{"server", "failed; the request was not served"}}));
  });
  http.set_error_handler(complete_error);
  route_all(http, api);
  state->port = port;
  const bool bound =
      port == 0 ? (state->port = http.bind_to_any_port(host)) > 0 : http.bind_to_port(host, port);
  if (!bound) {
    return base::fail(base::ErrorCode::kEnvironment, fmt::format("{}:{}", host, port),
                      "cannot be listened on; allowed: a free port on an address of this machine");
  }
  if (::listen(state->listening, kListenBacklog) != 0) {  // the library asks for 5
    return base::fail(base::ErrorCode::kEnvironment, fmt::format("{}:{}", host, port),
                      "cannot be listened on");
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

int Server::port() const {
  return state_->port;
}
bool Server::run() {
  const bool stopped = state_->http.listen_after_bind();
  state_->ended = true;
  return stopped;
}

void Server::stop() {
  // The library forgets a stop that comes before its loop has begun.
  while (!state_->http.is_running() && !state_->ended)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  state_->http.stop();
}

}  // namespace reckon::service
