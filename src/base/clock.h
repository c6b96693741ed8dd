#pragma once

#include <chrono>
#include <stop_token>

#include "base/bytes.h"
#include "base/time.h"

namespace owl {

/// Time as a parameter, so that retry, leases and schedules run in a test without waiting. The real one is
/// os::SystemClock. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;  ///< wall clock, UTC
  virtual std::chrono::nanoseconds monotonic() const = 0;
  /// Sleeps, or returns early (false) when `stop` is requested.
  virtual bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
};

/// Randomness as a parameter. The real one is os::SystemRandom (getrandom(2)); keys are made only from that one.
/// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableBytes out) = 0;

  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> out;
    fill(out);
    return out;
  }
  std::uint64_t u64();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
};

}  // namespace owl
