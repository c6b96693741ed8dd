#pragma once

#include <algorithm>
#include <chrono>

#include "http/client.h"

namespace owl::http {

/// Says when a transfer is overdue: see Deadlines. It reads the system's own clock: what it waits for is a network.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Patience(const Deadlines& deadlines) : deadlines_(deadlines) {}

  void moved(std::size_t bytes) {
    bytes_ += bytes;
    last_ = Clock::now();
  }
  bool over() const {
    const auto now = Clock::now();
    const std::chrono::seconds for_bytes(bytes_ / std::max<std::uint64_t>(1, deadlines_.slowest_bytes_per_second));
    return now - last_ > deadlines_.silence || now - start_ > deadlines_.silence + for_bytes;
  }

 private:
  const Deadlines deadlines_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
  std::uint64_t bytes_ = 0;
};

}  // namespace owl::http
