#include "app/wal_status.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/backup_needs.h"
#include "app/backup_view.h"
#include "app/wal_view.h"
#include "cluster/wal_chain.h"
#include "os/unix_socket.h"
#include "wal/streamed_end.h"

namespace owl::app {
namespace {

using cluster::ClusterDetails;

/// How many segments before the end are looked at for a commit.
constexpr std::size_t furthest_commit = 4;
constexpr std::chrono::seconds service_patience{5};

std::vector<ClusterDetails> backups_of_clusters(Invocation& in, const crypto::HostKeys& keys) {
  std::vector<ClusterDetails> out;
  const auto backups = load_backups(in, keys, "cluster");  // `verify` and `list` tell of damaged ones
  for (const auto& backup : backups.whole) {
    out.push_back(cluster_details(backup.loaded.manifest));
  }
  return out;
}

void ask_server(Invocation& in, WalStatus& status) {
  const auto& conninfo = in.settings().postgres.connection;
  if (conninfo.empty()) {
    status.server_unknown = "no [postgres] connection is configured";
    return;
  }
  try {
    postgres::Connection connection(conninfo);
    status.server = postgres::read_archive_progress(connection);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    status.server_unknown = error.what();
  }
}

void ask_service(Invocation& in, WalStatus& status) {
  status.socket = wal_socket(in);
  const auto answer = os::ask_socket(status.socket, "status", {}, service_patience);
  if (!answer || !answer->starts_with("ok ")) return;
  if (auto parsed = codec::Json::parse(std::string_view(*answer).substr(3))) status.service = std::move(*parsed);
}

/// What PostgreSQL was told is archived last: told by another archive_command, perhaps, so it counts only behind
/// something that is here.
void add_told(wal::KnownExtents& known, const postgres::ArchiveProgress& server, const wal::Archive& archive) {
  const auto last = postgres::parse_segment_name(server.last_archived, server.segment_size);
  if (!last) return;
  const auto ranges = archive.ranges(last->timeline, server.segment_size);
  if (!ranges.empty() && ranges.front().first < last->number) {
    wal::extend(known, last->timeline, {last->number, last->number});
  }
}

class SystemExamination {
 public:
  SystemExamination(Invocation& in, const crypto::HostKeys& keys, const std::vector<ClusterDetails>& backups,
                    const WalStatus& status)
      : in_(in), keys_(keys), backups_(backups), status_(status) {}

  WalSystemStatus examine(postgres::SystemId system) {
    WalSystemStatus out;
    out.of_server = status_.server && status_.server->system_id == system;
    wal::KnownExtents known;
    for (const auto& backup : backups_) {
      if (backup.system_id == system) add_needs(known, backup);
    }
    if (out.of_server) add_told(known, *status_.server, wal::Archive::load(in_.stores(), system, in_.stop()));
    out.report = wal::report_archive(in_.stores(), keys_, system, known, in_.monitor(), in_.stop());
    if (!status_.server) {
      out.lag.unknown = status_.server_unknown;
    } else if (!out.of_server) {
      out.lag.unknown = "the configured server is another cluster";
    } else {
      out.lag = measure_lag(reach(out.report), *status_.server);
    }
    return out;
  }

 private:
  std::optional<WalReach> reach(const wal::ArchiveReport& report) {
    const auto timeline = status_.server->timeline;
    const auto history = report.histories.find(timeline);
    if (timeline > 1 && history == report.histories.end()) return std::nullopt;
    std::optional<cluster::WalChain> furthest;
    for (const auto& backup : backups_) {
      if (backup.system_id != report.system_id) continue;
      auto chain = cluster::chain_from(
          backup, timeline, timeline > 1 ? history->second : std::vector<postgres::TimelineSwitch>{}, report.archive);
      if (!chain || chain->segments.empty()) continue;
      // It reaches nowhere before the backup itself is consistent.
      const auto end = (chain->segments.back().number + 1) * backup.wal_segment_size;
      if (end < backup.stop.value) continue;
      if (!furthest || furthest->segments.back().number < chain->segments.back().number) furthest = std::move(chain);
    }
    if (!furthest) return std::nullopt;
    WalReach out{{(furthest->segments.back().number + 1) * status_.server->segment_size},
                 last_commit(report, furthest->segments),
                 std::nullopt};
    add_streamed(out, report, *furthest);
    return out;
  }

  /// Pieces of the segment behind the last whole one, where no later one is archived.
  void add_streamed(WalReach& reach, const wal::ArchiveReport& report, const cluster::WalChain& chain) {
    if (chain.missing) return;
    const auto streamed = wal::streamed_end(in_.stores(), std::to_string(report.system_id), chain.next, in_.stop());
    if (!streamed) return;
    reach.end = reach.end + streamed->end;
    // A piece has all that was written before it was cut, which was no longer before it was stored than that.
    reach.streamed = streamed->stored - in_.settings().wal.stream_interval;
  }

  std::optional<Timestamp> last_commit(const wal::ArchiveReport& report,
                                       const std::vector<postgres::SegmentId>& segments) {
    wal::Fetcher fetcher(in_.stores(), keys_, {}, {report.system_id, std::nullopt, 0});
    for (std::size_t i = 0; i < std::min(furthest_commit, segments.size()); ++i) {
      const auto segment = segments[segments.size() - 1 - i];
      const auto info = fetcher.info(postgres::to_file_name(segment, status_.server->segment_size), in_.stop());
      if (info && info->segment.transaction_ends > 0) return info->segment.max_time;
    }
    return std::nullopt;
  }

  Invocation& in_;
  const crypto::HostKeys& keys_;
  const std::vector<ClusterDetails>& backups_;
  const WalStatus& status_;
};

}  // namespace

WalLag measure_lag(const std::optional<WalReach>& reach, const postgres::ArchiveProgress& server) {
  WalLag out;
  if (server.in_recovery) {
    out.unknown = "the server is a standby, and can't tell what its primary has written";
    return out;
  }
  if (!reach) {
    out.unknown = "no backup with its WAL leads to the server's timeline";
    return out;
  }
  const auto written = server.written.value_or(postgres::Lsn{});
  out.bytes = written > reach->end ? written - reach->end : 0;
  out.segments = *out.bytes / server.segment_size;
  if (*out.bytes == 0) {
    out.rpo = std::chrono::microseconds(0);
  } else if (const auto since = std::max(reach->last_commit, reach->streamed)) {
    out.rpo = std::max(server.now - *since, std::chrono::microseconds(0));
  } else {
    out.unknown = "no commit is in the last WAL that is archived";
  }
  return out;
}

WalStatus gather_wal_status(Invocation& in, const crypto::HostKeys& keys) {
  WalStatus status;
  ask_server(in, status);
  ask_service(in, status);
  const auto backups = backups_of_clusters(in, keys);
  SystemExamination examination(in, keys, backups, status);
  for (const auto system : wal::Archive::systems(in.stores(), in.stop())) {
    status.systems.push_back(examination.examine(system));
  }
  for (const auto& member : in.stores().alive()) status.stores.push_back(member.name);
  return status;
}

}  // namespace owl::app
