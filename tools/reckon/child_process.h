#pragma once

// This program again, as a child: the stand-in provider beside a benchmark.

#include <sys/types.h>

#include <string>
#include <vector>

#include "reckon/base/result.h"

namespace reckon::cli {

/// A child that has said which port it listens on. The destructor sends SIGTERM and waits for it.
class ListeningChild {
 public:
  /// Starts this very program with `words` and reads its line `listening on HOST:PORT`.
  /// @errors kEnvironment  it could not be started, or ended without that line (its own errors are on stderr)
  static base::Result<ListeningChild> start(const std::vector<std::string>& words);
  ListeningChild(ListeningChild&& other) noexcept;
  ListeningChild& operator=(ListeningChild&&) = delete;
  ~ListeningChild();

  const std::string& address() const { return address_; }  ///< `127.0.0.1:PORT`

 private:
  ListeningChild(pid_t pid, std::string address) : pid_(pid), address_(std::move(address)) {}
  pid_t pid_;
  std::string address_;
};

}  // namespace reckon::cli
