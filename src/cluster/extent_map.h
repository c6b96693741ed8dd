#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "repository/manifest.h"

namespace owl::cluster {

/// A run of a file's bytes inside a blob. What no extent covers is zeros.
struct Extent {
  std::uint64_t file_offset = 0;  ///< bytes
  std::uint32_t length = 0;       ///< bytes
  std::uint32_t blob = 0;         ///< index into the blob table of the leaf
  std::uint32_t blob_offset = 0;  ///< bytes, in the plain blob
};

enum class EntryType : std::uint8_t { folder = 1, pages = 2, bytes = 3 };

/// One file or folder of a cluster backup. Paths are relative to the data directory, '/'-separated; a tablespace's
/// files stand under pg_tblspc/<oid>/. Configuration files from outside stand under "owlbackup_config/" with their full
/// path and are never restored into the data directory.
struct FileEntry {
  std::string path;
  EntryType type = EntryType::bytes;
  std::uint32_t mode = 0;  ///< permission bits
  Timestamp modified;
  std::uint64_t size = 0;                 ///< bytes, as it is restored
  std::uint32_t crc32c = 0;               ///< of the whole file, put together from what was read for this backup
  std::vector<Extent> extents;            ///< ascending, not overlapping
  std::vector<std::uint32_t> bad_blocks;  ///< in this file; their checksums failed when they were read
};

/// Part of the map: some hundred consecutive files, one metadata blob. Has tables of its own, so that a leaf whose
/// files did not change has the same bytes and name in the next backup and is stored once.
struct ExtentLeaf {
  std::vector<repository::PackRef> packs;
  std::vector<repository::BlobRef> blobs;  ///< BlobRef::pack is an index into `packs`
  std::vector<FileEntry> files;            ///< ascending by path
};
Bytes serialize(const ExtentLeaf& leaf);  ///< not compressed: put_metadata does
Result<ExtentLeaf> parse_extent_leaf(ByteView bytes);

/// Should a leaf end after this file? By its path and size alone, so that files added elsewhere move no borders: after
/// about one small file in 512, and after every one of 1 GiB, so that a leaf stays small and a change of one page makes
/// few of them anew.
bool leaf_ends_after(std::string_view path, std::uint64_t size, std::size_t files_in_leaf);
/// The same idea for batches of small files: about one path in eight.
bool path_ends_batch(std::string_view path);

}  // namespace owl::cluster
