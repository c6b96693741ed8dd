#pragma once

#include <chrono>
#include <cstdint>

namespace owl::storage {

struct BackoffOptions {
  std::chrono::milliseconds first{200};
  std::chrono::milliseconds longest{20'000};
  /// A store that asks for more patience than this is waited for only so long before the next try.
  std::chrono::milliseconds longest_asked{120'000};
};

/// How long to wait before try number `attempt` + 1, the first having been number 1: anything between nothing and
/// first × 2^(attempt-1), at most `longest` ("full jitter": clients that failed together don't come back together);
/// and whatever the store asked for on top. `random` is uniform over 64 bits. Pure.
std::chrono::milliseconds backoff(const BackoffOptions& options, int attempt, std::int64_t retry_after_ms,
                                  std::uint64_t random);

}  // namespace owl::storage
