#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "codec/page_splitter.h"

namespace owl::codec {

/// Pages of one file that follow each other in a blob.
struct PageRun {
  std::uint32_t pages = 0;
  std::uint32_t first_block = 0;  ///< of its relation, over segments
  friend bool operator==(const PageRun&, const PageRun&) = default;
};

/// How a blob's pages are split. A value; part of every blob, so that each is read by itself.
struct PageScheme {
  PageColumns columns;
  PageSplitter::Holes holes = PageSplitter::Holes::apart;
  friend bool operator==(const PageScheme&, const PageScheme&) = default;
};

/// What stands before the streams of a blob with Codec::pages (docs/format/codecs.md).
struct PageBlobHeader {
  std::uint32_t block_size = 0;
  PageScheme scheme;
  std::vector<PageRun> runs;

  std::uint64_t plain_size() const;  ///< bytes
};

/// Blobs have this version byte; a reader refuses others.
inline constexpr std::uint8_t page_blob_version = 1;
/// The bytes of all streams together are no more than this; an encoder that needs more has not gained anything.
constexpr std::size_t largest_streams(std::size_t plain_size) {
  return plain_size + plain_size / 4 + (64u << 10);
}

void put_page_blob_header(const PageBlobHeader& header, Bytes& out);

/// Reads blobs with Codec::pages. One thread at a time; memory is kept from blob to blob.
class PageDecoder {
 public:
  PageDecoder();
  PageDecoder(PageDecoder&&) noexcept;
  ~PageDecoder();

  /// Fails unless `stored` is whole and gives exactly `plain.size()` bytes; never writes elsewhere, and allocates no
  /// more than `largest_streams` and some 500 KiB, whatever `stored` says.
  Result<void> decode(ByteView stored, MutableBytes plain);
  /// Does it give just these bytes? As `decode`, page by page in a page's room.
  bool gives(ByteView stored, ByteView plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::codec
