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
  std::string slot = "owlbackup";  ///< by which WAL is streamed, where the server doesn't archive by itself
};

struct BackupResult {
  std::string id, key;
  std::vector<std::string> stores;  ///< where it is committed
  std::uint64_t files = 0, plain_bytes = 0, read_bytes = 0, stored_bytes = 0, known_blobs = 0;
  std::uint64_t bad_pages = 0;
  std::string start_lsn, stop_lsn;
  std::uint32_t timeline = 0;
  std::uint64_t sequence = 0;
  std::string head;
  std::chrono::milliseconds duration{};
};

/// A full physical backup of a running cluster on this host.
///
/// pg_backup_start → list → read (several workers: pages checked, named, deduplicated, compressed, sealed, packed) →
/// pg_control last → pg_backup_stop → wait until the WAL from start to stop is in each store → leaves → commit.
/// Refuses before anything is written: WAL neither archived nor streamed, a data directory that can't be read or isn't the server's,
/// another system id than the control file's, a server older than 13. Throws when the session is lost (server
/// restarted).
BackupResult run_backup(const BackupOptions& options, repository::StoreSet& stores, const crypto::HostKeys& keys,
                        Clock& clock, Random& random, Monitor& monitor, std::stop_token stop);

}  // namespace owl::cluster
