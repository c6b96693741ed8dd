#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "cluster/extent_map.h"
#include "cluster/file_pieces.h"
#include "repository/backup_session.h"

namespace owl::cluster {

/// Turns assembled files, ascending by path, into the leaves of an extent map and stores each as a metadata blob. Packs
/// of their blobs must be stored (have ids) before.
class LeafBuilder {
 public:
  explicit LeafBuilder(repository::BackupSession& session) : session_(session) {}

  void add(FilePieces::Assembled file);
  /// Ends the leaf that is begun.
  void finish();
  /// The last leaf takes this place among the others.
  void move_last_to(std::size_t place);
  const std::vector<repository::BlobRef>& leaves() const { return leaves_; }
  /// The session's numbers of all packs that extents rely on, ascending.
  std::vector<std::uint32_t> packs_used() const;

 private:
  std::uint32_t number_of(const repository::BlobRef& blob);

  repository::BackupSession& session_;
  ExtentLeaf leaf_;
  std::map<std::uint32_t, std::uint32_t> pack_numbers_;                            ///< session's → leaf's
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> blob_numbers_;  ///< (session's pack, entry) → leaf's
  std::vector<repository::BlobRef> leaves_;
  std::vector<bool> packs_used_;  ///< by the session's number
};

}  // namespace owl::cluster
