#pragma once

// The API on a socket. The HTTP library's traps are cured here; everything of meaning is in api.h.

#include <functional>
#include <memory>
#include <string>

#include "reckon/base/result.h"
#include "reckon/service/api.h"

namespace reckon::service {

/// Connections in work at once (an idle one owns a thread for two seconds), and how many more may wait;
/// further ones are answered 503.
inline constexpr std::size_t kServerThreads = 256;
inline constexpr std::size_t kServerQueue = 256;

class Server {
 public:
  /// Binds; nothing is answered before `run`.
  /// @param port  0 = any free one
  /// @errors kEnvironment  the address cannot be bound
  static base::Result<std::unique_ptr<Server>> bind(Api& api, const std::string& host, int port);
  ~Server();

  int port() const;
  /// Answers until `stop`; returns when the requests in work are answered. False when it ended by itself.
  bool run();
  /// From any thread; not from a signal handler.
  void stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reckon::service
