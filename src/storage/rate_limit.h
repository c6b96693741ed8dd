#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "base/clock.h"

namespace owl::storage {

/// Bytes a second, on average. What was let through is a debt that time pays off; while there is debt, everybody waits.
/// One large object passes at full speed and is paid for afterwards. Thread-safe.
class RateLimit {
 public:
  /// 0: no limit.
  RateLimit(Clock& clock, std::uint64_t bytes_per_second) : clock_(clock), bytes_per_second_(bytes_per_second) {}

  /// For bytes that are about to go: waits for one's turn, and takes on the debt.
  void pass(std::uint64_t bytes, const std::stop_token& stop);
  /// For bytes whose number is known only once they have come: `wait` before, `charge` after.
  void wait(const std::stop_token& stop) { pass(0, stop); }
  void charge(std::uint64_t bytes) { begin(bytes); }

 private:
  /// Adds to the debt. Returns when what stood before it is paid off.
  std::chrono::nanoseconds begin(std::uint64_t bytes);

  Clock& clock_;
  const std::uint64_t bytes_per_second_;
  std::mutex mutex_;
  std::chrono::nanoseconds free_at_{0};
};

}  // namespace owl::storage
