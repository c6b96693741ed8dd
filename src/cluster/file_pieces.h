#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cluster/extent_map.h"
#include "cluster/listing.h"
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

/// Collects the pieces that workers bring in any order until a file is whole. Thread-safe.
class FilePieces {
 public:
  void add(std::uint32_t file, FilePiece piece);
  /// That many bytes of it were to be read, but it is gone.
  void vanished(std::uint32_t file, std::uint32_t planned);

  /// A file as it will be restored. The size ends with the first piece that came short. `extents` get their blobs as
  /// refs of the session; LeafBuilder numbers them.
  struct Assembled {
    FileEntry entry;                         ///< without Extent::blob
    std::vector<repository::BlobRef> blobs;  ///< one for each extent
    bool vanished = false;
  };
  /// A file that is whole without any piece: as it was in an earlier backup. Instead of `add`.
  void take_over(std::uint32_t file, Assembled whole);

  /// Gives away a file of whose listed size every byte was brought or found to be gone; nullopt before that. Once for
  /// each file, which is forgotten with it. `listed`: that file of the listing.
  std::optional<Assembled> take(std::uint32_t file, const ListedFile& listed);

  /// About how much memory is held, bytes.
  std::size_t held_bytes() const { return held_bytes_.load(std::memory_order_relaxed); }

 private:
  /// As it is kept: there is one for each MiB that is on its way. Bad blocks, which are few, are kept apart.
  struct Kept {
    std::uint64_t offset;
    std::uint32_t planned, length, crc32c, blob_offset;
    std::uint32_t pack, entry;  ///< pack no_blob: zeros
    crypto::BlobName name;
  };
  struct Gathered {
    std::uint64_t planned = 0;  ///< bytes
    bool vanished = false;
    std::vector<Kept> pieces;
  };
  static constexpr std::uint32_t no_blob = UINT32_MAX;
  static Kept keep(const FilePiece& piece);
  static std::size_t size_of(const Gathered& gathered);
  static std::size_t size_of(const Assembled& file);
  /// Of a file, by the offset of the piece.
  using BadBlocks = std::map<std::uint64_t, std::vector<std::uint32_t>>;
  static FilePiece give_back(const Kept& kept, BadBlocks& bad_blocks);
  static Assembled assemble(const ListedFile& listed, Gathered gathered, BadBlocks bad_blocks);

  std::mutex mutex_;
  std::unordered_map<std::uint32_t, Gathered> gathered_;
  std::unordered_map<std::uint32_t, BadBlocks> bad_blocks_;  ///< of the few that have some
  std::unordered_map<std::uint32_t, Assembled> whole_;
  std::atomic<std::size_t> held_bytes_{0};
};

}  // namespace owl::cluster
