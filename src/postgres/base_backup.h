#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "postgres/connection.h"

namespace owl::postgres {

/// What the server says of itself when a backup begins.
struct ServerFacts {
  int version = 0;
  SystemId system_id = 0;
  std::string data_directory;
  bool in_recovery = false;
  std::uint32_t block_size = 0, wal_segment_size = 0;
  bool checksums = false;
  bool full_page_writes = true;
  std::string wal_level, archive_mode, archive_command, archive_library;
  TimelineId timeline = 0;
};
ServerFacts read_server_facts(Connection& connection);

/// Is somebody receiving WAL by that replication slot at the moment?
bool slot_is_active(Connection& connection, const std::string& slot);

/// One row of pg_settings, for the restore's own configuration.
struct Setting {
  std::string name, value, source, source_file;
};
/// Settings that are not at their default, with where they come from.
std::vector<Setting> read_settings(Connection& connection);
/// config_file, hba_file, ident_file and all files they include (pg_file_settings' sourcefile).
std::vector<std::string> read_config_files(Connection& connection);

struct Tablespace {
  Oid oid = 0;
  std::string location;  ///< empty: in place, a folder under pg_tblspc
};
std::vector<Tablespace> read_tablespaces(Connection& connection);

struct BackupStart {
  Lsn start;  ///< START WAL LOCATION: the checkpoint's redo pointer
};
struct BackupStop {
  Lsn stop;
  std::string label_file, tablespace_map;  ///< byte for byte
};
/// The fields of backup_label (xlogbackup.c, xlogrecovery.c).
struct BackupLabel {
  Lsn start, checkpoint;
  std::string start_segment, method, from, label;
  TimelineId timeline = 0;
  std::string start_time;
};
Result<BackupLabel> parse_backup_label(std::string_view text);

/// Between pg_backup_start and pg_backup_stop (pg_start_backup and pg_stop_backup before 15) in one session, which must
/// stay open: lost session, lost backup. The destructor of an unfinished one closes the session, which makes the server
/// forget it. Refuses poolers: backend pid at start and stop must agree.
class OnlineBackup {
 public:
  OnlineBackup(Connection& connection, const std::string& label, bool fast_checkpoint);
  OnlineBackup(const OnlineBackup&) = delete;
  OnlineBackup& operator=(const OnlineBackup&) = delete;
  ~OnlineBackup();
  Lsn start_lsn() const { return start_; }
  /// Throws Error(conflict) when the session is no longer the one that began.
  BackupStop stop();
  /// Throws if the session is gone (server restarted, connection cut).
  void check_alive();

 private:
  void check_backend(const std::string& answered_by) const;

  Connection& connection_;
  Lsn start_;
  bool stopped_ = false;
  int backend_pid_;  ///< as told when the session began
};

}  // namespace owl::postgres
