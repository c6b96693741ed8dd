#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "os/file_descriptor.h"
#include "postgres/types.h"

namespace owl::wal {

/// A data directory that may archive: kept in the state directory, outside PGDATA, so that a copy of the cluster (a
/// restore, a clone, a snapshot) does not carry it along.
struct EnrolledCluster {
  postgres::SystemId system_id = 0;
  std::uint64_t device = 0, inode = 0;  ///< of PGDATA
  postgres::TimelineId timeline = 0;    ///< when it was enrolled
  std::string data_directory;
  Timestamp when;
};

Bytes serialize(const std::vector<EnrolledCluster>& clusters);  ///< JSON
Result<std::vector<EnrolledCluster>> parse_enrolments(ByteView bytes);

/// A folder as the file system knows it, whatever its path: what a descriptor can tell, too.
struct FolderIdentity {
  std::uint64_t device = 0, inode = 0;
};
FolderIdentity identity_of(const std::filesystem::path& folder);  ///< throws Error(not_found)
FolderIdentity identity_of(const os::FileDescriptor& folder, const std::string& name);

/// The list of them, one small file that is replaced durably.
class Enrolments {
 public:
  explicit Enrolments(std::filesystem::path state_directory);
  void enrol(const std::filesystem::path& data_directory, Timestamp now);
  /// A restore's target never stays enrolled, even where the folder (and so its inode) was used before.
  void forget(const std::filesystem::path& data_directory);
  /// Is this very folder enrolled for this system id?
  bool covers(const FolderIdentity& data_directory, postgres::SystemId system_id) const;
  bool covers(const std::filesystem::path& data_directory, postgres::SystemId system_id) const;
  /// The enrolled data directory of this cluster that is still on this host, beside this one, which then is a copy.
  std::optional<EnrolledCluster> original_of(const FolderIdentity& data_directory, postgres::SystemId system_id) const;
  const std::vector<EnrolledCluster>& all() const { return clusters_; }

 private:
  void save() const;

  std::filesystem::path path_;
  std::vector<EnrolledCluster> clusters_;
};

}  // namespace owl::wal
