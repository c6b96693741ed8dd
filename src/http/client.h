#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "http/headers.h"

namespace owl::http {

enum class TlsVersion { v1_2, v1_3 };

struct ClientOptions {
  TlsVersion tls_min = TlsVersion::v1_3;
  std::string ca_file = {};  ///< PEM; empty: the system's
  std::size_t max_idle = 8;  ///< connections that are kept warm
};

/// How long to wait for what. All of it is about this one attempt.
struct Deadlines {
  std::chrono::milliseconds connect{10'000};  ///< name, TCP and TLS
  /// No byte in or out for that long: given up.
  std::chrono::milliseconds silence{120'000};
  /// The whole may take `silence` and as much more as its bytes need at this speed: so a large object has its time,
  /// and a connection that only drips is given up.
  std::uint64_t slowest_bytes_per_second = 64u << 10;
};

/// One complete request for one attempt: what is signed is signed already.
struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<Header> headers = {};
  std::span<const ByteView> body = {};  ///< sent one after the other with a fixed Content-Length; not copied
  /// Takes the body of a 2xx answer in place of Response::body. What it throws ends the exchange and is thrown on.
  std::function<void(ByteView)> sink = {};
  std::uint64_t body_limit = 8ull << 30;  ///< a longer answer is an error (integrity); not for `sink`
  Deadlines deadlines = {};
};

struct Response {
  int status = 0;
  Headers headers;
  Bytes body;
};

/// A blocking HTTP/1.1 client over libcurl with a pool of warm connections. It follows no redirects, sends no
/// `Expect:`, and doesn't retry: whatever sends a request twice has to sign it twice, and a PUT that was sent twice
/// can't tell its own success from somebody else's.
///
/// `send` returns every answer that arrived whole, whatever its status. Otherwise it throws Error: unreachable (no
/// connection), denied (TLS, certificate), timeout, transient (cut off: the server may or may not have acted),
/// cancelled, config (URL, CA file), integrity (longer than `body_limit`). Messages name scheme, host and port only: a
/// path or query may hold a secret.
///
/// Thread-safe. A stop request ends `send` within milliseconds.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();

  Response send(const Request& request, std::stop_token stop = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "https://host:port" of a URL: the part that may stand in a message.
std::string origin_of(std::string_view url);

}  // namespace owl::http
