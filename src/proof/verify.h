#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/catalogue.h"
#include "repository/head.h"
#include "repository/stores.h"

namespace owl::proof {

/// What suffers from damage.
enum class Concern {
  backups,  ///< what was backed up: packs, manifests, WAL
  keys,     ///< the wrapped secrets, without which nothing opens
  upkeep,   ///< what can be made anew, or only costs space or time
};
std::string_view to_text(Concern concern);

/// One stored object that is not what it should be.
struct Damage {
  std::string store, object;  ///< object: its key
  std::string what;
  Concern concern = Concern::backups;
  std::string advice;                ///< what it means and what to do; empty where `backups` says it
  std::vector<std::string> backups;  ///< keys of the manifests that rely on it
};

/// One part of a large verification. Each pack and WAL object belongs to exactly one shard, by XXH3-64 of its key, so
/// that 1/n … n/n together have read everything. What is small (manifests, the repository's own objects) is in each.
struct Shard {
  unsigned number = 1, count = 1;
  bool has(std::string_view key) const;
};

struct VerifyOptions {
  unsigned workers = 2;
  /// Open every blob, too: decrypt, decompress, compare with its name. Needs the private key.
  bool data = false;
  std::vector<crypto::EpochSecrets> secrets;
  /// Only some backups, and what they need, were asked for.
  bool chosen = false;
  Shard shard;
  /// What this host remembers, to find backups by that are gone; `backups` are then all that the stores list.
  const repository::HeadFile* heads = nullptr;
};

struct VerifyResult {
  std::uint64_t packs = 0, wal_objects = 0, manifests = 0, blobs = 0, bytes = 0;
  std::uint64_t own_objects = 0;  ///< owl.json, RESTORE.md, keys, indexes, leases, trash
  std::vector<Damage> damages;
};

/// Holds what is stored, in each store, against what it must be. Without the private key: the repository's own objects
/// are what this host's keys say, to the byte; every manifest opens, every leaf of its map opens, every pack that it
/// lists is there with the bytes that its id names, the WAL from its start to its stop and all other archived WAL is
/// there and authentic. Goes on after damage and reports all of it.
/// With `heads`: every backup that this host put into a store is there. Throws Error(config) or Error(conflict) where a
/// store holds no repository or another one.
VerifyResult verify(const std::vector<repository::BackupEntry>& backups, repository::StoreSet& stores,
                    const crypto::HostKeys& keys, const VerifyOptions& options, Monitor& monitor, std::stop_token stop);

}  // namespace owl::proof
