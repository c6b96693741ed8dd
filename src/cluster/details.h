#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "postgres/base_backup.h"
#include "postgres/control_file.h"
#include "wal/last_record.h"

namespace owl::cluster {

/// The cluster's own section of a manifest.
struct ClusterDetails {
  int version = 0;  ///< server_version_num
  postgres::SystemId system_id = 0;
  std::uint32_t control_version = 0, catalog_version = 0;
  std::uint32_t block_size = 0, relation_segment_blocks = 0, wal_segment_size = 0, wal_block_size = 0;
  bool checksums = false;
  bool from_standby = false;
  postgres::TimelineId timeline = 0;
  postgres::Lsn start, checkpoint, stop;
  /// The server's clock just after pg_backup_start: every transaction that ended before `start` did so no later than
  /// this. What a moment before it looked like, this backup can't tell.
  Timestamp start_time;
  std::string label_file;  ///< backup_label, byte for byte
  std::string tablespace_map;
  std::vector<postgres::Tablespace> tablespaces;
  std::vector<postgres::Setting> settings;
  std::int32_t max_connections = 0, max_worker_processes = 0, max_wal_senders = 0, max_prepared_transactions = 0,
               max_locks_per_transaction = 0;  ///< of pg_control at the backup
  std::string architecture;                    ///< "x86_64 little-endian"
  std::string collation_version;               ///< of the C library, as gnu_get_libc_version says on the database host
  std::string owner;                           ///< account that owned the data directory
  std::string superuser;  ///< the role that initdb made: it can always connect to the restored cluster
  std::string data_directory;
  std::uint32_t bad_pages = 0;
  std::uint64_t pages_read = 0;

  // How it was made, since version 2.
  std::string base;         ///< lease id, in hexadecimal, of the backup whose pages it took over; empty: it read all
  std::string full_reason;  ///< why it read everything, for people
  std::uint64_t pages_total = 0;    ///< pages of relations that were listed
  std::uint64_t pages_audited = 0;  ///< read although no map named them, and found to be as before
  std::string map_fault;            ///< what proved the change map wrong while this backup was made
  /// The last record of the segment in which `stop` lies; LSN 0: not known. By it the next backup knows this history.
  wal::LastRecord stop_record;
};
Bytes serialize(const ClusterDetails& details);
Result<ClusterDetails> parse_cluster_details(ByteView bytes);

}  // namespace owl::cluster
