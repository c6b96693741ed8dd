#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "crypto/keys.h"
#include "repository/blob_opener.h"
#include "repository/manifest.h"
#include "repository/pack.h"
#include "repository/stores.h"

namespace owl::repository {

/// Reads packs: directories with what every host has, data with the private key. Every byte is authenticated, its name
/// and length checked, before it is given out. A pack that one store has damaged or lost is read from the next; errors
/// name the object. Thread-safe.
class BlobReader {
 public:
  /// `directory_bytes`: of directories that are kept for the next call.
  BlobReader(StoreSet& stores, const crypto::HostKeys& keys, std::vector<crypto::EpochSecrets> secrets,
             std::size_t directory_bytes = 64u << 20);
  ~BlobReader();

  /// The directory of a pack; the last few hundred are kept.
  std::shared_ptr<const PackDirectory> directory(const PackRef& pack, std::stop_token stop = {});

  /// Reads some entries of one pack (ascending, without repeats) with few ranged requests: neighbours no further apart
  /// than 256 KiB are read together, at most 8 MiB a request. `take` gets each blob's plain bytes, from the calling
  /// thread.
  void read(const PackRef& pack, std::span<const std::uint32_t> entries,
            const std::function<void(std::uint32_t entry, ByteView plain)>& take, std::stop_token stop = {});
  Bytes read_one(const PackRef& pack, std::uint32_t entry, const crypto::BlobName& name, std::stop_token stop = {});

  /// Compares bytes that are at hand with the blobs of a pack; `directory` must outlive it.
  BlobOpener opener(const PackDirectory& directory) const;

  /// How many bytes `read` would fetch for these entries: for plans and progress.
  std::uint64_t planned_bytes(const PackDirectory& directory, std::span<const std::uint32_t> entries) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Is that entry of the pack the blob of that name? Throws Error(integrity).
void require_name(const PackDirectory& directory, const PackRef& pack, const BlobRef& blob);

}  // namespace owl::repository
