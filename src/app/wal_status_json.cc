#include "app/wal_status.h"

namespace owl::app {
namespace {

using codec::Json;
using postgres::to_text;

std::string name_of(postgres::TimelineId timeline, std::uint64_t number, std::uint32_t size) {
  return postgres::to_file_name({timeline, number}, size);
}

Json time_or_null(const std::optional<Timestamp>& time) {
  return time ? Json(to_iso(*time)) : Json();
}

double seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

Json to_json(const wal::ReportedGap& gap, std::uint32_t size) {
  Json known = Json::array();
  for (const auto& one : gap.known) {
    known.push(Json()
                   .set("first", one.first)
                   .set("last", one.last)
                   .set("reason", one.reason)
                   .set("host", one.host)
                   .set("time", to_iso(one.when)));
  }
  return Json()
      .set("timeline", gap.gap.timeline)
      .set("first", name_of(gap.gap.timeline, gap.gap.first, size))
      .set("last", name_of(gap.gap.timeline, gap.gap.last, size))
      .set("segments", gap.gap.segments())
      .set("begin_lsn", to_text(gap.begin))
      .set("end_lsn", to_text(gap.end))
      .set("after_time", time_or_null(gap.after))
      .set("before_time", time_or_null(gap.before))
      .set("acknowledged", !gap.known.empty())
      .set("acknowledgements", std::move(known));
}

Json to_json(const wal::TimelineView& view, std::uint32_t size) {
  Json ranges = Json::array();
  for (const auto& range : view.ranges) {
    Json stores = Json::array();
    for (const auto& store : range.stores) stores.push(store);
    ranges.push(Json()
                    .set("first", name_of(view.timeline, range.first, size))
                    .set("last", name_of(view.timeline, range.last, size))
                    .set("segments", range.last - range.first + 1)
                    .set("stores", std::move(stores)));
  }
  Json out;
  out.set("timeline", view.timeline);
  out.set("parent", view.origin ? Json(view.origin->timeline) : Json());
  out.set("fork_lsn", view.origin ? Json(to_text(view.origin->switch_point)) : Json());
  out.set("fork_reason", view.origin ? Json(view.origin->reason) : Json());
  out.set("history_missing", view.history_missing);
  out.set("segments", view.segments).set("files", view.files).set("stored_bytes", view.stored_bytes);
  return out.set("ranges", std::move(ranges));
}

Json to_json(const WalLag& lag, std::chrono::milliseconds objective) {
  Json out;
  out.set("bytes", lag.bytes ? Json(*lag.bytes) : Json()).set("segments", lag.segments ? Json(*lag.segments) : Json());
  out.set("rpo_seconds", lag.rpo ? Json(seconds(*lag.rpo)) : Json());
  out.set("rpo_objective_seconds", seconds(objective));
  out.set("rpo_met", lag.rpo ? Json(*lag.rpo <= objective) : Json());
  return out.set("unknown", lag.unknown.empty() ? Json() : Json(lag.unknown));
}

Json to_json(const postgres::ArchiveProgress& server) {
  Json out;
  out.set("system_id", std::to_string(server.system_id)).set("in_recovery", server.in_recovery);
  out.set("timeline", server.timeline).set("written_lsn", server.written ? Json(to_text(*server.written)) : Json());
  out.set("archive_mode", server.archive_mode).set("archived", server.archived).set("failed", server.failed);
  out.set("last_archived", server.last_archived).set("last_archived_time", time_or_null(server.last_archived_time));
  out.set("last_failed", server.last_failed).set("last_failed_time", time_or_null(server.last_failed_time));
  return out.set("ready", server.ready ? Json(*server.ready) : Json());
}

}  // namespace

Json to_json(const WalStatus& status, std::chrono::milliseconds rpo_objective) {
  Json systems = Json::array();
  for (const auto& system : status.systems) {
    const auto size = system.report.graph.segment_size;
    Json timelines = Json::array(), gaps = Json::array();
    for (const auto& view : system.report.graph.timelines) timelines.push(to_json(view, size));
    for (const auto& gap : system.report.gaps) gaps.push(to_json(gap, size));
    systems.push(Json()
                     .set("system_id", std::to_string(system.report.system_id))
                     .set("of_server", system.of_server)
                     .set("segment_size", size)
                     .set("timelines", std::move(timelines))
                     .set("gaps", std::move(gaps))
                     .set("unacknowledged_gaps", system.report.unacknowledged_gaps())
                     .set("lag", to_json(system.lag, rpo_objective)));
  }
  Json warnings = Json::array(), stores = Json::array();
  for (const auto& warning : wal_warnings(status, rpo_objective)) warnings.push(warning);
  for (const auto& store : status.stores) stores.push(store);
  return Json()
      .set("systems", std::move(systems))
      .set("stores", std::move(stores))
      .set("server", status.server ? to_json(*status.server) : Json())
      .set("server_unknown", status.server ? Json() : Json(status.server_unknown))
      .set("service", status.service ? *status.service : Json())
      .set("warnings", std::move(warnings));
}

}  // namespace owl::app
