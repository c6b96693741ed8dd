#pragma once

#include <mutex>
#include <optional>

#include "repository/dedup_index.h"
#include "repository/pack_table.h"
#include "repository/pack_uploader.h"

namespace owl::repository {

/// Puts the blobs of one class into packs, one pack after the other, and hands full ones to the upload. Thread-safe:
/// sealing goes at memory speed, so one lock around it is enough.
class PackFiller {
 public:
  PackFiller(PackClass pack_class, std::uint64_t pack_bytes, PackUploader& uploader, PackTable& packs,
             const crypto::HostKeys& keys, Random& random);

  BlobPlace add(crypto::BlobKind kind, const crypto::BlobName& name, codec::Codec codec, ByteView stored,
                std::uint32_t plain_size, std::vector<PageCheck> checks);
  /// Hands over the pack that is begun, if there is one.
  void close();

 private:
  void open(std::size_t blob_size);
  void hand_over();

  const PackClass class_;
  const std::uint64_t pack_bytes_;
  PackUploader& uploader_;
  PackTable& packs_;
  const crypto::HostKeys& keys_;
  Random& random_;
  std::mutex mutex_;
  std::optional<PackBuilder> builder_;
};

}  // namespace owl::repository
