#include "cluster/backup_checks.h"

#include <fmt/core.h>
#include <gnu/libc-version.h>

#include "os/file.h"
#include "os/system.h"

namespace owl::cluster {
namespace {

/// WAL has two ways to the stores: the server hands it over, or it is streamed.
void check_archiving(postgres::Connection& connection, const postgres::ServerFacts& facts, const std::string& slot) {
  const bool has_command = !facts.archive_command.empty() && facts.archive_command != "(disabled)";
  if (facts.archive_mode != "off" && (has_command || !facts.archive_library.empty())) return;
  if (postgres::slot_is_active(connection, slot)) return;
  throw Error(ErrorKind::refused,
              facts.archive_mode == "off"
                  ? "archive_mode is off: a physical backup can't be restored without the WAL written while it was made"
                  : "archive_mode is on but neither archive_command nor archive_library is set")
      .with_hint(
          "Set archive_mode = on and archive_command = 'owl-wal push %p' in postgresql.conf and restart the "
          "server (`owlbackup doctor --fix-sql` prints the statements); or let `owlbackup wal stream` run.");
}

void check_role(const postgres::ServerFacts& facts, bool from_standby) {
  if (facts.in_recovery == from_standby) return;
  if (from_standby) {
    throw Error(ErrorKind::refused, "the server is a primary, and --from-standby asks for a standby's files")
        .with_hint("Point [postgres] connection and data_directory at the standby, or leave --from-standby out.");
  }
  throw Error(ErrorKind::refused, "the server is a standby; a backup is read from one only if it is asked for")
      .with_hint("Say --from-standby, or point [postgres] connection at the primary.");
}

postgres::ControlFile read_control(const std::filesystem::path& data_directory, Clock& clock) {
  try {
    return postgres::read_control_file(data_directory, clock).parsed;
  } catch (Error& error) {
    error.add_context(fmt::format("reading the data directory {}", data_directory.string()));
    if (error.kind() == ErrorKind::denied) {
      throw std::move(error).with_hint(
          "Run owlbackup as the account that owns the data directory (usually postgres), "
          "or give it group access: stop the server, chmod -R g+rX, start it again.");
    }
    if (error.kind() == ErrorKind::not_found) {
      throw std::move(error).with_hint(
          "A backup reads the data directory on the server's own host; set "
          "[postgres] data_directory if it is mounted elsewhere.");
    }
    throw;
  }
}

void check_same_cluster(const postgres::ServerFacts& facts, const postgres::ControlFile& control,
                        const std::filesystem::path& data_directory) {
  if (facts.system_id == control.system_id) return;
  throw Error(ErrorKind::config,
              fmt::format("{} belongs to another cluster (system id {}) than the server that answered (system id {})",
                          data_directory.string(), control.system_id, facts.system_id))
      .with_hint("[postgres] connection and data_directory must mean the same server.");
}

}  // namespace

BackupSource check_source(postgres::Connection& connection, const BackupOptions& options, Clock& clock) {
  BackupSource source;
  source.facts = postgres::read_server_facts(connection);
  check_role(source.facts, options.from_standby);
  // Of a standby's WAL its primary takes care, whatever the standby's own archive_mode says.
  if (!source.facts.in_recovery) check_archiving(connection, source.facts, options.slot);
  source.data_directory =
      options.data_directory.empty() ? std::filesystem::path(source.facts.data_directory) : options.data_directory;
  source.control = read_control(source.data_directory, clock);
  check_same_cluster(source.facts, source.control, source.data_directory);
  source.tablespace_version =
      fmt::format("PG_{}_{}", postgres::major_version(source.facts.version), source.control.catalog_version);
  return source;
}

ClusterDetails describe_source(postgres::Connection& connection, const BackupSource& source) {
  const auto& control = source.control;
  ClusterDetails details;
  details.version = source.facts.version;
  details.system_id = control.system_id;
  details.control_version = control.control_version;
  details.catalog_version = control.catalog_version;
  details.block_size = control.block_size;
  details.relation_segment_blocks = control.relation_segment_blocks;
  details.wal_segment_size = control.wal_segment_size;
  details.wal_block_size = control.wal_block_size;
  details.checksums = control.data_checksum_version != 0;
  details.from_standby = source.facts.in_recovery;
  details.tablespaces = postgres::read_tablespaces(connection);
  details.settings = postgres::read_settings(connection);
  details.max_connections = control.max_connections;
  details.max_worker_processes = control.max_worker_processes;
  details.max_wal_senders = control.max_wal_senders;
  details.max_prepared_transactions = control.max_prepared_transactions;
  details.max_locks_per_transaction = control.max_locks_per_transaction;
#if defined(__x86_64__)
  details.architecture = "x86_64 little-endian";
#elif defined(__aarch64__)
  details.architecture = "aarch64 little-endian";
#else
  details.architecture = "other";
#endif
  details.collation_version = gnu_get_libc_version();
  details.data_directory = source.data_directory.string();
  constexpr auto bootstrap_superuser = "SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10";
  if (const auto rows = connection.query(bootstrap_superuser); !rows.empty())
    details.superuser = rows[0][0].value_or("");
  if (const auto status = os::status_of(source.data_directory, true)) {
    if (const auto account = os::account_by_uid(status->uid)) details.owner = account->name;
  }
  return details;
}

}  // namespace owl::cluster
