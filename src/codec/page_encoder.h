#pragma once

#include <memory>

#include "codec/page_blob.h"
#include "codec/zstd.h"

namespace owl::codec {

/// Pages of one blob, and what is known about them.
struct PageBlob {
  ByteView plain;  ///< whole pages
  std::span<const PageRun> runs = {};
  std::uint64_t relation = 0;        ///< the same number for all of a relation's blobs; 0: they are of several
  std::uint64_t relation_bytes = 0;  ///< how large that is, roughly: how much care the choice of columns is worth
  bool checksums_hold = false;       ///< each page's checksum was found right, or 0: it need not be computed again
};

/// Compresses PostgreSQL's pages: splits them into streams of like with like where that pays for their relation, and
/// uses zstd alone where it doesn't. What pays is tried out on a relation's first blob and kept for the others. Every
/// split blob is proven: decoded again and compared, before it is given out; where it isn't the same, zstd alone is
/// used. One thread at a time; memory is kept, some 8 MiB with blobs of 1 MiB.
class PageEncoder {
 public:
  struct Options {
    std::uint32_t block_size = 8192;
    int level = 1;        ///< of zstd, for streams
    int plain_level = 3;  ///< of zstd, for pages that are not split
  };
  explicit PageEncoder(const Options& options);
  PageEncoder(PageEncoder&&) noexcept;
  ~PageEncoder();

  /// The most that `encode` may write for an input of that size.
  std::size_t bound(std::size_t plain_size) const;
  /// Writes into `out` (at least `bound` bytes).
  ZstdEncoder::Encoded encode(const PageBlob& blob, MutableBytes out);

  /// What was done so far.
  struct Counters {
    std::uint64_t split_blobs = 0, plain_blobs = 0;
    std::uint64_t split_pages = 0, other_pages = 0;  ///< of split blobs
    std::uint64_t fallbacks = 0;  ///< blobs that did not come back as they were: 0 unless pages lie about their
                                  ///< checksum or a codec has a fault
  };
  const Counters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::codec
