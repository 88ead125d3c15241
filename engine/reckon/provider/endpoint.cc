#include "reckon/provider/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;  // longer ones are refused by most servers anyway
constexpr std::string_view kAllowed = "allowed: http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool host_may_be(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > 253) return false;
  return std::ranges::all_of(host, [bracketed](char c) {
    return bracketed ? (is_letter_or_digit(c) || c == ':' || c == '.')
                     : (is_letter_or_digit(c) || c == '-' || c == '.');
  });
}

bool path_may_be(std::string_view path) {
  return std::ranges::all_of(path, [](char c) {
    return is_letter_or_digit(c) || std::string_view("/-._~%!$&'()*+,;=:@").find(c) != std::string_view::npos;
  });
}

// Splits `HOST`, `HOST:PORT`, `[V6]` and `[V6]:PORT`; nothing if it is none of them.
bool split_authority(std::string_view authority, Endpoint& out) {
  std::string_view rest;
  const bool bracketed = authority.starts_with('[');
  if (bracketed) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return false;
    out.host = authority.substr(1, close - 1);
    rest = authority.substr(close + 1);
  } else {
    const auto colon = authority.find(':');
    out.host = authority.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon);
  }
  if (!host_may_be(out.host, bracketed)) return false;
  if (rest.empty()) return true;
  if (rest.front() != ':') return false;
  rest.remove_prefix(1);
  unsigned port = 0;
  const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  if (fault != std::errc{} || end != rest.data() + rest.size() || port == 0 || port > 65535) return false;
  out.port = static_cast<std::uint16_t>(port);
  return true;
}

std::optional<Endpoint> split(std::string_view url) {
  if (url.size() > kMaxUrlBytes) return std::nullopt;
  Endpoint endpoint;
  if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
    endpoint.scheme = Scheme::kHttp;
    endpoint.port = 80;
  } else {
    return std::nullopt;
  }
  const auto slash = url.find('/');
  if (!split_authority(url.substr(0, slash), endpoint)) return std::nullopt;
  if (slash != std::string_view::npos) endpoint.base_path = url.substr(slash);
  while (endpoint.base_path.ends_with('/')) endpoint.base_path.pop_back();
  if (!path_may_be(endpoint.base_path)) return std::nullopt;
  return endpoint;
}

}  // namespace

std::string Endpoint::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool own_port = port == (scheme == Scheme::kHttps ? 443 : 80);
  return own_port ? name : fmt::format("{}:{}", name, port);
}

base::Result<Endpoint> parse_base_url(std::string_view url, std::string_view where) {
  if (auto endpoint = split(url)) return *std::move(endpoint);
  // A URL with a user name in it may hold a password: only its beginning up to there is told.
  const auto shown =
      url.find('@') == std::string_view::npos ? url.substr(0, 80) : url.substr(0, url.find("//"));
  return base::fail(base::ErrorCode::kInvalidInput, std::string(where),
                    fmt::format("'{}' is not a base URL; {}", shown, kAllowed));
}

}  // namespace reckon::provider
