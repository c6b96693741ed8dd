#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/stores.h"

namespace owl::cluster {

struct BackupOptions {
  std::string connection;                ///< libpq's syntax
  std::filesystem::path data_directory;  ///< empty: as the server says
  std::string name, label;
  std::filesystem::path state_directory;
  unsigned workers = 2;
  std::uint64_t memory_bytes = 256u << 20;  ///< see MemoryPlan
  int zstd_level = 3;
  bool fast_checkpoint = true;
  std::chrono::milliseconds wal_timeout{600'000};
  std::string slot = "owlbackup";   ///< by which WAL is streamed, where the server doesn't archive by itself
  bool from_standby = false;        ///< else a standby is refused
  std::string primary;              ///< libpq's syntax: the standby's primary, if it may be asked
  bool full = false;                ///< read everything, whatever is known of earlier backups
  std::uint32_t audit_period = 30;  ///< one in so many of the pages that no map names is read all the same
};

struct BackupResult {
  std::string id, key;
  std::vector<std::string> stores;  ///< where it is committed
  std::uint64_t files = 0, plain_bytes = 0, read_bytes = 0, stored_bytes = 0, known_blobs = 0;
  std::uint64_t bad_pages = 0;
  std::string base;         ///< short id of the backup whose pages were taken over; empty: everything was read
  std::string full_reason;  ///< why everything was read
  std::string map_fault;    ///< what proved the change map wrong
  std::uint64_t pages = 0, pages_read = 0, pages_audited = 0;
  std::string start_lsn, stop_lsn;
  std::uint32_t timeline = 0;
  std::uint64_t sequence = 0;
  std::string head;
  std::chrono::milliseconds duration{};
};

/// A physical backup of a running cluster on this host: whole by itself, however it is made. Where an earlier backup
/// and the change maps since allow it, only what changed is read (docs/change-map.md); else everything, and why is
/// told.
///
/// pg_backup_start → what changed → list → read (several workers: pages checked, named, deduplicated, compressed,
/// sealed, packed) → pg_control last → pg_backup_stop → wait until the WAL from start to stop is in each store → leaves
/// → commit. Refuses before anything is written: WAL neither archived nor streamed, a data directory that can't be read
/// or isn't the server's, another system id than the control file's, a server older than 13, a standby unless that is
/// asked for. Throws when the session is lost (server restarted, standby promoted).
BackupResult run_backup(const BackupOptions& options, repository::StoreSet& stores, const crypto::HostKeys& keys,
                        Clock& clock, Random& random, Monitor& monitor, std::stop_token stop);

}  // namespace owl::cluster
