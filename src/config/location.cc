#include "config/location.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace owl::config {
namespace {

constexpr std::string_view host_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
constexpr std::string_view key_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-";

std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

std::string wrong_prefix(std::string_view prefix) {
  for (const auto part : split(prefix, '/')) {
    if (part.empty()) return "the prefix has an empty part";
    if (part == "." || part == "..") return fmt::format("the prefix must not have a part \"{}\"", part);
    if (part.find_first_not_of(key_characters) != std::string_view::npos) {
      return "the prefix may have letters, digits and . _ ~ - between its slashes";
    }
  }
  return {};
}

std::string wrong_s3(std::string_view rest) {
  const auto slash = rest.find('/');
  const auto bucket = rest.substr(0, slash);
  if (bucket.empty()) return "the bucket is missing";
  if (bucket.find_first_not_of(host_characters) != std::string_view::npos) {
    return "the bucket's name may have letters, digits and . - _";
  }
  const auto prefix = without_trailing_slash(slash == std::string_view::npos ? "" : rest.substr(slash + 1));
  return prefix.empty() ? std::string() : wrong_prefix(prefix);
}

std::string wrong_folder(std::string_view path) {
  if (path.empty() || path.front() != '/') return "the path must be absolute: file:///path";
  if (without_trailing_slash(path).empty()) return "the path is missing";
  return {};
}

bool is_port(std::string_view text) {
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

struct HostPort {
  std::string_view host, port;
  bool has_port = false;
};

/// "host:port" in two; the brackets stay with the address in them.
HostPort split_host_port(std::string_view text) {
  const auto from = text.starts_with('[') ? text.find(']') : 0;
  const auto colon = from == std::string_view::npos ? from : text.find(':', from);
  if (colon == std::string_view::npos) return {.host = text, .port = {}};
  return {.host = text.substr(0, colon), .port = text.substr(colon + 1), .has_port = true};
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 3 && host.ends_with(']') &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  return !host.empty() && host.find_first_not_of(host_characters) == std::string_view::npos;
}

bool is_loopback(std::string_view host) {
  const bool four_numbers = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return to_lower(host) == "localhost" || (host.starts_with("127.") && four_numbers) || host == "[::1]";
}

std::optional<std::string_view> after_http(std::string_view url) {
  const auto https = after(url, "https://");
  return https ? https : after(url, "http://");
}

}  // namespace

std::string wrong_store_url(const std::string& url) {
  if (has_control_character(url)) return "it has a control character in it";
  if (const auto rest = after(url, "s3://")) return wrong_s3(*rest);
  if (const auto path = after(url, "file://")) return wrong_folder(*path);
  return "the scheme must be s3 or file";
}

std::string wrong_endpoint(const std::string& url) {
  if (url.empty()) return {};
  const auto rest = after_http(url);
  if (!rest) return "it must begin with https://";
  const auto authority = without_trailing_slash(*rest);
  if (authority.find('/') != std::string_view::npos) return "it must end after the host; the bucket belongs into url";
  const auto parts = split_host_port(authority);
  if (!is_host(parts.host)) return "the host is missing or has a character that no host has";
  if (parts.has_port && !is_port(parts.port)) return "the port must be a number from 1 to 65535";
  return {};
}

std::string wrong_web_url(const std::string& url) {
  if (url.empty()) return {};
  const auto rest = after_http(url);
  if (!rest || rest->empty() || has_control_character(url)) return "it must be a URL that begins with https://";
  return {};
}

std::string wrong_smtp_url(const std::string& url) {
  if (url.empty()) return {};
  auto rest = after(url, "smtps://");
  if (!rest) rest = after(url, "smtp://");
  if (!rest || rest->empty() || has_control_character(url)) {
    return "it must be a URL that begins with smtps:// or smtp://";
  }
  return {};
}

std::string wrong_listen_address(const std::string& address) {
  if (address.empty()) return {};
  const auto parts = split_host_port(address);
  if (is_host(parts.host) && parts.has_port && is_port(parts.port)) return {};
  return "it must be host:port, such as 127.0.0.1:7878 or [::1]:7878";
}

bool is_plain_http_elsewhere(std::string_view url) {
  const auto rest = after(url, "http://");
  return rest && !is_loopback(split_host_port(without_trailing_slash(*rest)).host);
}

std::string_view without_trailing_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

}  // namespace owl::config
