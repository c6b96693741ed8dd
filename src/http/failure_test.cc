#include "http/failure.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace owl::http {
namespace {

struct Case {
  Failure failure;
  ErrorKind kind;
  std::string message, hint;
};

TEST(HttpFailure, EveryKindSaysWhyAndWhatToDo) {
  const std::string origin = "https://s3.example.com:8443";
  const Case cases[] = {
      {{.curl_code = CURLE_COULDNT_RESOLVE_HOST, .origin = origin},
       ErrorKind::unreachable,
       "the host name of https://s3.example.com:8443 cannot be resolved",
       "Check the name's spelling and this host's DNS."},
      {{.curl_code = CURLE_COULDNT_CONNECT, .detail = "Failed to connect", .os_errno = ECONNREFUSED, .origin = origin},
       ErrorKind::unreachable,
       "no connection to https://s3.example.com:8443: Connection refused",
       "Check that it is up, and that no firewall or proxy stands between."},
      {{.curl_code = CURLE_OPERATION_TIMEDOUT, .origin = origin, .connect_timeout = std::chrono::seconds(10)},
       ErrorKind::unreachable,
       "no connection to https://s3.example.com:8443 within 10.0 s",
       "Check that it is up, and that no firewall or proxy stands between."},
      {{.curl_code = CURLE_OPERATION_TIMEDOUT, .connected = true, .origin = origin},
       ErrorKind::timeout,
       "https://s3.example.com:8443 took too long to answer",
       "If it is only slow, give it more time: request_timeout."},
      {{.curl_code = CURLE_PEER_FAILED_VERIFICATION,
        .detail = "SSL certificate problem: unable to get local issuer certificate",
        .origin = origin},
       ErrorKind::denied,
       "the certificate of https://s3.example.com:8443 is not trusted: unable to get local issuer certificate",
       "If a private authority signed it, name that authority's certificate in ca_file."},
      {{.curl_code = CURLE_PEER_FAILED_VERIFICATION,
        .detail = "SSL certificate problem: self-signed certificate",
        .origin = origin,
        .ca_file = "/etc/owl/ca.pem"},
       ErrorKind::denied,
       "the certificate of https://s3.example.com:8443 is not trusted: self-signed certificate",
       "Check that /etc/owl/ca.pem holds the certificate of the authority that signed it."},
      {{.curl_code = CURLE_PEER_FAILED_VERIFICATION,
        .detail = "SSL: no alternative certificate subject name matches target host name '10.0.0.1'",
        .origin = origin,
        .ca_file = "/etc/owl/ca.pem"},
       ErrorKind::denied,
       "the certificate of https://s3.example.com:8443 is not trusted: no alternative certificate subject name matches "
       "target host name '10.0.0.1'",
       "Use a host name that the certificate names."},
      {{.curl_code = CURLE_SSL_CONNECT_ERROR, .detail = "tlsv1 alert protocol version", .origin = origin},
       ErrorKind::denied,
       "no TLS with https://s3.example.com:8443: tlsv1 alert protocol version",
       "A server that has no TLS 1.3 needs tls_min = \"1.2\"; one without TLS needs http:// in its URL."},
      {{.curl_code = CURLE_SSL_CONNECT_ERROR, .detail = "OpenSSL SSL_connect: SSL_ERROR_SYSCALL", .origin = origin},
       ErrorKind::unreachable,
       "no connection to https://s3.example.com:8443: OpenSSL SSL_connect: SSL_ERROR_SYSCALL",
       "Check that it is up, and that no firewall or proxy stands between."},
      {{.curl_code = CURLE_SSL_CACERT_BADFILE, .origin = origin, .ca_file = "/no/such.pem"},
       ErrorKind::config,
       "the file of trusted certificates /no/such.pem cannot be read",
       "ca_file must name a readable PEM file."},
      {{.curl_code = CURLE_RECV_ERROR, .detail = "Recv failure: Connection reset by peer", .origin = origin},
       ErrorKind::transient,
       "the connection to https://s3.example.com:8443 was cut off: Recv failure: Connection reset by peer",
       ""},
      {{.curl_code = CURLE_UNSUPPORTED_PROTOCOL,
        .detail = "Received HTTP/0.9 when not allowed",
        .connected = true,
        .origin = origin},
       ErrorKind::transient,
       "what https://s3.example.com:8443 answers is no HTTP: Received HTTP/0.9 when not allowed",
       "Check the host and port of endpoint, and that no proxy stands between."},
      {{.curl_code = CURLE_UNSUPPORTED_PROTOCOL, .detail = "Protocol \"ftp\" disabled", .origin = "ftp://x"},
       ErrorKind::config,
       "ftp://x is no URL that can be used: Protocol \"ftp\" disabled",
       "It has the form https://host[:port]."},
      {{.curl_code = CURLE_GOT_NOTHING, .origin = origin},
       ErrorKind::transient,
       "the connection to https://s3.example.com:8443 was cut off: Server returned nothing (no headers, no data)",
       ""},
  };
  for (const auto& test : cases) {
    const auto error = to_error(test.failure);
    EXPECT_STREQ(error.what(), test.message.c_str());
    EXPECT_EQ(error.hint(), test.hint) << test.message;
    EXPECT_EQ(error.kind(), test.kind) << test.message;
  }
}

}  // namespace
}  // namespace owl::http
