#include "wal/archive_report.h"

#include <algorithm>

namespace owl::wal {
namespace {

/// How many segments beside a gap are looked at for a commit: an idle server's have none.
constexpr std::uint64_t furthest_neighbour = 4;

std::optional<WalInfo> info_of(const TimelineGraph& graph, postgres::SegmentId segment, Fetcher& fetcher,
                               const std::stop_token& stop) {
  const auto* view = graph.find(segment.timeline);
  if (view == nullptr || !view->has(segment.number)) return std::nullopt;
  try {
    return fetcher.info(postgres::to_file_name(segment, graph.segment_size), stop);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    return std::nullopt;  // `verify` is for damage; here a time stays unknown
  }
}

/// Segments of the same number in this timeline and those on either side of a fork: what stands next to a gap may be
/// its parent's or its child's.
std::vector<postgres::TimelineId> related(const TimelineGraph& graph, postgres::TimelineId timeline) {
  std::vector<postgres::TimelineId> out{timeline};
  if (const auto* view = graph.find(timeline); view != nullptr && view->origin) out.push_back(view->origin->timeline);
  for (const auto& view : graph.timelines) {
    if (view.origin && view.origin->timeline == timeline) out.push_back(view.timeline);
  }
  return out;
}

class Reporting {
 public:
  Reporting(const TimelineGraph& graph, Fetcher& fetcher, std::stop_token stop)
      : graph_(graph), fetcher_(fetcher), stop_(std::move(stop)) {}

  ReportedGap report(const Gap& gap) {
    ReportedGap out{gap, {gap.first * graph_.segment_size}, {(gap.last + 1) * graph_.segment_size}, {}, {}};
    for (std::uint64_t i = 1; i <= std::min(furthest_neighbour, gap.first) && !out.after; ++i) {
      if (const auto info = neighbour(gap, gap.first - i)) out.after = info->segment.max_time;
    }
    for (std::uint64_t i = 1; i <= furthest_neighbour && !out.before; ++i) {
      if (const auto info = neighbour(gap, gap.last + i)) out.before = info->segment.min_time;
    }
    return out;
  }

 private:
  /// One that has a commit.
  std::optional<WalInfo> neighbour(const Gap& gap, std::uint64_t number) {
    for (const auto timeline : related(graph_, gap.timeline)) {
      auto info = info_of(graph_, {timeline, number}, fetcher_, stop_);
      if (info && info->segment.transaction_ends > 0) return info;
    }
    return std::nullopt;
  }

  const TimelineGraph& graph_;
  Fetcher& fetcher_;
  const std::stop_token stop_;
};

}  // namespace

std::size_t ArchiveReport::unacknowledged_gaps() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(gaps, [](const ReportedGap& reported) { return reported.known.empty(); }));
}

Histories read_histories(const Archive& archive, Fetcher& fetcher, std::stop_token stop) {
  Histories out;
  for (const auto timeline : archive.timelines()) {
    if (timeline <= 1 || !archive.has(timeline, postgres::history_file_name(timeline))) continue;
    try {
      out[timeline] = fetcher.history(timeline, stop);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
    }
  }
  return out;
}

std::uint32_t archived_segment_size(const Archive& archive, Fetcher& fetcher, std::stop_token stop) {
  for (const auto timeline : archive.timelines()) {
    for (const auto& [name, file] : archive.files(timeline)) {
      if (name.size() != 24) continue;
      try {
        if (const auto info = fetcher.info(name, stop)) return info->segment.segment_size;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::integrity) throw;  // the next one tells it, too
      }
    }
  }
  return 0;
}

ArchiveReport report_archive(repository::StoreSet& stores, const crypto::HostKeys& keys, postgres::SystemId system_id,
                             const KnownExtents& known, Monitor& monitor, std::stop_token stop) {
  ArchiveReport out;
  out.system_id = system_id;
  out.archive = Archive::load(stores, system_id, stop);
  Fetcher fetcher(stores, keys, {}, {system_id, std::nullopt, 0});
  const auto size = archived_segment_size(out.archive, fetcher, stop);
  if (size == 0) return out;
  out.histories = read_histories(out.archive, fetcher, stop);
  out.graph = draw_timelines(out.archive, size, out.histories, known);
  const auto gaps = out.graph.gaps();
  if (gaps.empty()) return out;
  const auto acknowledged = list_acknowledgements(stores.alive(), keys, system_id, monitor, stop);
  Reporting reporting(out.graph, fetcher, stop);
  for (const auto& gap : gaps) {
    out.gaps.push_back(reporting.report(gap));
    out.gaps.back().known = covering(acknowledged, gap, size);
  }
  return out;
}

}  // namespace owl::wal
