#pragma once

#include "base/binary.h"
#include "postgres/layout.h"
#include "postgres/wal_record.h"

// One function for each resource manager whose records are looked into; wal_events.cc calls them. False: the main data
// is not what this kind of record has.

namespace owl::postgres::events {

bool report_xlog(const WalRecord& record, int major, WalVisitor& visitor);
bool report_transaction(const WalRecord& record, int major, WalVisitor& visitor);
bool report_storage(const WalRecord& record, WalVisitor& visitor);
bool report_database(const WalRecord& record, int major, WalVisitor& visitor);
bool report_tablespace(const WalRecord& record, WalVisitor& visitor);
bool report_heap(const WalRecord& record, WalVisitor& visitor);

inline Timestamp read_time(BinaryReader& reader) {
  // Unsigned, as a hostile value may leave the range.
  return {static_cast<std::int64_t>(reader.u64() + static_cast<std::uint64_t>(postgres_epoch_micros))};
}

inline std::int32_t read_int(BinaryReader& reader) {
  return static_cast<std::int32_t>(reader.u32());
}

inline RelationFile read_relation(BinaryReader& reader) {
  RelationFile file;
  file.tablespace = reader.u32();
  file.database = reader.u32();
  file.relation = reader.u32();
  return file;
}

/// A text that ends with a zero byte.
inline std::string read_text(BinaryReader& reader) {
  const auto text = as_text(reader.raw(reader.remaining()));
  return std::string(text.substr(0, text.find('\0')));
}

/// `count` items of `item_size` bytes each; none where they can't all be there.
template <typename Item, typename Read>
std::vector<Item> read_array(BinaryReader& reader, std::uint64_t count, std::size_t item_size, Read read) {
  std::vector<Item> items;
  if (count > reader.remaining() / item_size) {
    reader.fail();
    return items;
  }
  items.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) items.push_back(read(reader));
  return items;
}

inline std::vector<Oid> read_oids(BinaryReader& reader, std::uint64_t count) {
  return read_array<Oid>(reader, count, sizeof(Oid), [](BinaryReader& in) { return in.u32(); });
}

inline bool at_end(const BinaryReader& reader) {
  return reader.ok() && reader.remaining() == 0;
}

}  // namespace owl::postgres::events
