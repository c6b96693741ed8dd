#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/file_pieces.h"
#include "cluster/leaf_builder.h"
#include "cluster/listing.h"
#include "observe/monitor.h"
#include "repository/backup_session.h"

namespace owl::cluster {

/// Writes the file map of a backup while its files are read: a file goes into the map once it is whole and the packs of
/// its blobs are stored, in the order of the paths. So what is in memory is what is on its way, whatever the cluster's
/// size. pg_control, which is read last, has a leaf of its own, which also spares its folder a new leaf in each backup.
/// One thread at a time.
class MapWriter {
 public:
  /// Keeps references.
  MapWriter(const Listing& files, FilePieces& pieces, repository::BackupSession& session, Monitor& monitor);

  /// Enters what has become whole. Waits for no file, but perhaps for the upload of metadata.
  void advance();
  /// Enters the rest. Everything was read, and the session's data is flushed.
  void finish();

  const LeafBuilder& leaves() const { return leaves_; }
  /// Of what is entered so far.
  struct Summary {
    std::uint64_t files = 0, plain_bytes = 0, bad_pages = 0;
    std::vector<std::string> warnings;  ///< files with pages that fail their checksum
  };
  const Summary& summary() const { return summary_; }

 private:
  bool is_stored(const FilePieces::Assembled& file) const;
  void enter(std::uint32_t index, FilePieces::Assembled file);
  void enter_control();
  void report_bad_pages(const FileEntry& entry, const ListedFile& listed);

  const Listing& files_;
  ListingReader listed_;
  FilePieces& pieces_;
  repository::BackupSession& session_;
  Monitor& monitor_;
  LeafBuilder leaves_;
  Summary summary_;
  std::uint32_t next_ = 0;                      ///< the first file that is not entered
  std::optional<FilePieces::Assembled> whole_;  ///< that file, while its packs are on their way
  std::optional<std::size_t> control_place_;    ///< of pg_control's leaf, among the others
};

}  // namespace owl::cluster
