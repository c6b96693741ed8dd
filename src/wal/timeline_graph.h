#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "postgres/timeline_history.h"
#include "wal/archive.h"

namespace owl::wal {

/// Segments of one timeline that no store has, although WAL before and after them is, or was, archived.
struct Gap {
  postgres::TimelineId timeline = 0;
  std::uint64_t first = 0, last = 0;  ///< segment numbers

  std::uint64_t segments() const { return last - first + 1; }
  friend auto operator<=>(const Gap&, const Gap&) = default;
};
/// "000000010000000000000004..000000010000000000000006"; of one segment its name alone.
std::string to_text(const Gap& gap, std::uint32_t segment_size);

/// Out of single segments, which ascend.
std::vector<Gap> to_gaps(const std::vector<postgres::SegmentId>& segments);

/// One timeline as the archive has it.
struct TimelineView {
  postgres::TimelineId timeline = 0;
  /// Where it left its parent. nullopt: it has none, or its history file is not known.
  std::optional<postgres::TimelineSwitch> origin = {};
  bool history_missing = false;  ///< above 1, and no history file tells where it comes from: recovery can't go there

  /// Consecutive segments that stand in the same stores.
  struct Range {
    std::uint64_t first = 0, last = 0;
    std::vector<std::string> stores;  ///< sorted
  };
  std::vector<Range> ranges = {};  ///< ascending
  std::vector<Gap> gaps = {};
  std::uint64_t segments = 0, files = 0, stored_bytes = 0;

  bool has(std::uint64_t number) const;
};

/// How the timelines of a cluster hang together, and what is missing on them.
struct TimelineGraph {
  std::uint32_t segment_size = 0;
  std::vector<TimelineView> timelines;  ///< ascending

  std::vector<Gap> gaps() const;
  const TimelineView* find(postgres::TimelineId timeline) const;
};

/// The history of each timeline above 1, as its history file tells.
using Histories = std::map<postgres::TimelineId, std::vector<postgres::TimelineSwitch>>;
/// Of each timeline the least and greatest segment that are known to have been archived, listed or not.
using KnownExtents = std::map<postgres::TimelineId, Archive::Range>;
void extend(KnownExtents& known, postgres::TimelineId timeline, const Archive::Range& range);

/// Pure. What must be there of a timeline: from the first segment that it has (or, where an ancestor is in the archive,
/// from the one with the fork), to its last, and, where a child's history is known, to the one before the fork: the
/// fork's own segment is supplied by the child, which begins with a copy of it (P-M8).
TimelineGraph draw_timelines(const Archive& archive, std::uint32_t segment_size, const Histories& histories,
                             const KnownExtents& known = {});

}  // namespace owl::wal
