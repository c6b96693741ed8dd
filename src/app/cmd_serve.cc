#include <fmt/core.h>

#include <thread>

#include "app/command.h"
#include "app/invocation.h"
#include "app/wal_commands.h"
#include "app/wal_parts.h"
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

std::filesystem::path socket_of(Invocation& in) {
  const auto& settings = in.settings();
  return settings.wal.socket.empty() ? settings.state.directory / "wal.sock" : settings.wal.socket;
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
      state.lock()->last_error = error.what();
      in.monitor().warning(
          fmt::format("WAL is not streamed: {}{}{}", error.what(), error.hint().empty() ? "" : " ", error.hint()));
    }
  } while (in.clock().sleep(60s, stop));
}

int run_wal_service(Invocation& in) {
  in.exit_exactly();  // what it warned of meanwhile is no failure of the service
  const auto& keys = service_keys(in);
  const auto data_directory = data_directory_of(in);
  const auto control = postgres::read_control_file(data_directory, in.clock()).parsed;
  wal::ServiceOptions options;
  options.look_ahead = {data_directory, in.settings().wal.look_ahead, std::chrono::milliseconds(250)};
  options.owner_uid = os::status_of(data_directory, true)->uid;
  options.system_id = control.system_id;
  const os::SocketListener listener(socket_of(in), options.owner_uid);
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
  command.runs(run_wal_service);
}

void add_serve(Command& app) {
  auto command = app.add_command("serve", "The daemon: the WAL service", "owlbackup serve");
  command.runs(run_wal_service);
}

}  // namespace owl::app
