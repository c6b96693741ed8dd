#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "observe/monitor.h"
#include "wal/archiver.h"
#include "wal/gap_acknowledgement.h"
#include "wal/timeline_graph.h"

namespace owl::wal {

struct WatchOptions {
  std::filesystem::path data_directory, state_directory;
  postgres::SystemId system_id = 0;
  std::uint32_t segment_size = 0;
  std::chrono::milliseconds every{60'000};
  /// How long a file must be missing to count as such: another host may be storing several at once, out of order.
  std::chrono::milliseconds confirm_after{2'000};
  /// What must be there beside what the listing tells by itself: the WAL of each backup. May be empty.
  std::function<KnownExtents(std::stop_token)> needed;
  /// Told after each look at which gaps stand that nobody has acknowledged. Must not block. May be empty.
  std::function<void(const std::vector<Gap>&)> on_gaps;
};

/// Compares what the stores list with what was acknowledged, and with itself, again and again: what somebody deleted is
/// noticed while it may still be had elsewhere.
///  - A file that one store lost is copied there from another (level.h).
///  - A file that all of them lost, or that was never archived (after a failover: P-M8), is archived from pg_wal where
///    it still lies there, even if it is marked `.done`: by an enrolled data directory that is in production, only.
///  - What is nowhere is a gap: one warning for each.
/// Absence is told only when every store was listed. `look` belongs to one thread, `state` to all.
class ArchiveWatch {
 public:
  ArchiveWatch(Archiver& archiver, const crypto::HostKeys& keys, const WatchOptions& options, Clock& clock,
               Monitor& monitor);

  void look(std::stop_token stop);
  /// Looks at once, then at every interval, and as soon as pg_wal has the history of a new timeline: its parent's last
  /// segments are recycled soon after.
  void run(std::stop_token stop);

  struct State {
    Timestamp last_look;                ///< that listed every store; 0: none yet
    std::vector<std::string> unlisted;  ///< stores that could not be listed last time
    std::vector<Gap> gaps;              ///< that nobody has acknowledged
    std::uint64_t acknowledged_gaps = 0;
    std::uint64_t lost = 0;      ///< files that vanished from a store, since the start
    std::uint64_t repaired = 0;  ///< files archived again from pg_wal, since the start
    std::string last_error;      ///< of a look; empty once one succeeds
  };
  State state() const;
  std::uint32_t segment_size() const { return options_.segment_size; }

 private:
  struct Listing {
    Archive archive;
    std::vector<repository::StoreSet::Member> members;  ///< that were listed
    std::vector<std::string> unlisted;
  };
  Listing list(const std::stop_token& stop);
  Histories histories(const Listing& listing, const std::stop_token& stop);
  KnownExtents known(const Archive& archive, const std::stop_token& stop);
  void note_losses(const Listing& listing);
  bool is_pending(const std::string& name) const;
  bool is_enrolled() const;
  bool may_repair() const;
  bool is_whole_here(postgres::SegmentId segment) const;
  bool archive_from_pg_wal(const std::string& name, const std::stop_token& stop);
  void repair_histories(const Archive& archive, const std::stop_token& stop);
  std::vector<Gap> after_repair(const std::vector<Gap>& gaps, const std::stop_token& stop);
  std::vector<Gap> confirmed(const std::vector<Gap>& gaps, Listing& listing, const std::stop_token& stop);
  void tell(const std::vector<Gap>& gaps, Listing& listing, const std::stop_token& stop);
  void note_failure(const Error& error);

  Archiver& archiver_;
  const crypto::HostKeys& keys_;
  const WatchOptions options_;
  Clock& clock_;
  Monitor& monitor_;
  std::optional<Archive> before_;  ///< the last whole listing
  Histories histories_;            ///< as they were read; they never change
  std::set<Gap> told_;
  std::set<std::string> unrepairable_;  ///< files that were told to be so
  mutable std::mutex mutex_;
  State state_;
};

}  // namespace owl::wal
