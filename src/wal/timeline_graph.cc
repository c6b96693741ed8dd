#include "wal/timeline_graph.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace owl::wal {
namespace {

using Range = Archive::Range;

std::vector<TimelineView::Range> ranges_by_stores(const Archive& archive, postgres::TimelineId timeline,
                                                  std::uint32_t segment_size) {
  std::vector<TimelineView::Range> out;
  for (const auto& [name, file] : archive.files(timeline)) {
    const auto segment = postgres::parse_segment_name(name, segment_size);
    if (!segment) continue;
    auto stores = file.stores;
    std::ranges::sort(stores);
    if (!out.empty() && out.back().last + 1 == segment->number && out.back().stores == stores) {
      out.back().last = segment->number;
    } else {
      out.push_back({segment->number, segment->number, std::move(stores)});
    }
  }
  return out;
}

class Drawing {
 public:
  Drawing(const Archive& archive, std::uint32_t segment_size, const Histories& histories, const KnownExtents& known)
      : archive_(archive), size_(segment_size), histories_(histories), known_(known) {}

  TimelineGraph draw() {
    TimelineGraph graph{size_, {}};
    for (const auto& [timeline, history] : histories_) add_path(timeline, history);
    for (const auto timeline : timelines()) graph.timelines.push_back(view(timeline));
    for (auto& view : graph.timelines) view.gaps = gaps_of(view);
    return graph;
  }

 private:
  std::set<postgres::TimelineId> timelines() const {
    std::set<postgres::TimelineId> out;
    for (const auto timeline : archive_.timelines()) out.insert(timeline);
    for (const auto& [timeline, extent] : known_) out.insert(timeline);
    // A timeline that left no segment of its own may still have to have some: of its children's way.
    for (const auto& [timeline, history] : histories_) {
      if (!archive_.files(timeline).empty()) {
        for (const auto& parent : history) out.insert(parent.timeline);
      }
    }
    return out;
  }

  void add_path(postgres::TimelineId timeline, const std::vector<postgres::TimelineSwitch>& history) {
    if (history.empty()) return;
    try {
      paths_.emplace(timeline, postgres::TimelinePath(timeline, history));
    } catch (const Error&) {
      // It names a timeline that isn't older: as good as no history.
    }
  }

  TimelineView view(postgres::TimelineId timeline) const {
    TimelineView out;
    out.timeline = timeline;
    out.ranges = ranges_by_stores(archive_, timeline, size_);
    for (const auto& range : out.ranges) out.segments += range.last - range.first + 1;
    out.files = archive_.files(timeline).size();
    for (const auto& [name, file] : archive_.files(timeline)) out.stored_bytes += file.size;
    const auto path = paths_.find(timeline);
    out.history_missing = timeline > 1 && path == paths_.end() && out.files > 0;
    if (path == paths_.end() || path->second.stretches().size() < 2) return out;
    const auto& stretches = path->second.stretches();
    const auto& parent = stretches[stretches.size() - 2];
    out.origin = {parent.timeline, parent.end, histories_.at(timeline).back().reason};
    return out;
  }

  /// What is, or was, archived of a timeline.
  std::optional<Range> extent(postgres::TimelineId timeline) const {
    auto ranges = archive_.ranges(timeline, size_);
    if (const auto known = known_.find(timeline); known != known_.end()) ranges.push_back(known->second);
    if (ranges.empty()) return std::nullopt;
    Range out = ranges.front();
    for (const auto& range : ranges) out = {std::min(out.first, range.first), std::max(out.last, range.last)};
    return out;
  }

  /// Is anything archived of the way that led to this timeline?
  bool ancestors_are_archived(const postgres::TimelinePath& path) const {
    for (const auto& stretch : path.stretches()) {
      if (stretch.timeline == path.target()) continue;
      const auto archived = extent(stretch.timeline);
      if (archived && postgres::Lsn{archived->first * size_} < stretch.end) return true;
    }
    return false;
  }

  /// The number of the first segment that must be there; nullopt: none must.
  std::optional<std::uint64_t> needed_from(postgres::TimelineId timeline) const {
    const auto path = paths_.find(timeline);
    if (path != paths_.end() && ancestors_are_archived(path->second)) {
      return path->second.find(timeline)->begin.value / size_;
    }
    const auto own = extent(timeline);
    return own ? std::optional(own->first) : std::nullopt;
  }

  /// The number behind the last segment that must be there.
  std::uint64_t needed_to(postgres::TimelineId timeline) const {
    const auto own = extent(timeline);
    std::uint64_t end = own ? own->last + 1 : 0;
    for (const auto& [child, path] : paths_) {
      const auto* stretch = child == timeline ? nullptr : path.find(timeline);
      if (stretch != nullptr) end = std::max(end, stretch->end.value / size_);
    }
    return end;
  }

  std::vector<Gap> gaps_of(const TimelineView& view) const {
    const auto from = needed_from(view.timeline);
    const auto to = needed_to(view.timeline);
    std::vector<Gap> gaps;
    if (!from) return gaps;
    auto next = *from;
    const auto missing_up_to = [&](std::uint64_t number) {
      if (next < std::min(number, to)) gaps.push_back({view.timeline, next, std::min(number, to) - 1});
    };
    for (const auto& range : view.ranges) {
      missing_up_to(range.first);
      next = std::max(next, range.last + 1);
    }
    missing_up_to(to);
    return gaps;
  }

  const Archive& archive_;
  const std::uint32_t size_;
  const Histories& histories_;
  const KnownExtents& known_;
  std::map<postgres::TimelineId, postgres::TimelinePath> paths_;
};

}  // namespace

std::string to_text(const Gap& gap, std::uint32_t segment_size) {
  const auto first = postgres::to_file_name({gap.timeline, gap.first}, segment_size);
  if (gap.first == gap.last) return first;
  return fmt::format("{}..{}", first, postgres::to_file_name({gap.timeline, gap.last}, segment_size));
}

void extend(KnownExtents& known, postgres::TimelineId timeline, const Archive::Range& range) {
  const auto [found, is_new] = known.try_emplace(timeline, range);
  if (is_new) return;
  found->second = {std::min(found->second.first, range.first), std::max(found->second.last, range.last)};
}

std::vector<Gap> to_gaps(const std::vector<postgres::SegmentId>& segments) {
  std::vector<Gap> out;
  for (const auto& segment : segments) {
    if (!out.empty() && out.back().timeline == segment.timeline && out.back().last + 1 == segment.number) {
      out.back().last = segment.number;
    } else {
      out.push_back({segment.timeline, segment.number, segment.number});
    }
  }
  return out;
}

bool TimelineView::has(std::uint64_t number) const {
  return std::ranges::any_of(ranges, [&](const Range& r) { return r.first <= number && number <= r.last; });
}

std::vector<Gap> TimelineGraph::gaps() const {
  std::vector<Gap> out;
  for (const auto& view : timelines) out.insert(out.end(), view.gaps.begin(), view.gaps.end());
  return out;
}

const TimelineView* TimelineGraph::find(postgres::TimelineId timeline) const {
  const auto found = std::ranges::find(timelines, timeline, &TimelineView::timeline);
  return found == timelines.end() ? nullptr : &*found;
}

TimelineGraph draw_timelines(const Archive& archive, std::uint32_t segment_size, const Histories& histories,
                             const KnownExtents& known) {
  return Drawing(archive, segment_size, histories, known).draw();
}

}  // namespace owl::wal
