#pragma once

#include <memory>

#include "codec/page_streams.h"

namespace owl::codec {

/// Takes PostgreSQL's pages apart into streams of like with like (docs/format/codecs.md): heap and item-index pages by
/// field and column, whatever else as it is. Reads nothing but the page, whatever is in it. One thread at a time; no
/// allocation per page once the streams have grown.
class PageSplitter {
 public:
  enum class Checksums : std::uint8_t {
    computed,  ///< compute each, and tell those that differ
    trusted,  ///< the caller knows that they fit (or are 0): nothing is computed. One that doesn't fit comes back wrong
    told,     ///< tell all: those of images in WAL are stale
  };
  enum class Outcome : std::uint8_t { raw, zeros, split };

  /// A power of two from 1 to 32 KiB.
  explicit PageSplitter(std::uint32_t block_size);
  PageSplitter(PageSplitter&&) noexcept;
  ~PageSplitter();

  /// Where bytes go that lie where nothing should: old tuples, which often equal living ones.
  enum class Holes : std::uint8_t { apart, with_tails };

  /// Appends one page of `block_size` bytes, block `block` of its relation. `streams` has `page_stream::count` streams
  /// or more. A raw page may take up to its size and a few bytes; no page takes more than twice that.
  Outcome split(const std::uint8_t* page, std::uint32_t block, Checksums checksums, Holes holes, PageState& state,
                StreamSet& streams);

  /// Of the page that was split last: where the data of its tuples lies, and how long it is.
  const PageItems& items() const;
  bool was_heap() const;

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace owl::codec
