#pragma once

#include <string>
#include <string_view>

namespace owl::config {

/// Checks of the places that a configuration names. Each returns what is wrong, or an empty text.

/// s3://bucket[/prefix] or file:///path.
std::string wrong_store_url(const std::string& url);
/// https://host[:port] or http://host[:port].
std::string wrong_endpoint(const std::string& url);
/// https:// or http:// and something after it.
std::string wrong_web_url(const std::string& url);
/// smtp:// or smtps:// and something after it.
std::string wrong_smtp_url(const std::string& url);
/// host:port, where an IPv6 address stands in brackets.
std::string wrong_listen_address(const std::string& address);

/// Is it http:// to a host that is not this one?
bool is_plain_http_elsewhere(std::string_view url);

/// Without the slashes at its end, so that equal places are equal texts.
std::string_view without_trailing_slash(std::string_view url);

}  // namespace owl::config
