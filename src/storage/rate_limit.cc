#include "storage/rate_limit.h"

#include <algorithm>

#include "base/error.h"

namespace owl::storage {

void RateLimit::pass(std::uint64_t bytes, const std::stop_token& stop) {
  if (bytes_per_second_ == 0) return;
  const auto wait = begin(bytes) - clock_.monotonic();
  if (wait > std::chrono::nanoseconds(0) && !clock_.sleep(wait, stop)) {
    throw Error(ErrorKind::cancelled, "stopped on request");
  }
}

std::chrono::nanoseconds RateLimit::begin(std::uint64_t bytes) {
  if (bytes_per_second_ == 0) return std::chrono::nanoseconds(0);
  const std::chrono::duration<double> cost(static_cast<double>(bytes) / static_cast<double>(bytes_per_second_));
  const std::lock_guard lock(mutex_);
  const auto start = std::max(free_at_, clock_.monotonic());
  free_at_ = start + std::chrono::duration_cast<std::chrono::nanoseconds>(cost);
  return start;
}

}  // namespace owl::storage
