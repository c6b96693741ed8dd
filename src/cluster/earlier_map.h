#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cluster/extent_map.h"
#include "cluster/file_pieces.h"
#include "cluster/read_set.h"
#include "codec/hash.h"
#include "repository/backup_session.h"
#include "repository/blob_reader.h"

namespace owl::cluster {

/// Thrown when an earlier backup, or what the change maps say of the time since, can't be relied on: the backup that is
/// being made reads everything instead.
struct MapRefuted : Error {
  explicit MapRefuted(std::string why) : Error(ErrorKind::integrity, std::move(why)) {}
};

/// The file map of an earlier backup, read from its beginning on while files are asked for in its order; what of it a
/// new backup takes over. Host keys are enough. At most a few leaves are in memory. One thread at a time.
class EarlierMap {
 public:
  /// Keeps references.
  EarlierMap(const repository::LoadedManifest& backup, repository::BlobReader& reader,
             repository::BackupSession& session, std::uint32_t block_size, std::stop_token stop);

  /// The file of that path as it was; nullptr: it wasn't there. Paths ascend from call to call; the answer, and what
  /// the other functions tell of it, is good until the next. Throws MapRefuted where the map is damaged.
  const FileEntry* find(std::string_view path);

  /// The whole file that was found.
  FilePieces::Assembled whole() const;
  /// Some of its pages as pieces for FilePieces, with their checksums by the packs' directories. Throws MapRefuted
  /// where these don't tell.
  std::vector<FilePiece> pieces(const PageRun& run);
  /// What each of these pages was.
  std::vector<repository::PageCheck> checks(const PageRun& run);

 private:
  bool load_more();
  void read_leaves(std::size_t first, std::size_t count);
  repository::BlobRef blob_of(const Extent& extent) const;
  const repository::PackEntry& entry_of(const Extent& extent);
  std::vector<Extent> within(const PageRun& run) const;

  const repository::Manifest& manifest_;
  repository::BlobReader& reader_;
  repository::BackupSession& session_;
  const std::uint32_t block_size_;
  const std::stop_token stop_;
  const codec::Crc32cJoiner joiner_;
  std::vector<ExtentLeaf> leaves_;   ///< some consecutive ones
  std::size_t next_leaf_ = 0;        ///< of the manifest's, the first that is not read yet
  std::size_t leaf_ = 0, file_ = 0;  ///< where the search goes on
  const ExtentLeaf* found_in_ = nullptr;
  const FileEntry* found_ = nullptr;
  std::string last_path_;
  std::shared_ptr<const repository::PackDirectory> directory_;  ///< used last
  repository::PackId directory_of_{};
};

}  // namespace owl::cluster
