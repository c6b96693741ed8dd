#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "crypto/blob_seal.h"
#include "repository/object_keys.h"

namespace owl::repository {

/// What one page of a blob must be, kept beside the blob and not inside it: delta restore, audits and whole-file
/// checksums work from directories alone.
struct PageCheck {
  std::uint32_t crc32c = 0;  ///< CRC-32C of the page
  std::uint32_t xxh3 = 0;    ///< the low half of XXH3-64

  friend bool operator==(const PageCheck&, const PageCheck&) = default;
};

/// What a page is held against from then on.
PageCheck page_check(ByteView page);

/// A seal context with the writer whose naming keys named its blobs.
struct PackContext {
  crypto::SealContextRecord seal;
  crypto::WriterId writer{};
};

/// One blob in a pack. Its place is the sum of the sizes before it.
struct PackEntry {
  std::uint32_t context = 0;  ///< index into PackDirectory::contexts
  std::uint64_t counter = 0;
  crypto::BlobName name{};
  crypto::BlobKind kind{};
  codec::Codec codec{};
  std::uint32_t plain_size = 0, stored_size = 0;  ///< bytes; stored_size without the 16-byte tag
  std::vector<PageCheck> checks;                  ///< one for each page; empty for blobs that have none

  std::uint64_t sealed_size() const { return std::uint64_t{stored_size} + 16; }
  crypto::BlobIdentity identity() const;
};

/// No blob is larger, plain or stored: what a reader must be ready to hold.
inline constexpr std::uint32_t largest_blob = 64u << 20;

/// What lies in a pack: sealed under M, so that a host can rebuild a lost index, walk metadata and move blobs.
struct PackDirectory {
  std::vector<PackContext> contexts;
  std::vector<PackEntry> entries;

  /// Offset of each entry in the pack, and of the directory at last: entries.size() + 1 values.
  std::vector<std::uint64_t> offsets() const;
};
Bytes serialize(const PackDirectory& directory);  ///< compressed, not sealed
Result<PackDirectory> parse_pack_directory(ByteView bytes);

/// pack = header (16 bytes: "OWLPACK1" u8 class u8[7] 0) ‖ sealed blobs ‖ sealed directory ‖ trailer (16 bytes: u64
/// directory size ‖ "OWLPEND1").
inline constexpr std::size_t pack_header_size = 16, pack_trailer_size = 16;
ByteArray<pack_header_size> pack_header(PackClass pack_class);
ByteArray<pack_trailer_size> pack_trailer(std::uint64_t directory_size);
Result<PackClass> parse_pack_header(ByteView bytes);
Result<std::uint64_t> parse_pack_trailer(ByteView bytes);  ///< the directory's size

}  // namespace owl::repository
