#include "storage/backoff.h"

#include <algorithm>

namespace owl::storage {

std::chrono::milliseconds backoff(const BackoffOptions& options, int attempt, std::int64_t retry_after_ms,
                                  std::uint64_t random) {
  constexpr int beyond_any_cap = 30;
  const auto doublings = std::clamp(attempt - 1, 0, beyond_any_cap);
  const auto most = std::min(options.longest, options.first * (std::int64_t{1} << doublings));
  const auto jitter = static_cast<std::int64_t>(random % static_cast<std::uint64_t>(most.count() + 1));
  const auto asked = std::clamp<std::int64_t>(retry_after_ms, 0, options.longest_asked.count());
  return std::chrono::milliseconds(asked + jitter);
}

}  // namespace owl::storage
