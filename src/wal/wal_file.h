#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "crypto/keys.h"
#include "crypto/names.h"
#include "os/aligned_buffer.h"
#include "os/file_descriptor.h"
#include "postgres/control_file.h"
#include "postgres/types.h"
#include "postgres/wal_unfinished.h"
#include "wal/enrolment.h"
#include "wal/forerunner.h"
#include "wal/wal_object.h"

namespace owl::wal {

/// Where a file that PostgreSQL hands over is to be read from: descriptors, so that it may have been opened by somebody
/// with more rights than this process has.
struct WalSource {
  std::string name;  ///< as PostgreSQL calls it
  std::string path;  ///< for messages
  os::FileDescriptor file;
  postgres::ControlFile control;  ///< of the data directory that it belongs to
  FolderIdentity data_directory;
  std::filesystem::path wal_folder;  ///< pg_wal, where this process may see it; empty: it may not
  std::string data_directory_path;   ///< for messages
  /// Gives what lies before a segment that was streamed, where that is at hand; empty: pg_wal or the archive may know.
  ReadWal read_before = {};
  bool admitted = false;  ///< that its cluster may archive was decided already (stream_start.h)
};
/// Opens a file of a data directory that this process may read.
WalSource open_wal_source(const std::filesystem::path& file, const std::filesystem::path& data_directory, Clock& clock);

/// Finds the record that the segment before left unfinished; nullopt: none, or it can't be told.
using FindUnfinished = std::function<std::optional<postgres::UnfinishedRecord>(const WalSource& source, ByteView plain,
                                                                               const postgres::SegmentHeader& header)>;

/// A file on its way into the archive: read once, since PostgreSQL recycles it under another name as soon as one store
/// has acknowledged it; proven to be what its name says; described and compressed. Feeds every store.
struct WalFile {
  postgres::WalFileName name;
  WalInfo info;
  CompressedWal content;
};
/// Reads one file after the other, into room that is kept: memory that is new from the kernel for each segment costs as
/// much as describing it. At most one file and its compressed form are in memory. One thread at a time.
class WalFileReader {
 public:
  WalFileReader(const crypto::HostKeys& keys, int zstd_level) : namer_(keys.wal_naming), compressor_(zstd_level) {}

  /// Throws Error(refused) on a segment of another size or with pages of another place, Error(conflict) on one of
  /// another cluster.
  WalFile read(const WalSource& source, const FindUnfinished& find_unfinished);

 private:
  ByteView read_whole(const WalSource& source);

  crypto::Namer namer_;
  WalCompressor compressor_;
  os::AlignedBuffer room_;
};

}  // namespace owl::wal
