#include "cluster/base_choice.h"

#include <fmt/core.h>

namespace owl::cluster {
namespace {

using postgres::to_text;

/// What must be the same for a page to mean the same.
std::optional<std::string> what_differs(const ClusterDetails& a, const ClusterDetails& b) {
  if (a.system_id != b.system_id) return "it is of another cluster";
  if (postgres::major_version(a.version) != postgres::major_version(b.version) ||
      a.catalog_version != b.catalog_version) {
    return "it is of another version of PostgreSQL";
  }
  if (a.block_size != b.block_size || a.relation_segment_blocks != b.relation_segment_blocks ||
      a.wal_block_size != b.wal_block_size) {
    return "its pages or files are of another size";
  }
  if (a.wal_segment_size != b.wal_segment_size) return "its WAL segments are of another size";
  if (a.checksums != b.checksums) return "page checksums were turned on or off since";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_no_base(const ClusterDetails& earlier, const ClusterDetails& current,
                                       const postgres::TimelinePath& path) {
  if (auto difference = what_differs(earlier, current)) return difference;
  if (earlier.stop_record.lsn.value == 0) return "it does not tell in which WAL record it ended";
  if (earlier.start >= earlier.stop) return "its WAL range makes no sense";
  const auto* stretch = path.find(earlier.timeline);
  if (stretch == nullptr || earlier.start < stretch->begin || earlier.stop > stretch->end) {
    return fmt::format("its WAL, {} to {} on timeline {}, is not in the history of timeline {}", to_text(earlier.start),
                       to_text(earlier.stop), earlier.timeline, path.target());
  }
  if (earlier.stop > current.start) {
    return fmt::format("it ended at {}, and this one begins at {}: the server was rolled back, or wrote nothing since",
                       to_text(earlier.stop), to_text(current.start));
  }
  return std::nullopt;
}

bool is_same_copy(const ClusterDetails& earlier, const ClusterDetails& current) {
  return !earlier.from_standby && !current.from_standby && earlier.timeline == current.timeline;
}

wal::ChangeHistoryQuery changes_since(const ClusterDetails& earlier, const ClusterDetails& current) {
  wal::ChangeHistoryQuery query;
  query.data_directory = current.data_directory;
  query.system_id = current.system_id;
  query.segment_size = current.wal_segment_size;
  query.from = earlier.start;
  query.to = current.start;
  query.witness_at = {earlier.stop.value - 1};
  query.witness = earlier.stop_record;
  return query;
}

}  // namespace owl::cluster
