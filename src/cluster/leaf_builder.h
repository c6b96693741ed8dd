#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "cluster/extent_map.h"
#include "cluster/file_pieces.h"
#include "repository/backup_session.h"

namespace owl::cluster {

/// Turns assembled files, ascending by path, into the leaves of an extent map and stores each as a metadata blob. The
/// session's data must be flushed before: leaves name packs by id.
class LeafBuilder {
 public:
  explicit LeafBuilder(repository::BackupSession& session) : session_(session) {}

  void add(FilePieces::Assembled file);
  void finish();
  const std::vector<repository::BlobRef>& leaves() const { return leaves_; }
  /// The session's numbers of all packs that extents rely on.
  std::vector<std::uint32_t> packs_used() const { return {packs_used_.begin(), packs_used_.end()}; }

 private:
  std::uint32_t number_of(const repository::BlobRef& blob);

  repository::BackupSession& session_;
  ExtentLeaf leaf_;
  std::map<std::uint32_t, std::uint32_t> pack_numbers_;                            ///< session's → leaf's
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> blob_numbers_;  ///< (session's pack, entry) → leaf's
  std::vector<repository::BlobRef> leaves_;
  std::set<std::uint32_t> packs_used_;
};

}  // namespace owl::cluster
