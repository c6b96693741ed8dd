#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "cluster/extent_map.h"
#include "repository/blob_reader.h"
#include "repository/manifest.h"

namespace owl::cluster {

/// A backup's extent map as a restore wants it: all files, one table of packs, and for each pack what its blobs are
/// for.
struct RestoreTree {
  /// Some bytes of a plain blob that belong somewhere in a file.
  struct Destination {
    std::uint32_t file = 0;         ///< index into files
    std::uint64_t file_offset = 0;  ///< bytes
    std::uint32_t blob_offset = 0, length = 0;
  };
  struct WantedBlob {
    std::uint32_t entry = 0;
    crypto::BlobName name{};
    std::vector<Destination> destinations;
  };
  struct WantedPack {
    repository::PackRef pack;
    std::vector<WantedBlob> blobs;  ///< ascending by entry
  };
  std::vector<FileEntry> files;  ///< extents emptied: they are in `packs` now
  std::vector<WantedPack> packs;
  std::uint64_t plain_bytes = 0;  ///< that the destinations cover

  const FileEntry* find(std::string_view path) const;
};
/// Some consecutive blobs of a pack: what one worker restores in one go.
struct RestorePortion {
  const RestoreTree::WantedPack* pack = nullptr;
  std::span<const RestoreTree::WantedBlob> blobs;
};
/// Portions of about 64 MiB to be written: a few packs of a small cluster, or the last ones of a large, would leave
/// workers idle.
std::vector<RestorePortion> cut_into_portions(const RestoreTree& tree);

/// Reads all leaves. `wanted` decides by path whether a file's bytes are to be fetched; all files are listed.
RestoreTree load_tree(const repository::Manifest& manifest, repository::BlobReader& reader,
                      const std::function<bool(const FileEntry&)>& wanted, std::stop_token stop = {});

/// One whole small file of a backup.
Bytes read_file_of(const repository::Manifest& manifest, repository::BlobReader& reader, std::string_view path,
                   std::stop_token stop = {});

}  // namespace owl::cluster
