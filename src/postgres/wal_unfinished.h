#pragma once

#include "postgres/wal_record.h"

// A record that crosses the border of a segment is understood by nobody who sees one segment alone. What is needed of
// each side is kept, so that the two can be put together later: headers, and main data where it means an event. Rows
// and page images are never kept; a checksum stands for them.

namespace owl::postgres {

/// A record of which the first part is known.
struct UnfinishedRecord {
  Lsn start;
  std::uint32_t total_size = 0;
  std::uint32_t seen = 0;      ///< bytes of it that came so far
  Bytes kept = {};             ///< of those, in order, what matters
  std::uint32_t rest_crc = 0;  ///< CRC-32C of those that aren't kept; they lie in one piece

  friend bool operator==(const UnfinishedRecord&, const UnfinishedRecord&) = default;
};

/// What follows of an unfinished record, as far as one segment holds it.
struct RecordPart {
  std::uint32_t size = 0;  ///< bytes
  Bytes kept = {};
  std::uint32_t rest_crc = 0;

  friend bool operator==(const RecordPart&, const RecordPart&) = default;
};

/// More of a record than this is never kept: a commit with some 700,000 dropped files.
inline constexpr std::size_t most_kept_bytes = 8u << 20;

/// `bytes`: the record's first ones, at least four.
UnfinishedRecord begin_unfinished(ByteView bytes, Lsn start, int major);

/// Which of `bytes`, that follow what was seen of `record`, matter. nullopt: that can't be told, or it is too much.
std::optional<RecordPart> next_part(const UnfinishedRecord& record, ByteView bytes, int major);

/// For bytes of which nobody knows whose they are: good only where nothing of them matters and the header came before.
RecordPart part_of_unknown(ByteView bytes);

/// The record before it, by its header; nullopt: that has not come whole.
std::optional<Lsn> previous_of(const UnfinishedRecord& record);

/// Lengthens what is known. The part was taken for this record at this place.
void append_part(UnfinishedRecord& record, const RecordPart& part);

/// Reports a record that came whole; false where it isn't one, or something of it is missing: then nothing was
/// reported, or no more than a true record would have been. Its checksum is verified over all its bytes. `end`: the LSN
/// after it.
bool finish_record(const UnfinishedRecord& record, Lsn end, int major, WalVisitor& visitor);

/// The bytes at a segment's head that belong to a record that began before it.
struct Continuation {
  std::uint32_t remaining = 0;  ///< how many bytes of the record were still to come at the head; 0: none was unfinished
  Bytes bytes;                  ///< those that the segment holds
  bool dropped = false;         ///< the record was given up after a crash: another one stands in its place
  bool broken = false;          ///< the pages do not fit together
};
/// `segment` has passed check_segment.
Continuation read_continuation(ByteView segment, std::uint32_t page_size);

}  // namespace owl::postgres
