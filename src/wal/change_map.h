#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "postgres/wal_record.h"
#include "postgres/wal_unfinished.h"
#include "wal/block_set.h"

namespace owl::wal {

/// What happened to one relation's main fork.
struct RelationChanges {
  BlockSet blocks;
  /// From this block on nothing may be taken over from before: the least length that the file had, or 0 where it came
  /// or went. Never undone by what follows, so that maps can be joined in any order.
  std::optional<postgres::BlockNumber> limit;

  friend bool operator==(const RelationChanges&, const RelationChanges&) = default;
};

/// Which pages a stretch of WAL changed: main forks only. Everything else is to be read whole (docs/change-map.md).
struct ChangedBlocks {
  std::map<postgres::RelationFile, RelationChanges> relations;
  /// (tablespace, database): created, copied or dropped, so that nothing in it may be taken over from before.
  std::set<std::pair<postgres::Oid, postgres::Oid>> databases;
  std::set<postgres::Oid> tablespaces;  ///< dropped: likewise

  /// Of a relation, whatever the reason; nullopt: none.
  std::optional<postgres::BlockNumber> limit_of(const postgres::RelationFile& file) const;
  /// Must this page be read, rather than taken over from before?
  bool covers(const postgres::RelationFile& file, postgres::BlockNumber block) const;
  std::uint64_t block_count() const;

  friend bool operator==(const ChangedBlocks&, const ChangedBlocks&) = default;
};

/// Why a map must not be used across a position.
struct Poison {
  enum class Kind : std::uint8_t {
    minimal_wal = 1,     ///< wal_level=minimal: changes may have been made without WAL
    special_change = 2,  ///< a record that changes relations in a way that nobody here knows
    unreadable = 3,      ///< no record can be read from here on: the WAL ends, or is not understood
  };
  Kind kind = Kind::unreadable;
  postgres::Lsn lsn;

  friend bool operator==(const Poison&, const Poison&) = default;
};
/// "the server wrote WAL of wal_level=minimal at 0/3000028"
std::string to_text(const Poison& poison);

/// The end, or a middle part, of a record that began before the segment.
struct CarryIn {
  std::uint32_t remaining = 0;  ///< bytes of the record still to come at the segment's head
  postgres::RecordPart part;    ///< those that are here; less than `remaining`: it goes on in the next segment
  bool dropped = false;         ///< the record was given up after a crash
  bool resolved = false;        ///< it was known whose bytes they are, so that what matters of them is in `part`

  friend bool operator==(const CarryIn&, const CarryIn&) = default;
};

/// What one WAL segment changed, with all that is needed to join it to its neighbours: coverage is by records, and a
/// record belongs to the map of the segment in which it begins, together with the next one's carry.
struct ChangeMap {
  int major = 0;
  std::uint32_t segment_size = 0, page_size = 0;
  postgres::Lsn segment_start;
  /// First record that begins here, and the one that it names as its forerunner; 0: none begins here.
  postgres::Lsn first, first_previous;
  /// The last whole record, and its checksum; 0: none.
  postgres::Lsn last;
  std::uint32_t last_crc = 0;
  postgres::Lsn end;  ///< where the next record begins, or the unfinished one began
  std::optional<CarryIn> in;
  std::optional<postgres::UnfinishedRecord> out;
  ChangedBlocks changes;
  std::vector<Poison> poison;
  postgres::Lsn
      full_page_writes_off;  ///< first sign of full_page_writes=off; 0: none. Harms no map, but standby backups

  friend bool operator==(const ChangeMap&, const ChangeMap&) = default;
};

/// Do sizes and positions fit together, so that reckoning with them is safe? Of one that was read.
bool is_sound(const ChangeMap& map);

/// A segment's map, in two sections of WalInfo: the chain, and the changes (docs/format.md).
void write_chain(const ChangeMap& map, BinaryWriter& out);
void read_chain(BinaryReader& in, ChangeMap& map);
void write_changes(const ChangedBlocks& changes, BinaryWriter& out);
void read_changes(BinaryReader& in, ChangedBlocks& changes);

}  // namespace owl::wal
