#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "cluster/restore_tree.h"
#include "cluster/target_paths.h"
#include "os/aligned_buffer.h"
#include "repository/blob_opener.h"

namespace owl::cluster {

/// What of a backup a directory holds already, so that a restore fetches and writes only what differs. Pages are held
/// against the checks that stand beside their blob (CRC-32C and half of XXH3-64, 64 bits together), whole blobs without
/// such checks against their keyed name. What a directory says of itself (times, sizes, its pages' own checksums and
/// LSNs) proves nothing. Thread-safe; keeps references.
class Delta {
 public:
  Delta(const TargetPaths& paths, const RestoreTree& tree, std::uint32_t block_size);

  /// Of these blobs those of which something differs, each with the stretches of files that do. `opener` is of their
  /// pack. A file that isn't there, or is too short, differs.
  std::vector<RestoreTree::WantedBlob> differing(const repository::PackDirectory& directory,
                                                 std::span<const RestoreTree::WantedBlob> blobs,
                                                 repository::BlobOpener& opener) const;

  /// Of the tree's files those from `begin` to before `end`, which are there with their full length: writes zeros where
  /// no blob covers them and something else stands.
  void clear_gaps(std::size_t begin, std::size_t end) const;
  std::uint64_t cleared_bytes() const { return cleared_; }

 private:
  using Destination = RestoreTree::Destination;
  struct Covered {
    std::uint32_t file;
    std::uint64_t offset;  ///< bytes
    std::uint32_t length;  ///< bytes
  };
  bool read_local(const Destination& at, MutableBytes out) const;
  /// `room`: what is read goes there; it grows where it must.
  void differing_pages(const Destination& at, std::span<const repository::PageCheck> checks, os::AlignedBuffer& room,
                       std::vector<Destination>& out) const;
  bool holds_whole(const RestoreTree::WantedBlob& blob, std::uint32_t plain_size, repository::BlobOpener& opener,
                   os::AlignedBuffer& room) const;
  void clear_file(std::uint32_t file) const;

  const TargetPaths& paths_;
  const RestoreTree& tree_;
  const std::uint32_t block_size_;
  std::vector<Covered> covered_;  ///< by file and offset
  mutable std::atomic<std::uint64_t> cleared_{0};
};

}  // namespace owl::cluster
