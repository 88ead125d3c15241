#pragma once

// Where a provider lives: a base URL taken apart once, at start-up, so that no request is built from
// unchecked text.

#include <cstdint>
#include <string>
#include <string_view>

#include "reckon/base/result.h"

namespace reckon::provider {

enum class Scheme : std::uint8_t { kHttp, kHttps };

struct Endpoint {
  Scheme scheme = Scheme::kHttps;
  std::string host;  ///< name or numeric address, without the brackets of IPv6
  std::uint16_t port = 443;
  std::string base_path;  ///< empty, or `/…` without a slash at the end; put before every path

  /// What the `Host` header says: the port only when it is not the scheme's own.
  std::string authority() const;
};

/// Takes `http://HOST[:PORT][/PATH]` or `https://…` apart.
/// @errors kInvalidInput  any other scheme, user names in the URL, query or fragment, a host or port that
/// cannot be;
///                        `where` as given
base::Result<Endpoint> parse_base_url(std::string_view url, std::string_view where);

}  // namespace reckon::provider
