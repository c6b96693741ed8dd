#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "postgres/types.h"
#include "postgres/wal_event_types.h"

namespace owl::postgres {

/// The head of a segment: the long page header (xlog_internal.h).
struct SegmentHeader {
  std::uint16_t magic = 0;
  int major = 0;  ///< 13..18, from the magic
  TimelineId timeline = 0;
  Lsn page_address;
  SystemId system_id = 0;
  std::uint32_t segment_size = 0, block_size = 0;
};
Result<SegmentHeader> parse_segment_header(ByteView segment);

/// Checks a whole segment as the archiver hands it over: size, and on every page until the WAL ends in it magic,
/// address and timeline. A recycled file's old pages, and zeros, may follow the end. The error says which page is wrong
/// and how.
Result<SegmentHeader> check_segment(ByteView segment, SegmentId id);

/// A page that a record changes or restores.
struct BlockReference {
  Oid tablespace = 0, database = 0;
  Oid relation = 0;       ///< its file's number (relfilenode), not pg_class.oid
  std::uint8_t fork = 0;  ///< 0 main, 1 free space map, 2 visibility map, 3 init
  BlockNumber block = 0;
  bool has_image = false;  ///< a full-page image comes with it

  RelationFile file() const { return {tablespace, database, relation}; }
};

/// A record that is whole within the bytes at hand, headers parsed, CRC verified.
struct WalRecord {
  Lsn lsn, end;  ///< of its first byte, and after its last (aligned)
  Lsn previous;
  TransactionId xid = 0;
  std::uint8_t resource_manager = 0, info = 0;
  std::uint32_t crc = 0;
  ByteView main_data;                      ///< valid during the callback only
  std::span<const BlockReference> blocks;  ///< likewise
};

/// Receives what a walk meets, in WAL order. Every function has an empty body to override.
class WalVisitor {
 public:
  virtual ~WalVisitor() = default;
  virtual void record(const WalRecord&) {}
  virtual void transaction_end(const TransactionEnd&) {}
  virtual void tablespace_create(const TablespaceCreate&) {}
  virtual void tablespace_drop(const TablespaceDrop&) {}
  virtual void parameter_change(const ParameterChange&) {}
  virtual void wal_level(const WalLevelNote&) {}
  virtual void full_page_writes(const FullPageWritesNote&) {}
  virtual void restore_point(const RestorePoint&) {}
  virtual void overwritten_record(const OverwrittenRecord&) {}
  virtual void relation_create(const RelationCreate&) {}
  virtual void relation_truncate(const RelationTruncate&) {}
  virtual void database_create(const DatabaseCreate&) {}
  virtual void database_drop(const DatabaseDrop&) {}
  virtual void table_truncate(const TableTruncate&) {}
  virtual void unexplained_change(const UnexplainedChange&) {}
};

/// Reads records out of consecutive segments of one timeline (13 to 18): joins records across pages and segments,
/// verifies each CRC. Feed segments in order; what is unfinished at the end of one is completed by the next.
/// `start`: where the first record begins, or nullopt to begin at the first one that starts in the segments fed.
/// A segment may be fed as its first bytes only; the walk then ends there. Once ended, a walk stays ended.
class WalWalker {
 public:
  explicit WalWalker(std::uint32_t segment_size, std::optional<Lsn> start = std::nullopt);
  ~WalWalker();

  /// How the bytes that were fed ended.
  struct Progress {
    Lsn next;                        ///< where the next record begins, or the unfinished one began; may be the start
                                     ///< of a page, whose header then comes first
    bool ended = false;              ///< no valid record follows: the WAL ends here (zeros, old page, bad CRC)
    bool record_unfinished = false;  ///< a record goes on in the next segment
    /// Its resource manager; 1 (XACT), the one that matters, where the segment ends within its header.
    std::uint8_t unfinished_resource_manager = 0;
    std::uint8_t unfinished_info = 0;  ///< its info byte, as far as it is here
    ByteView unfinished;               ///< its bytes so far, without page headers; valid until the next feed
    std::string end_reason;            ///< for people
  };
  Progress feed(ByteView segment, SegmentId id, WalVisitor& visitor);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::postgres
