#include "http/connection.h"

#include <curl/curl.h>
#include <pthread.h>

#include <csignal>
#include <ctime>
#include <mutex>
#include <new>

namespace owl::http {
namespace {

/// Writing to a closed TLS connection raises SIGPIPE in OpenSSL, where curl can't prevent it. Blocked for this thread,
/// and taken back if it came, for as long as the object lives.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
  ~WithoutSigpipe() {
    const timespec at_once{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
  bool was_pending_;
};

void start_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

CURLcode result_of(CURLM* multi) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) return message->data.result;
  }
  return CURLE_FAILED_INIT;
}

}  // namespace

Connection::Connection() {
  start_curl_once();
  multi_ = curl_multi_init();
  easy_ = curl_easy_init();
  if (multi_ == nullptr || easy_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(static_cast<CURLM*>(multi_), CURLMOPT_MAXCONNECTS, 1L);
}

Connection::~Connection() {
  const WithoutSigpipe guard;  // closing a TLS connection writes to it
  curl_easy_cleanup(static_cast<CURL*>(easy_));
  curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

void* Connection::reset() {
  curl_easy_reset(static_cast<CURL*>(easy_));
  broken_off_ = false;
  return easy_;
}

// Why curl_multi for a single transfer: curl_easy_perform looks at its progress callback only once a second while
// nothing moves, and a stop must not take that long; curl_multi_wakeup ends the wait at once.
int Connection::run(const std::function<bool()>& overdue, std::stop_token stop) {
  auto* multi = static_cast<CURLM*>(multi_);
  const WithoutSigpipe guard;
  curl_multi_add_handle(multi, static_cast<CURL*>(easy_));
  const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
  int running = 1;
  while (curl_multi_perform(multi, &running) == CURLM_OK && running != 0) {
    broken_off_ = stop.stop_requested() || overdue();
    if (broken_off_) break;
    constexpr int at_most_ms = 200;
    if (curl_multi_poll(multi, nullptr, 0, at_most_ms, nullptr) != CURLM_OK) break;
  }
  const auto result = broken_off_ ? CURLE_ABORTED_BY_CALLBACK : result_of(multi);
  curl_multi_remove_handle(multi, static_cast<CURL*>(easy_));
  return result;
}

}  // namespace owl::http
