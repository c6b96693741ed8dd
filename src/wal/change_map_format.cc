#include <limits>

#include "wal/change_map.h"

// docs/format.md, "WAL objects", tags 7 and 8.

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::Oid;

constexpr std::uint8_t limit_is_zero = 1, has_limit = 2, has_blocks = 4;
constexpr std::uint8_t has_in = 1, has_out = 2, in_dropped = 4, in_resolved = 8;

std::uint32_t read_u32(BinaryReader& in) {
  const std::uint64_t value = in.varint();
  if (value > std::numeric_limits<std::uint32_t>::max()) in.fail();
  return static_cast<std::uint32_t>(value);
}

Lsn read_lsn(BinaryReader& in) {
  return {in.varint()};
}

void write_relation(const RelationChanges& changes, BinaryWriter& out) {
  std::uint8_t form = changes.blocks.empty() ? 0 : has_blocks;
  if (changes.limit) form = static_cast<std::uint8_t>(form | (*changes.limit == 0 ? limit_is_zero : has_limit));
  out.u8(form);
  if ((form & has_limit) != 0) out.varint(*changes.limit);
  if ((form & has_blocks) != 0) changes.blocks.write(out);
}

RelationChanges read_relation(BinaryReader& in) {
  RelationChanges changes;
  const std::uint8_t form = in.u8();
  const bool both_limits = (form & limit_is_zero) != 0 && (form & has_limit) != 0;
  if (both_limits || form > (limit_is_zero | has_limit | has_blocks)) in.fail();
  if ((form & limit_is_zero) != 0) changes.limit = 0;
  if ((form & has_limit) != 0) changes.limit = read_u32(in);
  if ((form & has_limit) != 0 && changes.limit == 0u) in.fail();  // one value, one form
  if ((form & has_blocks) != 0) changes.blocks = BlockSet::read(in);
  return changes;
}

/// The relations of one database in one tablespace.
struct Folder {
  Oid tablespace, database;
  std::vector<std::pair<Oid, const RelationChanges*>> relations;
};

std::vector<Folder> folders_of(const ChangedBlocks& changes) {
  std::vector<Folder> folders;
  for (const auto& [file, relation] : changes.relations) {
    const bool same =
        !folders.empty() && folders.back().tablespace == file.tablespace && folders.back().database == file.database;
    if (!same) folders.push_back({file.tablespace, file.database, {}});
    folders.back().relations.emplace_back(file.relation, &relation);
  }
  return folders;
}

void read_folder(BinaryReader& in, ChangedBlocks& changes) {
  const Oid tablespace = read_u32(in), database = read_u32(in);
  const auto count = in.count(2);
  std::uint64_t next = 0;  // the least number that can follow
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t step = in.varint();
    constexpr std::uint64_t most = std::numeric_limits<Oid>::max();
    if (next > most || step > most - next) return in.fail();
    const std::uint64_t relation = next + step;
    next = relation + 1;
    const postgres::RelationFile file{tablespace, database, static_cast<Oid>(relation)};
    const bool is_new = changes.relations.emplace(file, read_relation(in)).second;
    if (!is_new) return in.fail();
  }
}

void write_out(const postgres::UnfinishedRecord& record, BinaryWriter& out) {
  out.varint(record.start.value);
  out.varint(record.total_size);
  out.varint(record.seen);
  out.u32(record.rest_crc);
  out.bytes(record.kept);
}

postgres::UnfinishedRecord read_out(BinaryReader& in) {
  postgres::UnfinishedRecord record;
  record.start = read_lsn(in);
  record.total_size = read_u32(in);
  record.seen = read_u32(in);
  record.rest_crc = in.u32();
  record.kept = to_bytes(in.bytes());
  if (record.kept.size() > record.seen || record.seen >= record.total_size) in.fail();
  return record;
}

void write_in(const CarryIn& carry, BinaryWriter& out) {
  out.varint(carry.remaining);
  out.varint(carry.part.size);
  out.u32(carry.part.rest_crc);
  out.bytes(carry.part.kept);
}

