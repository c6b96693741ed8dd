#pragma once

#include <cstdint>
#include <filesystem>

#include "base/bytes.h"
#include "base/clock.h"
#include "os/file_descriptor.h"
#include "postgres/types.h"

namespace owl::postgres {

/// DBState of pg_control.h.
enum class ClusterState : std::uint32_t {
  startup = 0,
  shut_down = 1,
  shut_down_in_recovery = 2,
  shutting_down = 3,
  in_crash_recovery = 4,
  in_archive_recovery = 5,
  in_production = 6,
};

/// What is used of global/pg_control (pg_control.h of 13 to 18); control version and catalog version tell them apart.
struct ControlFile {
  int major = 0;
  SystemId system_id = 0;
  std::uint32_t control_version = 0, catalog_version = 0;
  ClusterState state{};
  Lsn checkpoint, redo;
  TimelineId timeline = 0;  ///< of the latest checkpoint
  Lsn min_recovery_point;
  TimelineId min_recovery_timeline = 0;
  Lsn backup_start, backup_end;
  std::int32_t wal_level = 0;  ///< 0 minimal, 1 replica, 2 logical
  bool wal_log_hints = false;
  std::int32_t max_connections = 0, max_worker_processes = 0, max_wal_senders = 0, max_prepared_transactions = 0,
               max_locks_per_transaction = 0;
  std::uint32_t block_size = 0, relation_segment_blocks = 0, wal_block_size = 0, wal_segment_size = 0;
  std::uint32_t data_checksum_version = 0;
};

/// Checks the CRC-32C. Error(unsupported) names a control version that is not known.
Result<ControlFile> parse_control_file(ByteView bytes);
/// Reads global/pg_control of a data directory while its server may write it: repeats until the CRC fits, or two
/// readings with the same wrong CRC in a row (controldata_utils.c).
struct ControlFileRead {
  ControlFile parsed;
  Bytes raw;
};
ControlFileRead read_control_file(const std::filesystem::path& data_directory, Clock& clock);
/// The same through a descriptor that somebody with the right to open it passed on; `name` is for the error.
ControlFileRead read_control_file(const os::FileDescriptor& file, const std::string& name, Clock& clock);

/// The same file with a checkpoint that does not exist (0xDEAD), and a fresh CRC: a directory restored without its
/// backup_label then refuses to start rather than start in the middle of a backup.
Bytes poison_checkpoint(ByteView control_file);

/// Is a server running there? By postmaster.pid against /proc: a living process of that id (a zombie is none) that
/// works in that directory or started no later than the file, or backends that still hold its shared memory. Says yes
/// where it can't be told; a server in another container with its own process ids can't be seen at all.
bool server_is_running(const std::filesystem::path& data_directory);

}  // namespace owl::postgres
