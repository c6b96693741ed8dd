#include "wal/stream_start.h"

#include <fmt/core.h>

#include <algorithm>

namespace owl::wal {
namespace {

using postgres::SegmentId;
using postgres::TimelinePath;

/// The file that holds a segment's number on this path: that of the timeline which owns its last byte.
SegmentId on_path(const TimelinePath& path, std::uint64_t number, std::uint32_t segment_size) {
  return {path.at({(number + 1) * segment_size - 1}), number};
}

/// The greatest number archived of any timeline of the path, as far as it is of this history.
std::optional<std::uint64_t> last_archived(const TimelinePath& path, const Archive& archive,
                                           std::uint32_t segment_size) {
  std::optional<std::uint64_t> last;
  for (const auto& stretch : path.stretches()) {
    for (const auto& range : archive.ranges(stretch.timeline, segment_size)) {
      const bool is_target = stretch.timeline == path.target();
      // The segment with the fork is whole only as the child's.
      const auto end = is_target ? range.last + 1 : std::min(range.last + 1, stretch.end.value / segment_size);
      if (range.first < end) last = std::max(last.value_or(0), end - 1);
    }
  }
  return last;
}

}  // namespace

StreamStart choose_stream_start(const postgres::ServerIdentity& server, bool in_recovery, const TimelinePath& path,
                                postgres::Lsn slot_restart, std::uint32_t segment_size, const Archive& archive) {
  const auto kept = slot_restart.value / segment_size;
  const auto last = last_archived(path, archive, segment_size);
  if (last && (*last + 1) * segment_size > server.flushed.value) {
    // A standby that is behind will come to it.
    throw Error(in_recovery ? ErrorKind::transient : ErrorKind::conflict,
                fmt::format("WAL is archived up to segment {}, which the server, at {} of timeline {}, has not reached",
                            postgres::to_file_name(on_path(path, *last, segment_size), segment_size),
                            postgres::to_text(server.flushed), server.timeline))
        .with_hint(
            "It is a restored or cloned server that was not promoted to a timeline of its own, or it was set back to a "
            "snapshot. Nothing was stored.");
  }
  const auto archived = [&](std::uint64_t number) {
    const auto id = on_path(path, number, segment_size);
    return archive.has(id.timeline, postgres::to_file_name(id, segment_size));
  };
  StreamStart start;
  auto number = kept;
  while (archived(number)) ++number;
  start.segment = on_path(path, number, segment_size);
  if (last && *last + 1 < kept) start.missing_from = on_path(path, *last + 1, segment_size);
  return start;
}

void require_new_timeline_is_fit(const TimelinePath& path, std::uint32_t segment_size, const Archive& archive) {
  if (!archive.files(path.target()).empty()) return;  // not new
  for (const auto& stretch : path.stretches()) {
    if (stretch.timeline == path.target()) continue;
    for (const auto& range : archive.ranges(stretch.timeline, segment_size)) {
      if (range.last * segment_size < stretch.end.value) continue;
      throw Error(ErrorKind::refused,
                  fmt::format("the server is on timeline {}, which left timeline {} at {}, but WAL of timeline {} is "
                              "archived up to segment {}: this may be a restored or cloned cluster",
                              path.target(), stretch.timeline, postgres::to_text(stretch.end), stretch.timeline,
                              postgres::to_file_name({stretch.timeline, range.last}, segment_size)))
          .with_hint(
              "If this server is the one to archive from now on: `owlbackup wal stream --new-timeline`. If it is a "
              "copy, it needs a repository of its own.");
    }
  }
}

}  // namespace owl::wal