CarryIn read_in(BinaryReader& in) {
  CarryIn carry;
  carry.remaining = read_u32(in);
  carry.part.size = read_u32(in);
  carry.part.rest_crc = in.u32();
  carry.part.kept = to_bytes(in.bytes());
  if (carry.part.kept.size() > carry.part.size || carry.part.size > carry.remaining) in.fail();
  return carry;
}

}  // namespace

void write_chain(const ChangeMap& map, BinaryWriter& out) {
  out.varint(map.page_size);
  for (const Lsn lsn : {map.segment_start, map.first, map.first_previous, map.last, map.end}) out.varint(lsn.value);
  out.u32(map.last_crc);
  out.varint(map.full_page_writes_off.value);
  out.varint(map.poison.size());
  for (const auto& poison : map.poison) {
    out.u8(static_cast<std::uint8_t>(poison.kind));
    out.varint(poison.lsn.value);
  }
  std::uint8_t flags = map.out ? has_out : 0;
  if (map.in) {
    flags = static_cast<std::uint8_t>(flags | has_in | (map.in->dropped ? in_dropped : 0) |
                                      (map.in->resolved ? in_resolved : 0));
  }
  out.u8(flags);
  if (map.in) write_in(*map.in, out);
  if (map.out) write_out(*map.out, out);
}

void read_chain(BinaryReader& in, ChangeMap& map) {
  map.page_size = read_u32(in);
  for (Lsn* const lsn : {&map.segment_start, &map.first, &map.first_previous, &map.last, &map.end}) {
    *lsn = read_lsn(in);
  }
  map.last_crc = in.u32();
  map.full_page_writes_off = read_lsn(in);
  const auto poisons = in.count(2);
  for (std::size_t i = 0; i < poisons && in.ok(); ++i) {
    const auto kind = static_cast<Poison::Kind>(in.u8());  // one of a later version is a reason, too
    map.poison.push_back({kind, read_lsn(in)});
  }
  const std::uint8_t flags = in.u8();
  if (flags > (has_in | has_out | in_dropped | in_resolved)) in.fail();
  if ((flags & has_in) == 0 && (flags & (in_dropped | in_resolved)) != 0) in.fail();
  if ((flags & has_in) != 0) {
    map.in = read_in(in);
    map.in->dropped = (flags & in_dropped) != 0;
    map.in->resolved = (flags & in_resolved) != 0;
  }
  if ((flags & has_out) != 0) map.out = read_out(in);
}

void write_changes(const ChangedBlocks& changes, BinaryWriter& out) {
  out.varint(changes.tablespaces.size());
  for (const Oid oid : changes.tablespaces) out.varint(oid);
  out.varint(changes.databases.size());
  for (const auto& [tablespace, database] : changes.databases) {
    out.varint(tablespace);
    out.varint(database);
  }
  const auto folders = folders_of(changes);
  out.varint(folders.size());
  for (const auto& folder : folders) {
    out.varint(folder.tablespace);
    out.varint(folder.database);
    out.varint(folder.relations.size());
    std::uint64_t next = 0;
    for (const auto& [relation, what] : folder.relations) {
      out.varint(relation - next);
      next = std::uint64_t{relation} + 1;
      write_relation(*what, out);
    }
  }
}

void read_changes(BinaryReader& in, ChangedBlocks& changes) {
  const auto tablespaces = in.count(1);
  for (std::size_t i = 0; i < tablespaces && in.ok(); ++i) changes.tablespaces.insert(read_u32(in));
  const auto databases = in.count(2);
  for (std::size_t i = 0; i < databases && in.ok(); ++i) {
    const Oid tablespace = read_u32(in);
    changes.databases.emplace(tablespace, read_u32(in));
  }
  const auto folders = in.count(3);
  for (std::size_t i = 0; i < folders && in.ok(); ++i) read_folder(in, changes);
}

}  // namespace owl::wal
