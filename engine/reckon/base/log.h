#pragma once

// The logging seam: the library tells a Logger that its caller handed in, and never owns a file or stream.

#include <string_view>

namespace reckon::base {

enum class LogLevel { kInfo, kWarning, kAlarm };

/// Takes one line at a time, without line break. Implementations are safe to call from any thread.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void log(LogLevel level, std::string_view line) = 0;
};

/// Drops every line.
class NullLogger final : public Logger {
 public:
  void log(LogLevel, std::string_view) override {}
};

}  // namespace reckon::base
