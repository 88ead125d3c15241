#pragma once

// The program's logger: lines on stderr.

#include <cstdio>
#include <string_view>

#include "reckon/base/log.h"

namespace reckon::cli {

class StderrLog final : public base::Logger {
 public:
  void log(base::LogLevel level, std::string_view line) override {
    const char* word = level == base::LogLevel::kInfo      ? "info"
                       : level == base::LogLevel::kWarning ? "warning"
                                                           : "alarm";
    std::fprintf(stderr, "reckon: %s: %.*s\n", word, static_cast<int>(line.size()), line.data());
  }
};

}  // namespace reckon::cli
