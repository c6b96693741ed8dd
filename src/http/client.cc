#include "http/client.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "base/units.h"
#include "concurrency/guarded.h"
#include "http/body_reader.h"
#include "http/connection.h"
#include "http/failure.h"
#include "http/patience.h"

namespace owl::http {
namespace {

constexpr long upload_buffer_bytes = 1 << 20;
constexpr long download_buffer_bytes = 256 << 10;
constexpr long idle_seconds = 50;                  ///< most servers and balancers close after 60
constexpr curl_off_t believed_length = 256 << 20;  ///< memory is set aside for no more than this on a server's word

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "DELETE";
}

/// One exchange: the options, the callbacks and what they gather.
class Exchange {
 public:
  Exchange(const Request& request, const ClientOptions& options, Connection& connection)
      : request_(request),
        options_(options),
        connection_(connection),
        easy_(connection.reset()),
        body_(request.body),
        patience_(request.deadlines) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { curl_slist_free_all(headers_); }

  Response run(std::stop_token stop);

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(static_cast<CURL*>(easy_), option, value);
  }
  template <typename Value>
  Value get(CURLINFO info) const {
    Value value{};
    curl_easy_getinfo(static_cast<CURL*>(easy_), info, &value);
    return value;
  }
  std::chrono::milliseconds connect_timeout() const {
    return std::min(request_.deadlines.connect, request_.deadlines.silence);
  }
  void set_up();
  void set_up_tls();
  void set_up_method();
  void set_up_headers();
  [[noreturn]] void fail(int curl_code, const std::stop_token& stop);

  static std::size_t on_read(char* out, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_send(void* self, char*, char*, int, int);
  void take_header(std::string_view line);
  void take_body(ByteView bytes);
  /// An exception may not pass through C: it is kept, and thrown once libcurl has returned.
  template <typename Body>
  bool guarded(Body body) {
    try {
      body();
      return true;
    } catch (...) {
      thrown_ = std::current_exception();
      return false;
    }
  }

  const Request& request_;
  const ClientOptions& options_;
  Connection& connection_;
  void* easy_;
  BodyReader body_;
  Patience patience_;
  curl_slist* headers_ = nullptr;
  char detail_[CURL_ERROR_SIZE] = {};
  Response response_;
  std::exception_ptr thrown_;
  int sent_ = 0;
};

Response Exchange::run(std::stop_token stop) {
  set_up();
  const int code = connection_.run([this] { return patience_.over(); }, stop);
  if (thrown_) std::rethrow_exception(thrown_);
  if (code != CURLE_OK) fail(code, stop);
  response_.status = static_cast<int>(get<long>(CURLINFO_RESPONSE_CODE));
  return std::move(response_);
}

void Exchange::set_up() {
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_MAXAGE_CONN, idle_seconds);
  set(CURLOPT_BUFFERSIZE, download_buffer_bytes);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout().count()));
  set(CURLOPT_USERAGENT, "owlbackup/" OWL_VERSION);
  set(CURLOPT_ERRORBUFFER, detail_);
  set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_PREREQFUNCTION, &Exchange::on_send);
  set(CURLOPT_PREREQDATA, this);
  set_up_tls();
  set_up_method();
  set_up_headers();
}

void Exchange::set_up_tls() {
  const bool modern = options_.tls_min == TlsVersion::v1_3;
  set(CURLOPT_SSLVERSION, long{modern ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2});
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
}

