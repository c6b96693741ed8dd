#pragma once

#include <chrono>
#include <mutex>
#include <string>

namespace owl::storage {

struct BreakerOptions {
  int failures = 3;  ///< in a row, until it opens
  std::chrono::nanoseconds first_pause = std::chrono::seconds(2);
  std::chrono::nanoseconds longest_pause = std::chrono::seconds(60);
};

/// Keeps a store that does not answer from being waited for again and again (Nygard, "Release It!"): after some
/// failures in a row it is open and nobody is let through; after a pause that doubles each time one try goes through,
/// and its outcome closes or opens it anew. Time comes in by parameter (Clock::monotonic). Thread-safe.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(BreakerOptions options = {}) : options_(options) {}

  /// May a request be sent now? Every `true` must be followed by `succeeded` or `failed`.
  bool allows(std::chrono::nanoseconds now);
  void succeeded();
  void failed(std::chrono::nanoseconds now, std::string why);

  struct State {
    bool open = false;
    int failures = 0;        ///< in a row
    std::string last_error;  ///< empty: there was none since it last worked
  };
  State state() const;

 private:
  const BreakerOptions options_;
  mutable std::mutex mutex_;
  State state_;
  bool trying_ = false;
  std::chrono::nanoseconds pause_{}, until_{};
};

}  // namespace owl::storage
