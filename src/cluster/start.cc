#include "cluster/start.h"

#include <fmt/core.h>

#include <algorithm>

#include "cluster/recovery_settings.h"
#include "concurrency/task_group.h"
#include "os/file.h"
#include "os/system.h"
#include "postgres/connection.h"

namespace owl::cluster {
namespace {

std::int32_t greatest(std::int32_t at_backup, const RecoveryPlan& plan, std::int32_t postgres::ParameterChange::*field) {
  for (const auto& change : plan.parameter_changes) at_backup = std::max(at_backup, change.*field);
  return at_backup;
}

std::string recorded_setting(const RecoveryPlan& plan, std::string_view name) {
  for (const auto& setting : plan.base.details.settings) {
    if (setting.name == name) return setting.value;
  }
  return {};
}

/// Its own pg_hba.conf, too: only the account itself, over the socket.
void write_config(const StartOptions& options, const RecoveryPlan& plan) {
  std::string text = "# Written by owlbackup for this restored server.\n";
  for (const auto& [name, value] : start_settings(plan)) text += fmt::format("{} = {}\n", name, quote_setting(value));
  const auto hba = options.run_directory / "pg_hba.conf";
  text += fmt::format("hba_file = {}\n", quote_setting(hba.string()));
  os::replace_file(options.run_directory / "postgresql.conf", as_bytes(text), 0644);
  os::replace_file(hba, as_bytes("local all all trust\n"), 0644);
}

/// Waits for the end of recovery, or for its pause at the target.
void wait_for_target(const StartOptions& options, const RecoveryPlan& plan, const postgres::ServerProcess& server,
                     Clock& clock, Monitor& monitor, std::stop_token stop) {
  const auto first = plan.base.details.start;
  const auto last = plan.stop_lsn.value_or(postgres::start_of(plan.segments.back(), plan.base.details.wal_segment_size));
  monitor.phase("replaying WAL", last > first ? last - first : 0);
  std::uint64_t shown = 0;
  const auto begin = clock.monotonic();
  postgres::Connection connection(server.conninfo());
  while (true) {
    throw_if_stopped(stop);
    const auto rows = connection.query(
        "SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END, "
        "CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() = 'paused' END");
    if (rows[0][0] == "f") return;
    if (rows[0][1]) {
      const auto at = value_or_throw(postgres::parse_lsn(*rows[0][1]));
      const auto done = at > first ? at - first : 0;
      if (done > shown) monitor.advance(done - shown);
      shown = std::max(shown, done);
    }
    if (rows[0][2] == "t") return;
    if (clock.monotonic() - begin > options.deadline) throw Error(ErrorKind::timeout, "recovery did not reach its target");
    clock.sleep(std::chrono::milliseconds(200), stop);
  }
}

}  // namespace

std::map<std::string, std::string> start_settings(const RecoveryPlan& plan) {
  using Change = postgres::ParameterChange;
  const auto& details = plan.base.details;
  std::map<std::string, std::string> settings{
      {"max_connections", std::to_string(greatest(details.max_connections, plan, &Change::max_connections))},
      {"max_worker_processes", std::to_string(greatest(details.max_worker_processes, plan, &Change::max_worker_processes))},
      {"max_wal_senders", std::to_string(greatest(details.max_wal_senders, plan, &Change::max_wal_senders))},
      {"max_prepared_transactions",
       std::to_string(greatest(details.max_prepared_transactions, plan, &Change::max_prepared_transactions))},
      {"max_locks_per_transaction",
       std::to_string(greatest(details.max_locks_per_transaction, plan, &Change::max_locks_per_transaction))},
      {"archive_mode", "off"},
      {"archive_command", "/bin/false"},
      {"listen_addresses", ""},
      {"hot_standby", "on"},
      {"logging_collector", "off"},
      {"ssl", "off"},
  };
  if (const auto preload = recorded_setting(plan, "shared_preload_libraries"); !preload.empty()) {
    settings["shared_preload_libraries"] = preload;
  }
  return settings;
}

postgres::ServerProcess start_restored(const StartOptions& options, const RecoveryPlan& plan, Clock& clock,
                                       Monitor& monitor, std::stop_token stop) {
  os::make_folders(options.run_directory, 0755);
  write_config(options, plan);
  postgres::ServerOptions server_options;
  server_options.programs = options.programs;
  server_options.data_directory = options.data_directory;
  server_options.socket_directory = options.run_directory;
  server_options.log_file = options.run_directory / "server.log";
  server_options.config_file = options.run_directory / "postgresql.conf";
  server_options.account = options.account;
  server_options.role = plan.base.details.superuser;
  server_options.port = options.port;
  postgres::ServerProcess server(server_options);
  monitor.phase("starting the restored server", 0);
  server.start();
  server.wait_until_ready(clock, options.deadline, stop);
  if (plan.target.action != "shutdown") wait_for_target(options, plan, server, clock, monitor, stop);
  return server;
}

}  // namespace owl::cluster
