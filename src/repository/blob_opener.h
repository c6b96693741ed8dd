#pragma once

#include <map>
#include <optional>
#include <span>

#include "codec/blob_decoder.h"
#include "crypto/blob_seal.h"
#include "os/aligned_buffer.h"
#include "repository/pack.h"

namespace owl::repository {

/// From sealed bytes to plain ones, for the blobs of one pack: seal, codec, length, name. One thread at a time.
class BlobOpener {
 public:
  BlobOpener(const crypto::HostKeys& keys, std::span<const crypto::EpochSecrets> secrets,
             const PackDirectory& directory);

  /// The plain bytes, good until the next call. Throws Error(integrity) or Error(no_key).
  ByteView open(std::uint32_t entry, ByteView sealed);
  /// Are these the blob's plain bytes, by its keyed name? False, too, where its writer's naming keys are not at hand.
  bool is_content_of(std::uint32_t entry, ByteView plain);

 private:
  crypto::BlobSealer& sealer_of(std::uint32_t context);
  /// Of the writer that named the context's blobs, where its naming keys are at hand.
  crypto::Namer* namer_of(const PackContext& context);
  std::optional<crypto::NamingKeys> naming_of(const PackContext& context) const;

  const crypto::HostKeys& keys_;
  const std::span<const crypto::EpochSecrets> secrets_;
  const PackDirectory& directory_;
  std::map<std::uint32_t, crypto::BlobSealer> sealers_;
  std::map<std::pair<crypto::WriterId, std::uint32_t>, std::optional<crypto::Namer>> namers_;  // by writer and epoch
  codec::BlobDecoder decoder_;
  os::AlignedBuffer stored_, plain_;  // aligned: what is opened can be written past the page cache
};

}  // namespace owl::repository
