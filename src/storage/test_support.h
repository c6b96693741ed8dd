#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace owl::storage {

/// For tests: the Error that `body` throws; a failed test where it throws none.
inline Error error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::internal, "nothing was thrown");
}

/// For tests: time that only sleeping moves. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Timestamp start = {1'795'000'000'000'000}) : start_(start) {}

  Timestamp now() const override { return start_ + std::chrono::duration_cast<std::chrono::microseconds>(monotonic()); }
  std::chrono::nanoseconds monotonic() const override {
    const std::lock_guard lock(mutex_);
    return elapsed_;
  }
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    const std::lock_guard lock(mutex_);
    elapsed_ += duration;
    slept_.push_back(duration);
    return true;
  }
  std::vector<std::chrono::nanoseconds> slept() const {
    const std::lock_guard lock(mutex_);
    return slept_;
  }

 private:
  const Timestamp start_;
  mutable std::mutex mutex_;
  std::chrono::nanoseconds elapsed_{0};
  std::vector<std::chrono::nanoseconds> slept_;
};

/// For tests: splitmix64 from a seed.
class FakeRandom final : public Random {
 public:
  explicit FakeRandom(std::uint64_t seed = 1) : state_(seed) {}
  void fill(MutableBytes out) override {
    const std::lock_guard lock(mutex_);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(next() >> 56);
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::mutex mutex_;
  std::uint64_t state_;
};

}  // namespace owl::storage
