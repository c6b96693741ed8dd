#include "postgres/base_backup.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"

namespace owl::postgres {
namespace {

template <typename Number>
Number to_number(const std::string& text, std::string_view what) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorKind::internal, fmt::format("PostgreSQL gave \"{}\" as {}", text, what));
  }
  return value;
}

/// A setting in its base unit: bytes, not "16MB".
std::string raw_setting(Connection& connection, const std::string& name) {
  return connection.query_text("SELECT setting FROM pg_catalog.pg_settings WHERE name = $1", {name});
}
bool is_on(Connection& connection, const std::string& name) {
  return raw_setting(connection, name) == "on";
}

/// The timeline that WAL is written to, or replayed from: pg_control lags behind after a promotion.
TimelineId current_timeline(Connection& connection, bool in_recovery) {
  if (in_recovery) {
    return to_number<TimelineId>(
        connection.query_text("SELECT greatest(c.timeline_id, r.min_recovery_end_timeline)"
                              " FROM pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_control_recovery() r"),
        "a timeline");
  }
  const auto name = connection.query_text("SELECT pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn())");
  return value_or_throw(parse_wal_file_name(name)).timeline;
}

std::vector<std::string> first_column(const Rows& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) {
    if (row[0]) out.push_back(*row[0]);
  }
  return out;
}

}  // namespace

ServerFacts read_server_facts(Connection& connection) {
  ServerFacts facts;
  facts.version = connection.version();
  facts.system_id = to_number<SystemId>(
      connection.query_text("SELECT system_identifier FROM pg_catalog.pg_control_system()"), "a system identifier");
  facts.data_directory = connection.query_text("SELECT pg_catalog.current_setting('data_directory')");
  facts.in_recovery = connection.query_text("SELECT pg_catalog.pg_is_in_recovery()") == "t";
  facts.block_size = to_number<std::uint32_t>(raw_setting(connection, "block_size"), "block_size");
  facts.wal_segment_size = to_number<std::uint32_t>(raw_setting(connection, "wal_segment_size"), "wal_segment_size");
  facts.checksums = is_on(connection, "data_checksums");
  facts.full_page_writes = is_on(connection, "full_page_writes");
  facts.wal_level = raw_setting(connection, "wal_level");
  facts.archive_mode = raw_setting(connection, "archive_mode");
  facts.archive_command = raw_setting(connection, "archive_command");
  if (connection.major() >= 15) facts.archive_library = raw_setting(connection, "archive_library");
  facts.timeline = current_timeline(connection, facts.in_recovery);
  return facts;
}

bool slot_is_active(Connection& connection, const std::string& slot) {
  return !connection
              .query(
                  "SELECT 1 FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND active AND "
                  "slot_type = 'physical'",
                  {slot})
              .empty();
}

std::vector<Setting> read_settings(Connection& connection) {
  std::vector<Setting> settings;
  // reset_val is what a new session would get; our own session's SETs are left out by that.
  for (auto& row :
       connection.query("SELECT name, coalesce(reset_val, ''), source, coalesce(sourcefile, '')"
                        " FROM pg_catalog.pg_settings"
                        " WHERE source NOT IN ('default', 'override', 'session', 'client') ORDER BY name")) {
    settings.push_back({std::move(*row[0]), std::move(*row[1]), std::move(*row[2]), std::move(*row[3])});
  }
  return settings;
}

std::vector<std::string> read_config_files(Connection& connection) {
  // From 16 on pg_hba.conf and pg_ident.conf may include files, too.
  std::string sql =
      "SELECT pg_catalog.current_setting(s) FROM unnest(ARRAY['config_file', 'hba_file', 'ident_file']) s"
      " UNION SELECT sourcefile FROM pg_catalog.pg_file_settings";
  if (connection.major() >= 16) {
    sql +=
        " UNION SELECT file_name FROM pg_catalog.pg_hba_file_rules"
        " UNION SELECT file_name FROM pg_catalog.pg_ident_file_mappings";
  }
  return first_column(connection.query("SELECT f FROM (" + sql + ") files(f) WHERE f <> '' ORDER BY f"));
}

std::vector<Tablespace> read_tablespaces(Connection& connection) {
  std::vector<Tablespace> tablespaces;
  // pg_default and pg_global have no folder under pg_tblspc. One in place is told as a path relative to the data
  // folder.
  for (const auto& row :
       connection.query("SELECT oid, pg_catalog.pg_tablespace_location(oid) FROM pg_catalog.pg_tablespace"
                        " WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY oid")) {
    const std::string location = row[1].value_or("");
    tablespaces.push_back({to_number<Oid>(row[0].value_or(""), "a tablespace's oid"),
                           location.starts_with('/') ? location : std::string()});
  }
  return tablespaces;
}

OnlineBackup::OnlineBackup(Connection& connection, const std::string& label, bool fast_checkpoint)
    : connection_(connection), backend_pid_(connection.backend_pid()) {
  const std::string fast = fast_checkpoint ? "true" : "false";
  // Both ways of asking give the same: the exclusive kind of 13 and 14 writes into the data directory.
  const auto sql = connection.major() >= 15
                       ? "SELECT pg_catalog.pg_backup_start($1, $2), pg_catalog.pg_backend_pid()"
                       : "SELECT pg_catalog.pg_start_backup($1, $2, false), pg_catalog.pg_backend_pid()";
  const auto rows = connection.query(sql, {label, fast});
  start_ = value_or_throw(parse_lsn(rows.at(0).at(0).value_or("")));
  check_backend(rows.at(0).at(1).value_or(""));
}

OnlineBackup::~OnlineBackup() {
  if (!stopped_) connection_.close();
}

void OnlineBackup::check_backend(const std::string& answered_by) const {
  if (answered_by == std::to_string(backend_pid_)) return;
  throw Error(ErrorKind::conflict,
              "another server process answers than the one the session began with: a connection "
              "pooler stands between")
      .with_hint("Connect to PostgreSQL itself, not through pgbouncer or the like.");
}

void OnlineBackup::check_alive() {
  if (!connection_.alive()) {
    throw Error(ErrorKind::conflict,
                "the session that the backup began in is gone; the server has forgotten the backup")
        .with_hint("Was the server restarted, or the connection cut? Start the backup again.");
  }
}

BackupStop OnlineBackup::stop() {
  check_alive();
  check_backend(connection_.query_text("SELECT pg_catalog.pg_backend_pid()"));
  // Whether the WAL has arrived is seen in our own store; the server only knows that a command said so.
  const auto rows = connection_.query(
      connection_.major() >= 15
          ? "SELECT lsn, labelfile, spcmapfile FROM pg_catalog.pg_backup_stop(wait_for_archive => false)"
          : "SELECT lsn, labelfile, spcmapfile FROM pg_catalog.pg_stop_backup(exclusive => false, wait_for_archive => "
            "false)");
  stopped_ = true;
  const Row& row = rows.at(0);
  return {.stop = value_or_throw(parse_lsn(row.at(0).value_or(""))),
          .label_file = row.at(1).value_or(""),
          .tablespace_map = row.at(2).value_or("")};
}

}  // namespace owl::postgres