void Exchange::set_up_method() {
  const auto& method = request_.method;
  if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (method == "PUT" || method == "POST" || !request_.body.empty()) {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
    set(CURLOPT_READFUNCTION, &Exchange::on_read);
    set(CURLOPT_READDATA, this);
    set(CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_.total()));
  } else {
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

void Exchange::set_up_headers() {
  const auto add = [this](const std::string& line) {
    if (auto* longer = curl_slist_append(headers_, line.c_str())) headers_ = longer;
  };
  for (const auto& header : request_.headers) {
    add(header.value.empty() ? header.name + ";" : fmt::format("{}: {}", header.name, header.value));
  }
  add("Expect:");  // R2 doesn't answer 100-continue; a client that asks for it waits for nothing
  set(CURLOPT_HTTPHEADER, headers_);
}

void Exchange::fail(int curl_code, const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::cancelled, "stopped on request");
  if (connection_.broken_off()) curl_code = CURLE_OPERATION_TIMEDOUT;
  if (curl_code == CURLE_ABORTED_BY_CALLBACK) {  // by on_send
    curl_code = CURLE_GOT_NOTHING;
    detail_[0] = '\0';
  }
  throw to_error({.curl_code = curl_code,
                  .detail = detail_,
                  .os_errno = static_cast<int>(get<long>(CURLINFO_OS_ERRNO)),
                  .connected = sent_ > 0,
                  .origin = origin_of(request_.url),
                  .ca_file = options_.ca_file,
                  .connect_timeout = connect_timeout()});
}

std::size_t Exchange::on_read(char* out, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const auto done = exchange.body_.read({reinterpret_cast<std::uint8_t*>(out), size * count});
  exchange.patience_.moved(done);
  return done;
}

std::size_t Exchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  exchange.patience_.moved(size * count);
  return exchange.guarded([&] { exchange.take_header({data, size * count}); }) ? size * count : 0;
}

std::size_t Exchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  exchange.patience_.moved(size * count);
  const ByteView bytes(reinterpret_cast<const std::uint8_t*>(data), size * count);
  return exchange.guarded([&] { exchange.take_body(bytes); }) ? bytes.size() : CURL_WRITEFUNC_ERROR;
}

// libcurl sends a request again by itself when a kept connection turns out to be dead. That must not happen to a PUT:
// the first one may have been carried out, and the second would meet "exists already".
int Exchange::on_send(void* self, char*, char*, int, int) {
  auto& exchange = *static_cast<Exchange*>(self);
  const bool again = exchange.sent_++ > 0;
  return again && !is_idempotent(exchange.request_.method) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

void Exchange::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) response_.headers.clear();  // those before belong to a 1xx
  response_.headers.add_line(line);
  if (line != "\r\n" || request_.sink || request_.method == "HEAD") return;
  const auto length = get<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
  if (length > 0) response_.body.reserve(static_cast<std::size_t>(std::min(length, believed_length)));
}

void Exchange::take_body(ByteView bytes) {
  const auto status = get<long>(CURLINFO_RESPONSE_CODE);
  if (request_.sink && status >= 200 && status < 300) return request_.sink(bytes);
  if (response_.body.size() + bytes.size() > request_.body_limit) {
    throw Error(ErrorKind::integrity, fmt::format("{} answers with more than {}, which was the limit",
                                                  origin_of(request_.url), format_bytes(request_.body_limit)));
  }
  append(response_.body, bytes);
}

}  // namespace

struct Client::State {
  ClientOptions options;
  Guarded<std::vector<std::unique_ptr<Connection>>> idle;

  /// The one used last: the likeliest to be open still.
  std::unique_ptr<Connection> take() {
    auto pool = idle.lock();
    if (pool->empty()) return std::make_unique<Connection>();
    auto connection = std::move(pool->back());
    pool->pop_back();
    return connection;
  }
  void give_back(std::unique_ptr<Connection> connection) {
    auto pool = idle.lock();
    if (pool->size() < options.max_idle) pool->push_back(std::move(connection));
  }
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}

Client::~Client() = default;

Response Client::send(const Request& request, std::stop_token stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::cancelled, "stopped on request");
  auto connection = state_->take();
  auto response = Exchange(request, state_->options, *connection).run(stop);
  // A server that refuses a body may not have read it: its rest would be taken for the next request.
  const bool refused_body = !request.body.empty() && response.status >= 400;
  if (!refused_body) state_->give_back(std::move(connection));
  return response;
}

std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  auto origin = url.substr(0, url.find_first_of("/?#", host));
  const auto user = origin.rfind('@');
  if (user == std::string_view::npos || user < host) return std::string(origin);
  return std::string(origin.substr(0, host)) + std::string(origin.substr(user + 1));
}

}  // namespace owl::http
