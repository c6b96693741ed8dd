#pragma once

#include <memory>
#include <span>

#include "base/clock.h"
#include "cluster/file_pieces.h"
#include "cluster/listing.h"
#include "cluster/piece_encoder.h"
#include "cluster/work_items.h"
#include "codec/hash.h"
#include "crypto/names.h"
#include "os/aligned_buffer.h"
#include "os/file_descriptor.h"
#include "postgres/types.h"
#include "repository/backup_session.h"

namespace owl::cluster {

/// One worker of a backup: reads an item, checks its pages, names it, and, if it isn't stored yet, compresses and hands
/// it to the session; one pass over each byte while it is in the processor's cache. One thread each.
class PieceReader {
 public:
  struct Options {
    std::filesystem::path data_directory;
    std::uint32_t block_size = 0;
    bool checksums = false;
    int zstd_level = 3;
  };
  PieceReader(const Listing& files, FilePieces& pieces, repository::BackupSession& session,
              const crypto::NamingKeys& naming, const Options& options, Clock& clock);

  /// Returns the bytes read.
  std::uint64_t process(const WorkItem& item);
  /// Bytes that are at hand already (pg_control).
  void process_bytes(std::uint32_t file, ByteView content);
  /// The greatest LSN of any good page that was read.
  postgres::Lsn greatest_lsn() const { return greatest_lsn_; }

 private:
  void read_part(const Part& part, crypto::BlobKind kind);
  const os::FileDescriptor& open(std::uint32_t file);
  void note_lsns(ByteView pages, std::span<const std::uint32_t> bad_pages);
  void check_pages(FilePiece& piece, const ListedFile& file, const os::FileDescriptor& fd);
  codec::ZstdEncoder::Encoded encode(crypto::BlobKind kind, ByteView plain);
  void store(crypto::BlobKind kind);

  struct Pending {
    std::uint32_t file;
    FilePiece piece;
  };

  ListingReader files_;
  FilePieces& pieces_;
  repository::BackupSession& session_;
  Options options_;
  Clock& clock_;
  crypto::Namer namer_;
  PieceEncoder encoder_;
  codec::Crc32cJoiner joiner_;
  os::AlignedBuffer plain_, encoded_;
  std::vector<Pending> pending_;
  std::vector<repository::PageCheck> checks_;
  std::uint32_t open_index_ = 0;  ///< into the listing, of `open_file_`
  os::FileDescriptor open_file_;  ///< for the next part of the same item
  postgres::Lsn greatest_lsn_;
};

}  // namespace owl::cluster
