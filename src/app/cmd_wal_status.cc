#include <fmt/core.h>

#include "app/wal_commands.h"
#include "app/wal_status.h"
#include "app/wal_view.h"
#include "os/system.h"
#include "wal/gap_acknowledgement.h"

namespace owl::app {
namespace {

using codec::Json;

int run_status(Invocation& in) {
  const auto& keys = in.checked_keys();
  const auto objective = in.settings().objectives.rpo;
  const auto status = gather_wal_status(in, keys);
  say_wal_status(in.output(), status, objective);
  for (const auto& warning : wal_warnings(status, objective)) in.monitor().warning(warning);
  in.output().result(to_json(status, objective));
  return 0;
}

struct GapArguments {
  std::string stretch, reason, system;
};

std::pair<std::string, std::string> first_and_last(const std::string& stretch) {
  const auto dots = stretch.find("..");
  const auto first = stretch.substr(0, dots), last = dots == std::string::npos ? first : stretch.substr(dots + 2);
  for (const auto& name : {first, last}) {
    const auto parsed = postgres::parse_wal_file_name(name);
    if (parsed && parsed->kind == postgres::WalFileKind::segment) continue;
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is no name of a WAL segment", name))
        .with_hint("FIRST..LAST as `owlbackup wal status` shows the gap, or one segment's name.");
  }
  if (last < first || first.substr(0, 8) != last.substr(0, 8)) {
    throw Error(ErrorKind::usage, fmt::format("{} is no stretch of one timeline, from its first to its last", stretch));
  }
  return {first, last};
}

/// The system whose gap this is: of several clusters, the one that has it.
const WalSystemStatus& system_with(const WalStatus& status, const std::string& first, const std::string& last,
                                   const std::string& system_id) {
  std::string gaps;
  for (const auto& system : status.systems) {
    if (!system_id.empty() && std::to_string(system.report.system_id) != system_id) continue;
    const auto size = system.report.graph.segment_size;
    for (const auto& reported : system.report.gaps) {
      const auto& gap = reported.gap;
      const auto begin = postgres::to_file_name({gap.timeline, gap.first}, size);
      const auto end = postgres::to_file_name({gap.timeline, gap.last}, size);
      if (first <= end && begin <= last && first.substr(0, 8) == begin.substr(0, 8)) return system;
      gaps += (gaps.empty() ? "" : ", ") + wal::to_text(gap, size);
    }
  }
  throw Error(ErrorKind::usage, fmt::format("there is no gap in {}", first == last ? first : first + ".." + last))
      .with_hint(gaps.empty() ? "No WAL is missing; `owlbackup wal status` tells." : "The gaps are: " + gaps + ".");
}

int run_acknowledge(Invocation& in, const GapArguments& arguments) {
  const auto [first, last] = first_and_last(arguments.stretch);
  const auto& keys = in.checked_keys();
  const auto status = gather_wal_status(in, keys);
  const auto& system = system_with(status, first, last, arguments.system).report;
  const wal::GapAcknowledgement record{system.system_id, first,           last,
                                       arguments.reason, os::host_name(), in.clock().now()};
  wal::acknowledge_gap(in.stores(), keys, record, in.clock(), in.random(), in.stop());
  in.output().say(
      fmt::format("Recorded: {} of system {} is known to be missing. Restores over it are refused as before.",
                  arguments.stretch, system.system_id));
  in.output().result(Json()
                         .set("system_id", std::to_string(system.system_id))
                         .set("first", first)
                         .set("last", last)
                         .set("reason", arguments.reason));
  return 0;
}

}  // namespace

void add_wal_status(Command& wal) {
  auto status = wal.add_command("status", "What is archived on each timeline, gaps, lag, RPO now, the WAL service",
                                "owlbackup wal status --json");
  status.runs(run_status);

  auto acknowledge =
      wal.add_command("acknowledge-gap", "Record that you know of missing WAL: it is warned of no more",
                      "owlbackup wal acknowledge-gap 000000010000000000000004..000000010000000000000006");
  const auto arguments = std::make_shared<GapArguments>();
  acknowledge.option("FIRST..LAST", arguments->stretch, "The missing segments, as `wal status` shows them").required();
  acknowledge.option("--reason", arguments->reason, "Why, in your own words");
  acknowledge.option("--system", arguments->system, "Whose, where WAL of several clusters is archived here");
  acknowledge.runs([arguments](Invocation& in) { return run_acknowledge(in, *arguments); });
}

}  // namespace owl::app
