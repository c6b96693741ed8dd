#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace owl::http {

/// A libcurl handle together with the warm connection that it keeps. One exchange at a time.
class Connection {
 public:
  Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// The CURL* to set options on; fresh but for the open connection.
  void* reset();

  /// Runs the exchange that was set up to its end. Returns the CURLcode. `overdue` is asked at least once a second;
  /// when it or `stop` says so the exchange is broken off, and `broken_off` tells.
  int run(const std::function<bool()>& overdue, std::stop_token stop);
  bool broken_off() const { return broken_off_; }

 private:
  void* multi_;
  void* easy_;
  bool broken_off_ = false;
};

}  // namespace owl::http
