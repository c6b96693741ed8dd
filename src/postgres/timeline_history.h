#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "postgres/types.h"

namespace owl::postgres {

/// One line of a .history file: `timeline` was left at `switch_point`.
struct TimelineSwitch {
  TimelineId timeline = 0;
  Lsn switch_point;
  std::string reason;
};
/// Parses a timeline history file (timeline.c): ascending, comments and blank lines skipped.
Result<std::vector<TimelineSwitch>> parse_timeline_history(ByteView text);

/// The way from the oldest ancestor to one timeline: entry i is valid for [begin, end).
class TimelinePath {
 public:
  struct Stretch {
    TimelineId timeline;
    Lsn begin, end;  ///< end of the last one is the greatest Lsn
  };
  /// `target` with its history (empty for a timeline without parent). Throws where the history names a timeline that is
  /// not older than `target`.
  TimelinePath(TimelineId target, const std::vector<TimelineSwitch>& history);

  TimelineId target() const { return stretches_.back().timeline; }
  const std::vector<Stretch>& stretches() const { return stretches_; }
  TimelineId at(Lsn lsn) const;  ///< the timeline that owns the byte at `lsn`
  const Stretch* find(TimelineId timeline) const;

 private:
  void append(TimelineId timeline, Lsn end);

  std::vector<Stretch> stretches_;
};

}  // namespace owl::postgres
