#include <fmt/core.h>

#include <memory>

#include "app/command.h"
#include "app/invocation.h"
#include "app/wal_commands.h"
#include "app/wal_parts.h"
#include "base/units.h"

namespace owl::app {
namespace {

struct StreamArguments {
  bool create_slot = false, new_timeline = false;
};

void require_connection(Invocation& in) {
  if (!in.settings().postgres.connection.empty()) return;
  throw Error(ErrorKind::config, "no [postgres] connection is configured: there is no server to stream from")
      .with_hint("connection = \"host=db.example user=owlbackup dbname=postgres\"; the role needs REPLICATION.");
}

int run_stream(Invocation& in, const StreamArguments& arguments) {
  in.exit_exactly();  // what it warned of meanwhile is no failure
  require_connection(in);
  const auto& keys = service_keys(in);
  auto options = stream_options(in);
  options.create_slot = arguments.create_slot;
  options.new_timeline = arguments.new_timeline;
  wal::Archiver archiver(in.stores(), keys, archiver_options(in), in.clock(), in.random(), in.monitor());
  Guarded<wal::StreamState> state;
  try {
    wal::stream_wal(options, archiver, in.stores(), keys, state, in.clock(), in.random(), in.monitor(), in.stop());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled || !in.stop().stop_requested()) throw;
  }
  return 0;  // asked to stop: that is how a stream ends
}

}  // namespace

void add_wal_stream(Command& wal) {
  auto command = wal.add_command("stream", "Receive WAL over the replication protocol, stored every few seconds",
                                 "owlbackup wal stream    # or [wal] stream = true, for `owlbackup serve`");
  const auto arguments = std::make_shared<StreamArguments>();
  command.flag("--create-slot", arguments->create_slot,
               "Make the replication slot anew where it was lost; tells what WAL is missing");
  command.flag("--new-timeline", arguments->new_timeline,
               "Archive the server's timeline although the one it left goes on in the archive");
  command.runs([arguments](Invocation& in) { return run_stream(in, *arguments); });
}

}  // namespace owl::app
