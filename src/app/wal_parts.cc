#include "app/wal_parts.h"

#include <fmt/core.h>

#include <algorithm>

#include "os/system.h"
#include "repository/repository.h"

namespace owl::app {

using namespace std::chrono_literals;

const crypto::HostKeys& service_keys(Invocation& in) {
  const auto& keys = in.keys();
  for (auto& member : in.stores().alive()) {
    try {
      repository::check_repository(*member.store, keys, in.stop());
    } catch (const Error& error) {
      if (!repository::is_store_failure(error.kind())) throw;
      in.monitor().warning(fmt::format("store {} can't be used yet: {}", member.name, error.what()));
    }
  }
  return keys;
}

wal::ArchiverOptions archiver_options(Invocation& in) {
  const auto& settings = in.settings();
  wal::ArchiverOptions options;
  options.policy = wal::AckPolicy::parse(settings.wal.acknowledge, in.store_options().size());
  options.state_directory = settings.state.directory;
  options.zstd_level = settings.compression.level;
  options.workers = os::processor_count();
  options.spool = settings.wal.spool;
  options.spool_bytes = settings.wal.spool_size;
  options.lane.check = [&keys = in.keys()](auto& member) { repository::check_repository(*member.store, keys); };
  // Its client waits a minute: it should hear why, rather than nothing.
  options.patience = std::min<std::chrono::milliseconds>(settings.wal.push_timeout, 50s);
  return options;
}

wal::StreamOptions stream_options(Invocation& in) {
  const auto& settings = in.settings();
  wal::StreamOptions options;
  options.connection = settings.postgres.connection;
  options.slot = settings.wal.slot;
  options.application_name = "owlbackup_" + to_hex(in.keys().writer);
  options.synchronous = settings.wal.stream_synchronous;
  options.interval = settings.wal.stream_interval;
  options.heartbeat = std::max<std::chrono::milliseconds>(60s, settings.objectives.rpo / 4);
  if (!settings.wal.heartbeat) options.heartbeat = 0ms;
  options.open_stores = settings.wal.open_stores;
  options.zstd_level = settings.compression.level;
  options.check = archiver_options(in).lane.check;
  return options;
}

}  // namespace owl::app
