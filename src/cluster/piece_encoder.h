#pragma once

#include <span>
#include <vector>

#include "cluster/listing.h"
#include "codec/page_encoder.h"
#include "codec/zstd.h"

namespace owl::cluster {

/// Compresses what a worker read: pages by the codec that knows them, other files by zstd. One thread each.
class PieceEncoder {
 public:
  /// `zstd_level` is the configured one. Streams of pages take level 1 where it is 3 or less: they are smaller at 1
  /// than pages are at 3 (docs/performance.md, "Pages as streams").
  PieceEncoder(std::uint32_t block_size, bool checksums, int zstd_level);

  /// Some whole pages of a file, as they follow each other in a blob.
  struct Pages {
    ListedFile file;
    std::uint64_t offset = 0;   ///< in the file, bytes
    std::uint32_t length = 0;   ///< bytes
    bool has_bad_page = false;  ///< one whose checksum does not fit, or that is damaged in another way
  };

  std::size_t bound(std::size_t plain_size) const;
  codec::ZstdEncoder::Encoded encode_pages(ByteView plain, std::span<const Pages> parts, MutableBytes out);
  codec::ZstdEncoder::Encoded encode_bytes(ByteView plain, MutableBytes out) { return bytes_.encode(plain, out); }

 private:
  const std::uint32_t block_size_;
  const bool checksums_;
  codec::PageEncoder pages_;
  codec::ZstdEncoder bytes_;
  std::vector<codec::PageRun> runs_;
};

}  // namespace owl::cluster
