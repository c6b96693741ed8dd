#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/keys.h"
#include "storage/open.h"
#include "wal/served_wal.h"

namespace owl::wal {

/// Everything that fetch needs during one recovery: keys, stores, timeline path. In the restore agent's memory, or,
/// with
/// `--recovery-ticket`, in a file 0600 outside PGDATA, so that a server that is restarted after a reboot finds its WAL.
/// Removed on promotion or by `restore finish`.
struct RecoveryTicket : ServedWal {
  crypto::HostKeys keys;
  std::vector<crypto::EpochSecrets> secrets;
  std::vector<storage::StoreOptions> stores;
  std::filesystem::path data_directory;
};
Bytes serialize(const RecoveryTicket& ticket);  ///< JSON
Result<RecoveryTicket> parse_recovery_ticket(ByteView bytes);

/// In a folder of its own, which is given to that account as well, so that it can remove the ticket.
void write_ticket(const std::filesystem::path& path, const RecoveryTicket& ticket, std::uint32_t uid,
                  std::uint32_t gid);
/// Throws Error(no_key) when it is not there: says that recovery can't go on without it, and how to make another.
RecoveryTicket read_ticket(const std::filesystem::path& path);

}  // namespace owl::wal
