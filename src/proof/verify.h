#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/catalogue.h"
#include "repository/stores.h"

namespace owl::proof {

/// One stored object that is not what it should be.
struct Damage {
  std::string store, object;             ///< object: its key
  std::string what;
  std::vector<std::string> backups;      ///< keys of the manifests that rely on it
};

struct VerifyOptions {
  unsigned workers = 2;
  /// Open every blob, too: decrypt, decompress, compare with its name. Needs the private key.
  bool data = false;
  std::vector<crypto::EpochSecrets> secrets;
};

struct VerifyResult {
  std::uint64_t packs = 0, wal_objects = 0, manifests = 0, blobs = 0, bytes = 0;
  std::vector<Damage> damages;
};

/// Holds what is stored, in each store, against what the manifests say. Without the private key: every manifest opens,
/// every leaf of its map opens, every pack that it lists is there with the bytes that its id names, the WAL from its start
/// to its stop and all other archived WAL is there and authentic. Goes on after damage and reports all of it.
VerifyResult verify(const std::vector<repository::BackupEntry>& backups, repository::StoreSet& stores,
                    const crypto::HostKeys& keys, const VerifyOptions& options, Monitor& monitor, std::stop_token stop);

}  // namespace owl::proof
