#pragma once

#include <string_view>
#include <vector>

#include "postgres/wal_builder.h"
#include "postgres/wal_record.h"
#include "postgres/wal_record_kinds.h"

// Records of each kind as servers of each version write them, for tests.

namespace owl::postgres::sample {

/// Main data, put together field by field.
class Data {
 public:
  Data& u8(std::uint8_t value) {
    BinaryWriter(bytes_).u8(value);
    return *this;
  }
  Data& u32(std::uint32_t value) {
    BinaryWriter(bytes_).u32(value);
    return *this;
  }
  Data& u64(std::uint64_t value) {
    BinaryWriter(bytes_).u64(value);
    return *this;
  }
  Data& time(Timestamp moment) { return u64(static_cast<std::uint64_t>(moment.micros - postgres_epoch_micros)); }
  Data& file(const RelationFile& file) { return u32(file.tablespace).u32(file.database).u32(file.relation); }
  Data& zeros(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  Data& text(std::string_view value) {
    append(bytes_, as_bytes(value));
    return *this;
  }
  operator Bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

enum class Image { none, whole, with_hole, compressed };
struct Block {
  RelationFile file = {};
  BlockNumber block = 0;
  std::uint8_t fork = 0;
  bool same_file = false;  ///< as the block before
  Image image = Image::none;
  std::uint16_t data_size = 0;
};

/// The row data in all sample records: a byte that stands nowhere else in a row of four.
inline constexpr std::uint8_t row_byte = 0xdb;

inline void append_image(Bytes& fragments, Bytes& data, Image image, int major) {
  const bool old = major <= 14;
  const std::uint8_t apply = old ? 0x04 : 0x02, compressed = old ? 0x02 : 0x04;
  const std::uint16_t size = image == Image::whole ? 8192 : image == Image::with_hole ? 3000 : 700;
  BinaryWriter out(fragments);
  out.u16(size);
  out.u16(image == Image::whole ? 0 : 400);
  out.u8(static_cast<std::uint8_t>(apply | (image == Image::whole ? 0 : 1) |
                                   (image == Image::compressed ? compressed : 0)));
  if (image == Image::compressed) out.u16(5192);
  data.resize(data.size() + size, row_byte);
}

/// A record with block references, rows and images; `main_data` follows.
inline WalBuilder::Record with_blocks(std::uint8_t resource_manager, std::uint8_t info, TransactionId xid, int major,
                                      const std::vector<Block>& blocks, Bytes main_data = Bytes(3, 0x55)) {
  WalBuilder::Record record{.resource_manager = resource_manager, .info = info, .xid = xid};
  BinaryWriter out(record.fragments);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto& block = blocks[i];
    out.u8(static_cast<std::uint8_t>(i));
    out.u8(static_cast<std::uint8_t>(block.fork | (block.image != Image::none ? 0x10 : 0) |
                                     (block.data_size > 0 ? 0x20 : 0) | (block.same_file ? 0x80 : 0)));
    out.u16(block.data_size);
    if (block.image != Image::none) append_image(record.fragments, record.block_data, block.image, major);
    if (!block.same_file) {
      out.u32(block.file.tablespace);
      out.u32(block.file.database);
      out.u32(block.file.relation);
    }
    out.u32(block.block);
    record.block_data.resize(record.block_data.size() + block.data_size, row_byte);
  }
  record.main_data = std::move(main_data);
  return record;
}

inline WalBuilder::Record heap_insert(const RelationFile& file, BlockNumber block, int major,
                                      std::uint16_t row_size = 60, Image image = Image::none) {
  return with_blocks(rm::heap, 0x00, 700, major,
                     {{.file = file, .block = block, .image = image, .data_size = row_size}});
}
inline WalBuilder::Record heap_delete(const RelationFile& file, BlockNumber block, TransactionId xid, int major) {
  return with_blocks(rm::heap, heap::remove, xid, major, {{.file = file, .block = block}}, Bytes(8, 1));
}
inline WalBuilder::Record relation_create(const RelationFile& file, std::uint32_t fork = 0, TransactionId xid = 700) {
  return {.resource_manager = rm::storage,
          .info = smgr::create | special_relation_update,
          .xid = xid,
          .main_data = Data().file(file).u32(fork)};
}
inline WalBuilder::Record relation_truncate(const RelationFile& file, BlockNumber blocks, std::uint32_t flags = 7) {
  return {.resource_manager = rm::storage,
          .info = smgr::truncate | special_relation_update,
          .main_data = Data().u32(blocks).file(file).u32(flags)};
}

struct End {
  std::uint8_t operation = xact::commit;
  TransactionId xid = 700;  ///< of the prepared transaction, where it is one's end
  Timestamp time{1'790'000'000'123'456};
  std::vector<RelationFile> dropped = {};
  std::vector<TransactionId> subtransactions = {};
  std::vector<DroppedStatistics> statistics = {};
  std::uint32_t invalidations = 0;
};
inline WalBuilder::Record transaction_end(const End& end, int major) {
  const bool prepared = end.operation == xact::commit_prepared || end.operation == xact::abort_prepared;
  std::uint32_t parts = xact::has_database;
  Data lists;
  lists.u32(5).u32(1663);
  if (!end.subtransactions.empty()) {
    parts |= xact::has_subtransactions;
    lists.u32(static_cast<std::uint32_t>(end.subtransactions.size()));
    for (const auto xid : end.subtransactions) lists.u32(xid);
  }
  if (!end.dropped.empty()) {
    parts |= xact::has_relations;
    lists.u32(static_cast<std::uint32_t>(end.dropped.size()));
    for (const auto& file : end.dropped) lists.file(file);
  }
  if (major >= 15 && !end.statistics.empty()) {
    parts |= xact::has_dropped_stats;
    lists.u32(static_cast<std::uint32_t>(end.statistics.size()));
    for (const auto& item : end.statistics) {
      lists.u32(item.kind).u32(item.database).u32(static_cast<std::uint32_t>(item.object));
      if (major >= 18) lists.u32(static_cast<std::uint32_t>(item.object >> 32));
    }
  }
  if (end.invalidations > 0) {
    parts |= xact::has_invalidations;
    lists.u32(end.invalidations).zeros(std::size_t{16} * end.invalidations);
  }
  if (prepared) {
    parts |= xact::has_twophase;
    lists.u32(end.xid);
  }
  Data data;
  data.time(end.time).u32(parts);
  const Bytes tail = lists;
  const std::uint8_t special = end.dropped.empty() ? 0 : special_relation_update;
  return {.resource_manager = rm::transaction,
          .info = static_cast<std::uint8_t>(end.operation | xact::has_info | special),
          .xid = prepared ? 0 : end.xid,
          .main_data = data.text(as_text(tail))};
}

inline WalBuilder::Record database_create(Oid database, Oid tablespace, bool file_copy, int major) {
  Data data;
  data.u32(database).u32(tablespace);
  if (file_copy) data.u32(1).u32(1663);
  const std::uint8_t kind = major < 15 || file_copy ? dbase::create : dbase::create_by_wal;
  return {.resource_manager = rm::database,
          .info = static_cast<std::uint8_t>(kind | special_relation_update),
          .main_data = data};
}
inline WalBuilder::Record database_drop(Oid database, const std::vector<Oid>& tablespaces, int major) {
  Data data;
  data.u32(database).u32(static_cast<std::uint32_t>(tablespaces.size()));
  for (const auto oid : tablespaces) data.u32(oid);
  const std::uint8_t kind = major >= 15 ? dbase::drop : dbase::drop_before_15;
  return {.resource_manager = rm::database,
          .info = static_cast<std::uint8_t>(kind | special_relation_update),
          .main_data = data};
}
inline WalBuilder::Record parameter_change(std::uint32_t wal_level) {
  return {.resource_manager = rm::xlog,
          .info = xlog::parameter_change,
          .xid = 0,
          .main_data = Data().u32(100).u32(8).u32(10).u32(5).u32(64).u32(wal_level).zeros(2)};
}

}  // namespace owl::postgres::sample
