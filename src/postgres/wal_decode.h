#pragma once

#include <vector>

#include "codec/wal_layout.h"
#include "postgres/layout.h"
#include "postgres/wal_record.h"
#include "postgres/wal_record_kinds.h"

namespace owl::postgres {

/// XLogRecord (xlogrecord.h): the fixed head of a record.
struct WalRecordHeader {
  static constexpr std::size_t size = codec::wal_layout::record::header;
  static constexpr std::size_t crc_offset = codec::wal_layout::record::crc_at;

  std::uint32_t total_size = 0;
  TransactionId xid = 0;
  Lsn previous;
  std::uint8_t info = 0, resource_manager = 0;
  std::uint32_t crc = 0;
};
/// `record` holds at least the head. Here, as it is called for each of a segment's hundred thousand records.
inline WalRecordHeader read_record_header(ByteView record) {
  return {.total_size = field<std::uint32_t>(record, 0),
          .xid = field<std::uint32_t>(record, 4),
          .previous = {field<std::uint64_t>(record, 8)},
          .info = field<std::uint8_t>(record, 16),
          .resource_manager = field<std::uint8_t>(record, 17),
          .crc = field<std::uint32_t>(record, WalRecordHeader::crc_offset)};
}

inline constexpr std::uint32_t largest_record = 1u << 30;  ///< MaxAllocSize; 16 and later stop at 1020 MiB

/// Does PostgreSQL of that version have such a resource manager? Extensions' begin at 128, from 15 on.
inline bool is_resource_manager(std::uint8_t id, int major) {
  return id <= rm::last_built_in || (id >= rm::first_custom && major >= 15);
}

/// Over what follows the head, then over the head up to the CRC itself.
bool record_crc_fits(ByteView record, const WalRecordHeader& header);

/// Where a record's parts lie in it, counted from its first byte. Between the two: images and data of blocks.
struct RecordLayout {
  std::uint32_t headers_end = 0;
  std::uint32_t main_begin = 0;  ///< the main data reach to the record's end
};
enum class LayoutState {
  whole,
  cut_off,  ///< the headers go on behind `begin`
  wrong,    ///< not built like a record of that version
};
/// Reads a record's headers; `begin` is the record, or no more than its first bytes. A header says no more than that
/// the sizes add up: whether the bytes are those of a record, its checksum tells.
LayoutState read_layout(ByteView begin, std::uint32_t total_size, int major, std::vector<BlockReference>& blocks,
                        RecordLayout& layout);

struct RecordParts {
  std::vector<BlockReference> blocks;
  ByteView main_data;
};
/// Takes a whole record apart. False: it is not built like a record of that version. `parts` is reused from call to
/// call; its views point into `record`.
bool parse_record(ByteView record, int major, RecordParts& parts);

/// Calls the visitor for what the record means, and for the record itself first. False: the main data of a known kind
/// of record is not as it should be.
bool report_record(const WalRecord& record, int major, WalVisitor& visitor);

/// Does report_record look into the main data of such records? Never into those that hold rows.
bool main_data_matters(std::uint8_t resource_manager, std::uint8_t info);

}  // namespace owl::postgres
