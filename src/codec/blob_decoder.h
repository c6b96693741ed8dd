#pragma once

#include <optional>

#include "codec/page_blob.h"
#include "codec/wal_codec.h"
#include "codec/zstd.h"

namespace owl::codec {

/// Reads blobs of every codec that ever shipped. One thread at a time; memory is kept from blob to blob.
class BlobDecoder {
 public:
  /// Fails unless exactly `plain.size()` bytes come out, and on a codec that it does not know. Never writes elsewhere;
  /// what it allocates is bounded by `plain.size()`, whatever `stored` says.
  Result<void> decode(Codec codec, ByteView stored, MutableBytes plain);

 private:
  ZstdDecoder zstd_;
  PageDecoder pages_;
  std::optional<WalDecoder> wal_;  ///< once there is some
};

}  // namespace owl::codec
