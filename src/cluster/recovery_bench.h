#pragma once

#include "cluster/recovery_plan.h"
#include "postgres/wal_script.h"
#include "wal/test_support.h"

/// For unit tests only.
namespace owl::cluster::test {

inline constexpr std::uint32_t segment_size = wal::test::segment_size;
inline constexpr Timestamp noon{1'795'003'200'000'000};  // 2026-11-18 12:00:00 UTC

/// So many minutes (and seconds) after noon.
inline Timestamp at(int minutes, int seconds = 0) {
  return noon + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
}

/// A cluster's WAL as a test tells it, its backups, and an archive in memory that has what the test lets it have.
class RecoveryBench {
 public:
  using Options = postgres::WalBuilder::Options;

  /// A backup that runs from the end of the WAL so far to `end_backup`; made at `time`.
  void begin_backup(Timestamp time) {
    Candidate backup;
    backup.details.system_id = wal::test::system_id;
    backup.details.version = 150000;
    backup.details.wal_segment_size = segment_size;
    backup.details.timeline = 1;
    backup.details.start = script.add_sized(100);
    backup.details.start_time = time;
    backups.push_back(std::move(backup));
  }
  void end_backup(Timestamp time) {
    script.add_sized(30);
    backups.back().details.stop = script.position();
    backups.back().loaded.manifest.finished = time;
  }
  Candidate& backup() { return backups.back(); }

  /// Archives the script's segments, but for those that are lost; segments from `timeline_2_from` on as timeline 2's.
  void archive(const std::vector<std::uint64_t>& lost = {}, std::uint64_t timeline_2_from = UINT64_MAX) {
    const auto first = script.id_of(0).number;
    for (std::size_t i = 0; i < script.segments().size(); ++i) {
      const std::uint64_t number = first + i;
      if (std::ranges::find(lost, number) != lost.end()) continue;
      archived.put_segment(*archived.a, {number >= timeline_2_from ? 2u : 1u, number}, script.segments()[i]);
    }
  }
  /// Streams a segment of the script up to an LSN, and does not archive it.
  void stream(std::size_t index, postgres::Lsn end, postgres::TimelineId timeline = 1) {
    const auto number = script.id_of(index).number;
    archived.put_piece(*archived.b, {timeline, number}, script.segments()[index], 0,
                       static_cast<std::uint32_t>(end.value - number * segment_size));
  }
  void archive_history(postgres::Lsn fork) {
    archived.put_history(*archived.a, 2, "1\t" + postgres::to_text(fork) + "\tno recovery target specified\n");
  }

  RecoveryPlan plan(const RestoreTarget& target) {
    const auto archive = wal::Archive::load(archived.stores, wal::test::system_id);
    auto fetcher = archived.fetcher();
    return plan_recovery(backups, target, archive, fetcher, monitor);
  }

  postgres::WalScript script;
  std::vector<Candidate> backups;
  wal::test::ArchiveBench archived;
  RecordingMonitor monitor;
};

inline RestoreTarget to_time(Timestamp time) {
  return {.kind = RestoreTarget::Kind::time, .time = time};
}
inline RestoreTarget to_xid(postgres::TransactionId xid) {
  return {.kind = RestoreTarget::Kind::xid, .xid = xid};
}
inline RestoreTarget to_lsn(postgres::Lsn lsn) {
  return {.kind = RestoreTarget::Kind::lsn, .lsn = lsn};
}
inline RestoreTarget to_name(std::string name) {
  return {.kind = RestoreTarget::Kind::name, .name = std::move(name)};
}
inline RestoreTarget exclusively(RestoreTarget target) {
  target.exclusive = true;
  return target;
}

}  // namespace owl::cluster::test
