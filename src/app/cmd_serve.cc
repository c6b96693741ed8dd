#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>

#include "app/backup_needs.h"
#include "app/backup_view.h"
#include "app/cluster_backup.h"
#include "app/command.h"
#include "app/gap_backups.h"
#include "app/invocation.h"
#include "app/wal_commands.h"
#include "app/wal_parts.h"
#include "app/wal_view.h"
#include "concurrency/guarded.h"
#include "os/file.h"
#include "postgres/base_backup.h"
#include "postgres/connection.h"
#include "wal/service.h"

namespace owl::app {
namespace {

std::filesystem::path data_directory_of(Invocation& in) {
  const auto& settings = in.settings().postgres;
  if (!settings.data_directory.empty()) return settings.data_directory;
  postgres::Connection connection(settings.connection);
  return postgres::read_server_facts(connection).data_directory;
}

/// Streams beside the service. What only a person can mend is told, and tried again: archiving must not end with it.
void stream_beside(Invocation& in, wal::Archiver& archiver, const crypto::HostKeys& keys,
                   Guarded<wal::StreamState>& state, const std::stop_token& stop) {
  using namespace std::chrono_literals;
  const auto options = stream_options(in);
  do {
    try {
      wal::stream_wal(options, archiver, in.stores(), keys, state, in.clock(), in.random(), in.monitor(), stop);
    } catch (const Error& error) {
      if (stop.stop_requested()) return;
      {
        auto told = state.lock();
        told->connected = false;
        told->last_error = error.what();
      }
      in.monitor().warning(
          fmt::format("WAL is not streamed: {}{}{}", error.what(), error.hint().empty() ? "" : " ", error.hint()));
    }
  } while (in.clock().sleep(60s, stop));
}

/// Is there a backup from behind all these gaps already?
bool has_backup_behind(repository::StoreSet& stores, const crypto::HostKeys& keys, const postgres::ControlFile& control,
                       const std::vector<wal::Gap>& gaps, const std::stop_token& stop) {
  for (const auto& backup : load_backups(stores, keys, "cluster", stop).whole) {
    const auto details = cluster_details(backup.loaded.manifest);
    if (details.system_id != control.system_id || details.timeline != control.timeline) continue;
    const bool behind_all = std::ranges::all_of(
        gaps, [&](const wal::Gap& gap) { return details.start.value >= (gap.last + 1) * control.wal_segment_size; });
    if (behind_all) return true;
  }
  return false;
}

void backup_for_gaps(Invocation& in, const std::filesystem::path& data_directory, const std::vector<wal::Gap>& gaps,
                     const std::stop_token& stop) {
  const auto control = postgres::read_control_file(data_directory, in.clock()).parsed;
  repository::StoreSet stores(in.open_stores(), in.monitor());
  if (has_backup_behind(stores, in.keys(), control, gaps, stop)) return;
  in.monitor().note(fmt::format("a new base backup begins, since {} is missing",
                                wal::to_text(gaps.front(), control.wal_segment_size)));
  const auto result = cluster::run_backup(backup_options(in, "after-a-gap"), stores, in.keys(), in.clock(), in.random(),
                                          in.monitor(), stop);
  in.monitor().note(
      fmt::format("base backup {} is done: moments from {} on can be restored", result.id, result.stop_lsn));
}

wal::WatchOptions watch_options(Invocation& in, const postgres::ControlFile& control,
                                const std::filesystem::path& data_directory, const crypto::HostKeys& keys) {
  wal::WatchOptions options;
  options.data_directory = data_directory;
  options.state_directory = in.settings().state.directory;
  options.system_id = control.system_id;
  options.segment_size = control.wal_segment_size;
  options.every = in.settings().wal.check;
  options.needed = [needs = std::make_shared<BackupNeeds>(in.open_stores(), keys, control.system_id)](
                       std::stop_token stop) { return (*needs)(std::move(stop)); };
  return options;
}

enum class Daemon {
  wal_only,  ///< `wal serve`: a gap is told
  whole,     ///< `serve`: and a new base backup made
};

int run_wal_service(Invocation& in, Daemon daemon) {
  in.exit_exactly();  // what it warned of meanwhile is no failure of the service
  const auto& keys = service_keys(in);
  const auto data_directory = data_directory_of(in);
  const auto control = postgres::read_control_file(data_directory, in.clock()).parsed;
  wal::ServiceOptions options;
  options.look_ahead = {data_directory, in.settings().wal.look_ahead, std::chrono::milliseconds(250)};
  options.owner_uid = os::status_of(data_directory, true)->uid;
  options.system_id = control.system_id;
  options.name = in.settings().name;
  options.textfile = in.settings().metrics.textfile;
  options.watch = watch_options(in, control, data_directory, keys);
  std::optional<GapBackups> backups;
  if (daemon == Daemon::whole) {
    backups.emplace([&](const auto& gaps, auto stop) { backup_for_gaps(in, data_directory, gaps, stop); }, in.clock(),
                    in.monitor());
    options.watch.on_gaps = [&](const std::vector<wal::Gap>& gaps) { backups->note(gaps); };
  }
  const os::SocketListener listener(wal_socket(in), options.owner_uid);
  wal::Archiver archiver(in.stores(), keys, archiver_options(in), in.clock(), in.random(), in.monitor());
  in.monitor().note(fmt::format("WAL service of {} (system {}) listens on {}", data_directory.string(),
                                control.system_id, listener.path().string()));
  if (archiver.spool() != nullptr) {
    in.monitor().warning(
        fmt::format("wal.spool is set: while stores are away, WAL counts as archived when it is in {} alone",
                    in.settings().wal.spool.string()));
  }
  Guarded<wal::StreamState> streaming;
  std::jthread streamer;
  if (in.settings().wal.stream) {
    options.stream = &streaming;
    streamer = std::jthread([&](const std::stop_token& stop) { stream_beside(in, archiver, keys, streaming, stop); });
  }
  try {
    wal::serve_wal(listener, archiver, keys, options, in.clock(), in.monitor(), in.stop());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled) throw;
  }
  return 0;  // asked to stop: that is how a service ends
}

}  // namespace

void add_wal_serve(Command& wal) {
  auto command =
      wal.add_command("serve", "Archive WAL as a resident service: ahead of PostgreSQL's asking, many files at once",
                      "owlbackup wal serve    # archive_command = 'owl-wal push %p'");
  command.runs([](Invocation& in) { return run_wal_service(in, Daemon::wal_only); });
}

void add_serve(Command& app) {
  auto command = app.add_command("serve", "The daemon: the WAL service, and a base backup where WAL went missing",
                                 "owlbackup serve");
  command.runs([](Invocation& in) { return run_wal_service(in, Daemon::whole); });
}

}  // namespace owl::app
