#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "cluster/restore_files.h"
#include "cluster/restore_tree.h"
#include "cluster/target_paths.h"
#include "os/file_descriptor.h"
#include "os/system.h"

namespace owl::cluster {

/// Makes the folders and files of a restore and writes blobs to where they belong. `write` is thread-safe; what no blob
/// covers stays a hole.
class RestoreWriter {
 public:
  enum class Onto {
    empty,     ///< no file is there yet
    existing,  ///< files that are there keep their bytes, and get the length, mode and owner that they should have
  };
  /// `owner`: gives every file to this account (we are root); nullopt: ours.
  RestoreWriter(const TargetPaths& paths, const RestoreTree& tree, std::optional<os::Account> owner, Onto onto);

  void make_folders();
  /// Of the tree's files those from `begin` to before `end`. Thread-safe.
  void make_files(std::size_t begin, std::size_t end) const;
  /// `files`: the calling worker's own.
  void write(const RestoreTree::WantedBlob& blob, ByteView plain, RestoreFiles& files);
  DirectWrites& direct() { return direct_; }
  /// A small file of our own making.
  void put(const std::filesystem::path& path, ByteView content, unsigned mode = 0600);
  void own(const std::filesystem::path& path) const;
  std::uint64_t written_bytes() const { return written_; }

 private:
  const TargetPaths& paths_;
  const RestoreTree& tree_;
  std::optional<os::Account> owner_;
  Onto onto_;
  DirectWrites direct_;
  std::atomic<std::uint64_t> written_{0};
};

/// Is this a path that a restore leaves to itself: pg_control, written last, or configuration from outside PGDATA?
bool written_apart(std::string_view path);

}  // namespace owl::cluster
