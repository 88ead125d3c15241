#pragma once

// What HTML and SVG pages share.

#include <string>
#include <string_view>

namespace reckon::cli {

/// Text that may stand in markup, between tags and in attributes.
inline std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace reckon::cli
