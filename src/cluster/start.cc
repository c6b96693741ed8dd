#include "cluster/start.h"

#include <algorithm>

#include "cluster/recovery_wait.h"
#include "os/file.h"

namespace owl::cluster {
namespace {

std::int32_t greatest(std::int32_t at_backup, const RecoveryPlan& plan,
                      std::int32_t postgres::ParameterChange::*field) {
  for (const auto& change : plan.parameter_changes) at_backup = std::max(at_backup, change.*field);
  return at_backup;
}

std::string recorded_setting(const RecoveryPlan& plan, std::string_view name) {
  for (const auto& setting : plan.base.details.settings) {
    if (setting.name == name) return setting.value;
  }
  return {};
}

/// A configuration file that sets nothing in place of the source's, which may not even be here, and its own
/// pg_hba.conf: only the account itself, over the socket.
void write_config(const StartOptions& options) {
  os::replace_file(options.run_directory / "postgresql.conf",
                   as_bytes("# Written by owlbackup for this restored server; its settings are on its command line.\n"),
                   0644);
  os::replace_file(options.run_directory / "pg_hba.conf", as_bytes("local all all trust\n"), 0644);
}

postgres::ServerOptions server_options(const StartOptions& options, const RecoveryPlan& plan) {
  postgres::ServerOptions server;
  server.programs = options.programs;
  server.data_directory = options.data_directory;
  server.socket_directory = options.run_directory;
  server.log_file = options.run_directory / "server.log";
  server.config_file = options.run_directory / "postgresql.conf";
  server.account = options.account;
  server.role = plan.base.details.superuser;
  server.settings = options.settings;
  server.settings.merge(start_settings(plan));
  server.settings["dynamic_shared_memory_type"] = shared_memory_type();
  server.settings["hba_file"] = (options.run_directory / "pg_hba.conf").string();
  server.port = options.port;
  return server;
}

}  // namespace

std::map<std::string, std::string> start_settings(const RecoveryPlan& plan) {
  using Change = postgres::ParameterChange;
  const auto& details = plan.base.details;
  std::map<std::string, std::string> settings{
      {"max_connections", std::to_string(greatest(details.max_connections, plan, &Change::max_connections))},
      {"max_worker_processes",
       std::to_string(greatest(details.max_worker_processes, plan, &Change::max_worker_processes))},
      {"max_wal_senders", std::to_string(greatest(details.max_wal_senders, plan, &Change::max_wal_senders))},
      {"max_prepared_transactions",
       std::to_string(greatest(details.max_prepared_transactions, plan, &Change::max_prepared_transactions))},
      {"max_locks_per_transaction",
       std::to_string(greatest(details.max_locks_per_transaction, plan, &Change::max_locks_per_transaction))},
      {"archive_mode", "off"},
      {"archive_command", "/bin/false"},
      {"listen_addresses", ""},
      {"unix_socket_permissions", "0700"},  // the socket's folder is open to all, and its pg_hba.conf trusts
      {"hot_standby", "on"},
      {"logging_collector", "off"},
      {"ssl", "off"},
  };
  // The server syncs every file before it recovers, one by one. The restore has synced them all: once more at one go is
  // enough.
  if (postgres::major_version(details.version) >= 14) settings["recovery_init_sync_method"] = "syncfs";
  for (const char* name : {"shared_preload_libraries", "dynamic_library_path"}) {
    if (auto value = recorded_setting(plan, name); !value.empty()) settings[name] = std::move(value);
  }
  return settings;
}

std::string shared_memory_type(const std::filesystem::path& folder) {
  const auto status = os::status_of(folder, true);
  return status && (status->mode & 0002) != 0 ? "posix" : "mmap";
}

RestoredServer start_restored(const StartOptions& options, const RecoveryPlan& plan, Clock& clock, Monitor& monitor,
                              std::stop_token stop) {
  os::make_folders(options.run_directory, 0755);
  write_config(options);
  RestoredServer server{
      postgres::ServerProcess(server_options(options, plan)), RestoredServer::Outcome::opened, {}, {}};
  monitor.phase("starting the restored server", 0);
  server.process.start();
  wait_for_target(options, plan, server, clock, monitor, stop);
  return server;
}

}  // namespace owl::cluster
