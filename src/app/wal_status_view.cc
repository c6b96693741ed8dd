#include <fmt/core.h>
#include <fmt/ranges.h>

#include "app/wal_status.h"
#include "base/units.h"

namespace owl::app {
namespace {

using codec::Json;
using postgres::to_text;

std::string name_of(postgres::TimelineId timeline, std::uint64_t number, std::uint32_t size) {
  return postgres::to_file_name({timeline, number}, size);
}

std::string stretch(const std::string& first, const std::string& last) {
  return first == last ? first : first + ".." + last;
}

// ---- gaps

std::string when_text(const wal::ReportedGap& gap) {
  if (gap.after && gap.before) return fmt::format("between {} and {}", to_iso(*gap.after), to_iso(*gap.before));
  if (gap.after) return fmt::format("after {}", to_iso(*gap.after));
  if (gap.before) return fmt::format("before {}", to_iso(*gap.before));
  return "at a time unknown";
}

std::string gap_text(const wal::ReportedGap& gap, std::uint32_t size) {
  return fmt::format("{} ({} segment{}, {} to {}, {})", wal::to_text(gap.gap, size), gap.gap.segments(),
                     gap.gap.segments() == 1 ? "" : "s", to_text(gap.begin), to_text(gap.end), when_text(gap));
}

std::string known_text(const wal::ReportedGap& gap) {
  if (gap.known.empty()) return "NOT ACKNOWLEDGED";
  const auto& by = gap.known.front();
  return fmt::format("acknowledged {} on {}{}{}", to_iso(by.when), by.host, by.reason.empty() ? "" : ": ", by.reason);
}

// ---- timelines

std::vector<std::string> row_of(const wal::TimelineView& view, std::uint32_t size) {
  const auto parent = view.origin ? fmt::format("{} at {}", view.origin->timeline, to_text(view.origin->switch_point))
                                  : std::string(view.history_missing ? "UNKNOWN" : "");
  const bool any = !view.ranges.empty();
  return {std::to_string(view.timeline),
          parent,
          any ? name_of(view.timeline, view.ranges.front().first, size) : "",
          any ? name_of(view.timeline, view.ranges.back().last, size) : "",
          std::to_string(view.segments),
          format_bytes(view.stored_bytes),
          view.gaps.empty() ? "none" : std::to_string(view.gaps.size())};
}

/// Each range that some of the stores lack.
std::vector<std::string> differences(const WalStatus& status, const wal::TimelineView& view, std::uint32_t size) {
  std::vector<std::string> out;
  for (const auto& range : view.ranges) {
    for (const auto& store : status.stores) {
      if (std::ranges::find(range.stores, store) != range.stores.end()) continue;
      out.push_back(
          fmt::format("{} {} not in store {}",
                      stretch(name_of(view.timeline, range.first, size), name_of(view.timeline, range.last, size)),
                      range.first == range.last ? "is" : "are", store));
    }
  }
  return out;
}

// ---- lag

std::string lag_text(const WalLag& lag) {
  if (!lag.bytes) return "unknown: " + lag.unknown;
  return fmt::format("{}, {} whole segments", format_bytes(*lag.bytes), *lag.segments);
}

std::string rpo_text(const WalLag& lag, std::chrono::milliseconds objective) {
  if (!lag.rpo) return fmt::format("unknown: {} (objective {})", lag.unknown, format_duration(objective));
  const bool breached = *lag.rpo > objective;
  return fmt::format("at most {} of work ({} {})", format_duration(*lag.rpo),
                     breached ? "BREACHES the objective of" : "objective", format_duration(objective));
}

// ---- server and service

void say_server(Output& out, const WalStatus& status) {
  if (!status.server) return out.say(fmt::format("Server    unknown: {}", status.server_unknown));
  const auto& s = *status.server;
  out.say(fmt::format("Server    timeline {}{}, {} archived{}, {} failures{}", s.timeline,
                      s.written ? ", writes at " + to_text(*s.written) : std::string(", a standby"), s.archived,
                      s.last_archived_time
                          ? fmt::format(" (last {}, {})", s.last_archived, to_iso(*s.last_archived_time))
                          : std::string(),
                      s.failed, s.ready ? fmt::format(", {} files wait", *s.ready) : std::string()));
}

/// Why nothing is received; empty: it is.
std::string stream_trouble(const Json& stream) {
  if (stream.is_null() || stream["connected"].bool_or(false)) return {};
  const auto said = stream["last_error"].text_or("");
  return said.empty() ? "it has no connection yet" : said;
}

std::string stream_text(const Json& stream) {
  if (const auto trouble = stream_trouble(stream); !trouble.empty()) return "NOT CONNECTED: " + trouble;
  return fmt::format("received up to {}, durable up to {}, {} pieces, {} whole segments",
                     stream["received_lsn"].text_or("?"), stream["durable_lsn"].text_or("?"),
                     stream["pieces"].unsigned_or(0), stream["segments"].unsigned_or(0));
}

void say_service(Output& out, const WalStatus& status) {
  if (!status.service) {
    return out.say(fmt::format("Service   none answers on {}: owl-wal archives one file at a time, by itself",
                               status.socket.string()));
  }
  const auto& service = *status.service;
  out.say(fmt::format(
      "Service   answers (process {}): {} archived, {} under way{}", service["pid"].integer_or(0),
      service["archived"].unsigned_or(0), service["running"].unsigned_or(0),
      service["last_error"].text_or("").empty() ? "" : "; last ask failed: " + service["last_error"].text_or("")));
  if (const auto* stores = service["stores"].as_array()) {
    for (const auto& store : *stores) {
      out.say(fmt::format("  store   {}: {}, {} missed, {} wait", store["store"].text_or("?"),
                          store["answers"].bool_or(false) ? std::string("answers")
                                                          : "DOES NOT ANSWER (" + store["last_error"].text_or("") + ")",
                          store["missed"].unsigned_or(0), store["waiting"].unsigned_or(0)));
    }
  }
  if (const auto& spool = service["spool"]; !spool.is_null()) {
    const auto files = spool["files"].unsigned_or(0);
    out.say(fmt::format("  spool   {} files, {} of {}{}", files, format_bytes(spool["bytes"].unsigned_or(0)),
                        format_bytes(spool["limit_bytes"].unsigned_or(0)),
                        files == 0 ? "" : ": ON THIS HOST ALONE, and lost with it"));
  }
  if (const auto& stream = service["stream"]; !stream.is_null()) {
    out.say(fmt::format("  stream  {}", stream_text(stream)));
  }
  if (const auto& disk = service["disk"]; !disk.is_null()) {
    const auto left = disk["seconds_until_full"].integer_or(-1);
    out.say(fmt::format("  pg_wal  its disk is {} % full, {} free{}", disk["used_percent"].unsigned_or(0),
                        format_bytes(disk["free_bytes"].unsigned_or(0)),
                        left < 0 ? "" : "; full in " + format_duration(std::chrono::seconds(left)) + " at this rate"));
  }
}

void warn_of_service(const Json& service, std::vector<std::string>& out) {
  if (const auto* stores = service["stores"].as_array()) {
    for (const auto& store : *stores) {
      if (store["answers"].bool_or(true)) continue;
      out.push_back(fmt::format("the WAL service can't reach store {}: {} files are missed there",
                                store["store"].text_or("?"), store["missed"].unsigned_or(0)));
    }
  }
  if (const auto files = service["spool"]["files"].unsigned_or(0); files > 0) {
    out.push_back(fmt::format("{} WAL files lie in the local spool alone: they are lost if this host is", files));
  }
  if (const auto trouble = stream_trouble(service["stream"]); !trouble.empty()) {
    out.push_back("WAL is not streamed: " + trouble);
  }
  constexpr unsigned alarming = 90;
  if (const auto percent = service["disk"]["used_percent"].unsigned_or(0); percent >= alarming) {
    out.push_back(fmt::format("pg_wal's disk is {} % full: PostgreSQL stops when it is full", percent));
  }
}

void warn_of_system(const WalStatus& status, const WalSystemStatus& system, std::chrono::milliseconds objective,
                    std::vector<std::string>& out) {
  const auto size = system.report.graph.segment_size;
  for (const auto& gap : system.report.gaps) {
    if (!gap.known.empty()) continue;
    out.push_back(
        fmt::format("WAL is missing: {}. No restore can pass it; a backup made since then can be restored. "
                    "`owlbackup wal acknowledge-gap {}` ends this warning",
                    gap_text(gap, size), wal::to_text(gap.gap, size)));
  }
  for (const auto& view : system.report.graph.timelines) {
    if (view.history_missing) {
      out.push_back(
          fmt::format("the history file of timeline {} is missing or can't be read: it can't be told where "
                      "that timeline comes from",
                      view.timeline));
    }
    const auto apart = differences(status, view, size);
    if (!apart.empty() && !status.service) {
      out.push_back(fmt::format("{}{}; `owlbackup wal serve` copies it there", apart.front(),
                                apart.size() > 1 ? fmt::format(" (and {} more such ranges)", apart.size() - 1) : ""));
    }
  }
  if (system.lag.rpo && *system.lag.rpo > objective) {
    out.push_back(fmt::format("RPO: up to {} of work would be lost now, and the objective is {}",
                              format_duration(*system.lag.rpo), format_duration(objective)));
  }
}

}  // namespace

std::vector<std::string> wal_warnings(const WalStatus& status, std::chrono::milliseconds rpo_objective) {
  std::vector<std::string> out;
  for (const auto& system : status.systems) warn_of_system(status, system, rpo_objective, out);
  if (status.server && status.server->fails()) {
    out.push_back(fmt::format("PostgreSQL can't archive {}: {} failures; its log says why", status.server->last_failed,
                              status.server->failed));
  }
  if (status.service) warn_of_service(*status.service, out);
  return out;
}

void say_wal_status(Output& out, const WalStatus& status, std::chrono::milliseconds rpo_objective) {
  if (status.systems.empty()) out.say("No WAL is archived yet.");
  for (const auto& system : status.systems) {
    const auto size = system.report.graph.segment_size;
    out.say(fmt::format("System    {}{}", system.report.system_id, system.of_server ? " (the configured server)" : ""));
    std::vector<std::vector<std::string>> rows;
    for (const auto& view : system.report.graph.timelines) rows.push_back(row_of(view, size));
    out.table({"TIMELINE", "PARENT", "FIRST", "LAST", "SEGMENTS", "STORED", "GAPS"}, rows);
    for (const auto& gap : system.report.gaps) {
      out.say(fmt::format("GAP       {}: {}", gap_text(gap, size), known_text(gap)));
    }
    for (const auto& view : system.report.graph.timelines) {
      for (const auto& line : differences(status, view, size)) out.say("Apart     " + line);
    }
    out.say("Lag       " + lag_text(system.lag));
    out.say("RPO now   " + rpo_text(system.lag, rpo_objective));
  }
  say_server(out, status);
  say_service(out, status);
}

void say_wal_sums(Output& out, const WalStatus& status, std::chrono::milliseconds rpo_objective) {
  for (const auto& system : status.systems) {
    std::uint64_t files = 0;
    for (const auto& view : system.report.graph.timelines) files += view.files;
    const auto gaps = system.report.gaps.size(), open = system.report.unacknowledged_gaps();
    out.say(fmt::format("WAL           system {}: {} files on {} timelines, {}", system.report.system_id, files,
                        system.report.graph.timelines.size(),
                        gaps == 0   ? "no gaps"
                        : open == 0 ? fmt::format("{} gaps, acknowledged", gaps)
                                    : fmt::format("{} GAPS: see `owlbackup wal status`", open)));
    out.say(fmt::format("              lag {}; RPO {}", lag_text(system.lag), rpo_text(system.lag, rpo_objective)));
  }
}

}  // namespace owl::app
