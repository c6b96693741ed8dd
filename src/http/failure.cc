#include "http/failure.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <string_view>

#include "base/units.h"

namespace owl::http {
namespace {

std::string strip(std::string text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string detail_of(const Failure& failure) {
  return failure.detail.empty() ? curl_easy_strerror(static_cast<CURLcode>(failure.curl_code)) : failure.detail;
}

Error no_connection(const Failure& failure) {
  const auto message = fmt::format("no connection to {}", failure.origin);
  auto error = failure.os_errno != 0
                   ? Error(ErrorKind::unreachable, message).with_errno(failure.os_errno)
                   : Error(ErrorKind::unreachable, fmt::format("{}: {}", message, detail_of(failure)));
  return std::move(error).with_hint("Check that it is up, and that no firewall or proxy stands between.");
}

Error no_such_host(const Failure& failure) {
  return Error(ErrorKind::unreachable, fmt::format("the host name of {} cannot be resolved", failure.origin))
      .with_hint("Check the name's spelling and this host's DNS.");
}

std::string hint_for_certificate(const Failure& failure) {
  if (failure.detail.find("subject name") != std::string::npos) return "Use a host name that the certificate names.";
  if (failure.ca_file.empty()) {
    return "If a private authority signed it, name that authority's certificate in ca_file.";
  }
  return fmt::format("Check that {} holds the certificate of the authority that signed it.", failure.ca_file);
}

Error not_trusted(const Failure& failure) {
  const auto why = strip(strip(detail_of(failure), "SSL certificate problem: "), "SSL: ");
  return Error(ErrorKind::denied, fmt::format("the certificate of {} is not trusted: {}", failure.origin, why))
      .with_hint(hint_for_certificate(failure));
}

Error no_tls(const Failure& failure) {
  const bool cut = failure.detail.find("SSL_ERROR_SYSCALL") != std::string::npos ||
                   failure.detail.find("reset by peer") != std::string::npos;
  if (cut) return no_connection(failure);
  return Error(ErrorKind::denied, fmt::format("no TLS with {}: {}", failure.origin, detail_of(failure)))
      .with_hint("A server that has no TLS 1.3 needs tls_min = \"1.2\"; one without TLS needs http:// in its URL.");
}

Error unusable_ca_file(const Failure& failure) {
  return Error(ErrorKind::config, fmt::format("the file of trusted certificates {} cannot be read", failure.ca_file))
      .with_hint("ca_file must name a readable PEM file.");
}

Error unusable_url(const Failure& failure) {
  return Error(ErrorKind::config, fmt::format("{} is no URL that can be used: {}", failure.origin, detail_of(failure)))
      .with_hint("It has the form https://host[:port].");
}

Error timed_out(const Failure& failure) {
  if (failure.connected) {
    return Error(ErrorKind::timeout, fmt::format("{} took too long to answer", failure.origin))
        .with_hint("If it is only slow, give it more time: request_timeout.");
  }
  return Error(ErrorKind::unreachable,
               fmt::format("no connection to {} within {}", failure.origin, format_duration(failure.connect_timeout)))
      .with_hint("Check that it is up, and that no firewall or proxy stands between.");
}

/// Leftovers of an exchange that went wrong, a server of another kind, a proxy in between.
Error no_http(const Failure& failure) {
  return Error(ErrorKind::transient, fmt::format("what {} answers is no HTTP: {}", failure.origin, detail_of(failure)))
      .with_hint("Check the host and port of endpoint, and that no proxy stands between.");
}

Error cut_off(const Failure& failure) {
  return Error(ErrorKind::transient,
               fmt::format("the connection to {} was cut off: {}", failure.origin, detail_of(failure)));
}

}  // namespace

Error to_error(const Failure& failure) {
  switch (failure.curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return no_such_host(failure);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return no_connection(failure);
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(failure);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return not_trusted(failure);
    case CURLE_SSL_CONNECT_ERROR:
      return no_tls(failure);
    case CURLE_SSL_CACERT_BADFILE:
      return unusable_ca_file(failure);
    case CURLE_UNSUPPORTED_PROTOCOL:  // of the URL, or HTTP/0.9: bytes without a status line
      return failure.connected ? no_http(failure) : unusable_url(failure);
    case CURLE_WEIRD_SERVER_REPLY:
      return no_http(failure);
    case CURLE_URL_MALFORMAT:
      return unusable_url(failure);
    default:
      return cut_off(failure);
  }
}

}  // namespace owl::http
