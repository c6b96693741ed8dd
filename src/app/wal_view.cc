#include "app/wal_view.h"

#include <fmt/core.h>

#include <set>

#include "wal/archive.h"
#include "wal/fetcher.h"

namespace owl::app {
namespace {

using codec::Json;

struct TimelineView {
  postgres::TimelineId timeline = 0;
  std::string first, last;
  std::uint64_t segments = 0, gaps = 0, bytes = 0;
  std::vector<std::string> missing;     ///< the first segment of each gap
  std::vector<std::string> incomplete;  ///< stores that lack some of them
};

std::uint32_t segment_size_of(Invocation& in, const wal::Archive& archive) {
  wal::Fetcher fetcher(in.stores(), in.keys(), {}, {archive.system_id(), std::nullopt, 0});
  for (auto timeline : archive.timelines()) {
    for (const auto& [name, file] : archive.files(timeline)) {
      if (name.size() != 24) continue;
      if (const auto info = fetcher.info(name, in.stop())) return info->segment.segment_size;
    }
  }
  return 16u << 20;
}

TimelineView view_of(const wal::Archive& archive, postgres::TimelineId timeline, std::uint32_t segment_size,
                     std::size_t stores) {
  TimelineView view;
  view.timeline = timeline;
  const auto ranges = archive.ranges(timeline, segment_size);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    view.segments += ranges[i].last - ranges[i].first + 1;
    if (i > 0) view.missing.push_back(postgres::to_file_name({timeline, ranges[i - 1].last + 1}, segment_size));
  }
  view.gaps = view.missing.size();
  if (!ranges.empty()) {
    view.first = postgres::to_file_name({timeline, ranges.front().first}, segment_size);
    view.last = postgres::to_file_name({timeline, ranges.back().last}, segment_size);
  }
  std::set<std::string> incomplete;
  for (const auto& [name, file] : archive.files(timeline)) {
    view.bytes += file.size;
    if (file.stores.size() < stores) incomplete.insert(name);
  }
  view.incomplete.assign(incomplete.begin(), incomplete.end());
  return view;
}

Json to_json(const TimelineView& view) {
  Json missing = Json::array(), incomplete = Json::array();
  for (const auto& name : view.missing) missing.push(name);
  for (const auto& name : view.incomplete) incomplete.push(name);
  return Json()
      .set("timeline", view.timeline)
      .set("first", view.first)
      .set("last", view.last)
      .set("segments", view.segments)
      .set("gaps", std::move(missing))
      .set("stored_bytes", view.bytes)
      .set("not_in_every_store", std::move(incomplete));
}

}  // namespace

postgres::SystemId only_system(Invocation& in) {
  const auto systems = wal::Archive::systems(in.stores(), in.stop());
  if (systems.size() == 1) return systems.front();
  std::string list;
  for (auto id : systems) list += fmt::format("{}{}", list.empty() ? "" : ", ", id);
  throw Error(ErrorKind::usage,
              systems.empty() ? "no WAL is archived in this repository"
                              : fmt::format("WAL of several clusters is archived here ({}); which is meant?", list))
      .with_hint("Use a recovery ticket or the restore agent: `owlbackup restore cluster` makes either.");
}

int show_wal_status(Invocation& in) {
  in.checked_keys();
  Json document = Json::array();
  std::uint64_t gaps = 0;
  std::vector<std::vector<std::string>> rows;
  for (auto system : wal::Archive::systems(in.stores(), in.stop())) {
    const auto archive = wal::Archive::load(in.stores(), system, in.stop());
    const auto segment_size = segment_size_of(in, archive);
    for (auto timeline : archive.timelines()) {
      const auto view = view_of(archive, timeline, segment_size, in.stores().alive().size());
      gaps += view.gaps;
      rows.push_back({std::to_string(system), std::to_string(timeline), view.first, view.last,
                      std::to_string(view.segments),
                      view.gaps == 0 ? "none" : view.missing.front() + (view.gaps > 1 ? " …" : "")});
      document.push(to_json(view).set("system_id", std::to_string(system)));
    }
  }
  if (rows.empty())
    in.output().say("No WAL is archived yet.");
  else
    in.output().table({"SYSTEM", "TIMELINE", "FIRST", "LAST", "SEGMENTS", "GAPS"}, rows);
  in.output().result(document);
  return gaps == 0 ? 0 : describe(ErrorKind::integrity).exit_code;
}

}  // namespace owl::app
