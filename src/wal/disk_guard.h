#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace owl::wal {

/// One look at the file system that pg_wal lies on.
struct DiskSample {
  std::chrono::nanoseconds at{};  ///< Clock::monotonic
  std::uint64_t free_bytes = 0, total_bytes = 0;
};

/// How full the disk of pg_wal is.
struct DiskState {
  unsigned percent = 0;    ///< used
  unsigned threshold = 0;  ///< the highest of 50, 75, 90 that is reached; 0: none
  /// Until it is full at the rate of the last ten minutes; nullopt: it isn't filling.
  std::optional<std::chrono::seconds> time_left;
  std::uint64_t free_bytes = 0;
};
/// For people: "pg_wal's disk is 76 % full, 12.0 GiB free; at this rate it is full in 3.2 h".
std::string to_text(const DiskState& state);

/// Watches a disk fill: PostgreSQL stops when pg_wal's is full, and archiving that lags is how it gets there. Pure:
/// looks come in by parameter. One thread.
class DiskGuard {
 public:
  /// Takes a look in. The state is returned when a threshold was passed upwards, or the highest one left by five per
  /// cent (so that a disk on the edge is told of once): what is worth an event.
  std::optional<DiskState> look(const DiskSample& sample);
  const DiskState& state() const { return state_; }

 private:
  std::deque<DiskSample> recent_;
  DiskState state_;
  unsigned told_ = 0;
};

}  // namespace owl::wal
