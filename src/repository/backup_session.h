#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/zstd.h"
#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/catalogue.h"
#include "repository/index.h"
#include "repository/lease.h"
#include "repository/manifest.h"
#include "repository/pack.h"
#include "repository/stores.h"

namespace owl::repository {

struct SessionOptions {
  std::string kind, name, label;
  std::filesystem::path state_directory;    ///< heads are kept there
  std::uint64_t pack_bytes = 32u << 20;     ///< a data pack is closed when it reaches this
  unsigned uploads = 2;                     ///< packs on their way at once
  std::uint64_t buffer_bytes = 256u << 20;  ///< all packs in memory; smaller packs, where it must be
};

/// One run that writes a backup: the order of writes is here (docs/format.md, "Order").
///
///   begin   PUT lease (announcing the manifest's key) → LIST trash → LIST index → decide what is known; orphan packs
///           of this writer's dead runs are taken over after a HEAD of each
///   put     blobs into packs; packs into every store; an index object every 256 packs or 5 minutes
///   commit  last packs → index → what the manifest lists is there in each store → manifest, created once → lease end
///
/// Destroyed without commit: nothing was made. `find`, `append`, `put_metadata`, `number_of`,
/// `is_stored`, `pack` and `hand_over_data` are thread-safe.
class BackupSession {
 public:
  BackupSession(StoreSet& stores, const crypto::HostKeys& keys, SessionOptions options, Clock& clock, Random& random,
                Monitor& monitor, std::stop_token stop);
  BackupSession(const BackupSession&) = delete;
  ~BackupSession();

  /// From when on WAL is needed: renews the lease with it at once, so that expiry keeps it.
  void announce_wal(std::uint64_t system_id, std::uint32_t timeline, std::uint64_t start_lsn);

  /// The newest backup of this source on which this one may rely: every blob that it names can be named again. It
  /// stands whole in every store of the set, by this host's writer, and nothing of it is about to be deleted. The error
  /// says why there is none.
  Result<LoadedManifest> earlier_backup();
  /// This session's number of a pack that `earlier_backup` lists.
  std::uint32_t number_of(const PackRef& pack);

  /// A blob that is stored already, in every store of the set.
  std::optional<BlobRef> find(const crypto::BlobName& name, std::uint32_t plain_size);
  /// Seals already encoded bytes into the current pack. BlobRef::pack is this session's number of the pack until
  /// `commit`; `pack_table` gives the refs.
  BlobRef append(crypto::BlobKind kind, const crypto::BlobName& name, codec::Codec codec, ByteView stored,
                 std::uint32_t plain_size, std::vector<PageCheck> checks = {});
  /// A metadata blob: named, compressed, deduplicated, sealed under M.
  BlobRef put_metadata(ByteView plain);

  /// Closes the data pack that is being filled and lets its upload begin, without waiting for it. Blobs may follow.
  void hand_over_data();
  /// Closes and uploads all data packs begun so far: afterwards every BlobRef of data has a pack id.
  void flush_data();
  /// Has the pack an id already?
  bool is_stored(std::uint32_t number) const;
  const PackRef& pack(std::uint32_t number) const;

  /// Commits. `manifest` has kind, name, label, leaves (refs of this session), wal, sizes and details filled in; packs,
  /// sequence, forerunner, writer, host and times are filled in here. `packs_used`: numbers of all packs that its
  /// leaves' extents rely on. `ready_in` is asked for each store just before its manifest is put: what else (WAL) must
  /// be there; it throws to leave that store out. Throws Error(conflict) when the attempt was fenced meanwhile.
  struct Committed {
    std::string key;
    std::vector<std::string> stores;  ///< names
    std::uint64_t sequence = 0;
    ByteArray<32> digest{};  ///< SHA-256 of the sealed manifest: the new head
    std::uint64_t new_bytes = 0;
  };
  Committed commit(Manifest manifest, const std::vector<std::uint32_t>& packs_used,
                   const std::function<void(StoreSet::Member&)>& ready_in);

  const ManifestKey& manifest_key() const;
  std::uint64_t stored_bytes() const;  ///< uploaded or packed so far, once (not times stores)
  std::uint64_t known_blobs() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::repository
