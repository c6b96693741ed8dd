#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "cluster/extent_map.h"
#include "cluster/file_list.h"
#include "repository/backup_session.h"

namespace owl::cluster {

/// What was read of one stretch of one file.
struct FilePiece {
  std::uint64_t offset = 0;                 ///< in the file, bytes
  std::uint32_t planned = 0, length = 0;    ///< asked for, and got: less where the file was truncated meanwhile
  std::uint32_t crc32c = 0;                 ///< of the `length` bytes
  std::optional<repository::BlobRef> blob;  ///< nullopt: zeros
  std::uint32_t blob_offset = 0;
  std::vector<std::uint32_t> bad_blocks;  ///< within the file
};

/// Collects the pieces that workers bring in any order and puts files together at the end. `add` and `vanished` are
/// thread-safe.
class FilePieces {
 public:
  explicit FilePieces(std::size_t files) : pieces_(files), vanished_(files) {}

  void add(std::uint32_t file, FilePiece piece);
  void vanished(std::uint32_t file);
  bool is_vanished(std::uint32_t file) const { return vanished_[file] != 0; }

  /// The file as it will be restored. The size ends with the first piece that came short. `extents` get their blobs as
  /// refs of the session; LeafBuilder numbers them.
  struct Assembled {
    FileEntry entry;                         ///< without Extent::blob
    std::vector<repository::BlobRef> blobs;  ///< one for each extent
  };
  Assembled assemble(const ListedFile& listed, std::uint32_t file);

 private:
  /// As it is kept: there is one for each MiB of a cluster. Bad blocks, which are few, are kept apart.
  struct Kept {
    std::uint64_t offset;
    std::uint32_t planned, length, crc32c, blob_offset;
    std::uint32_t pack, entry;  ///< pack no_blob: zeros
    crypto::BlobName name;
  };
  static constexpr std::uint32_t no_blob = UINT32_MAX;
  static Kept keep(const FilePiece& piece);
  FilePiece give_back(std::uint32_t file, const Kept& kept);

  std::mutex mutex_;
  std::vector<std::vector<Kept>> pieces_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::vector<std::uint32_t>> bad_blocks_;  ///< by file and offset
  std::vector<std::uint8_t> vanished_;
};

}  // namespace owl::cluster
