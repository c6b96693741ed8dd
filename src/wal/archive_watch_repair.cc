#include <fmt/core.h>

#include "os/file.h"
#include "wal/archive_watch.h"
#include "wal/server_folder.h"

namespace owl::wal {
namespace {

constexpr std::size_t most_repairs = 1024;  ///< of one look

}  // namespace

/// Is it on its way into the archive already?
bool ArchiveWatch::is_pending(const std::string& name) const {
  return archiver_.is_under_way(name) || is_marked(options_.data_directory, name, ".ready");
}

/// Is what lies in pg_wal under this name a whole segment? Of a parent timeline, the one with the fork is not:
/// streaming broke off in it, and PostgreSQL marks it `.done` all the same.
bool ArchiveWatch::is_whole_here(postgres::SegmentId segment) const {
  const auto current = server_state(options_.data_directory, clock_).timeline;
  if (segment.timeline == current) return true;
  const auto history = histories_.find(current);
  if (history == histories_.end()) return false;
  const postgres::TimelinePath path(current, history->second);
  const auto* stretch = path.find(segment.timeline);
  return stretch != nullptr && segment.number < stretch->end.value / options_.segment_size;
}

bool ArchiveWatch::archive_from_pg_wal(const std::string& name, const std::stop_token& stop) {
  const auto path = options_.data_directory / "pg_wal" / name;
  try {
    const auto before = os::status_of(path);
    if (!before || !is_marked(options_.data_directory, name, ".done")) return false;
    // Recycled, it has another name before its bytes change; and each page says where it belongs.
    const auto same_file = [path, inode = before->inode] {
      const auto now = os::status_of(path);
      return now && now->inode == inode;
    };
    archiver_.begin(open_wal_source(path, options_.data_directory, clock_), same_file);
    const auto result = archiver_.archive(open_wal_source(path, options_.data_directory, clock_), stop);
    if (result.outcome == PushOutcome::already_stored) return true;
    monitor_.warning(fmt::format("{} was in no store: archived again from pg_wal", name));
    const std::lock_guard lock(mutex_);
    ++state_.repaired;
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    if (unrepairable_.insert(name).second) {
      monitor_.warning(fmt::format("{} is in no store, and can't be archived from pg_wal: {}", name, error.what()));
    }
    return false;
  }
}

/// May this data directory archive what PostgreSQL won't ask for again? A copy of the cluster must not.
bool ArchiveWatch::may_repair() const {
  return server_state(options_.data_directory, clock_).in_production && is_enrolled();
}

bool ArchiveWatch::is_enrolled() const {
  return Enrolments(options_.state_directory).covers(options_.data_directory, options_.system_id);
}

void ArchiveWatch::repair_histories(const Archive& archive, const std::stop_token& stop) {
  if (!may_repair()) return;
  for (const auto& [timeline, history] : histories_) {
    const auto name = postgres::history_file_name(timeline);
    if (!archive.has(timeline, name) && !is_pending(name)) archive_from_pg_wal(name, stop);
  }
}

/// What of the gaps is neither under way nor to be had from pg_wal. It is archived without waiting for certainty: the
/// same bytes again do no harm, and PostgreSQL recycles them soon.
std::vector<Gap> ArchiveWatch::after_repair(const std::vector<Gap>& gaps, const std::stop_token& stop) {
  std::vector<postgres::SegmentId> missing;
  std::size_t left = gaps.empty() || !may_repair() ? 0 : most_repairs;
  for (const auto& gap : gaps) {
    for (auto number = gap.first; number <= gap.last; ++number) {
      const auto name = postgres::to_file_name({gap.timeline, number}, options_.segment_size);
      if (is_pending(name)) continue;
      const bool may = left > 0 && is_whole_here({gap.timeline, number});
      if (!may || !archive_from_pg_wal(name, stop)) {
        missing.push_back({gap.timeline, number});
      } else {
        --left;
      }
    }
  }
  return to_gaps(missing);
}

}  // namespace owl::wal
