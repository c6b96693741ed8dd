#include <limits>

#include "wal/segment_events.h"

// docs/format.md, "WAL objects", tag 9. Each kind of entry names its fields once, in the order in which they are
// stored; Writer and Reader go over them.

namespace owl::wal {
namespace {

/// The fewest bytes that one entry takes: a count that was read can't make more be allocated than there is.
constexpr std::size_t least_size = 2;

class Writer {
 public:
  explicit Writer(BinaryWriter& out) : out_(out) {}

  void number(const std::uint32_t& value) { out_.varint(value); }
  void number(const std::uint64_t& value) { out_.varint(value); }
  void lsn(const postgres::Lsn& value) { out_.varint(value.value); }
  void time(const Timestamp& value) { out_.signed_varint(value.micros); }
  void flag(const bool& value) { out_.u8(value ? 1 : 0); }
  template <typename Item>
  void list(const std::vector<Item>& items) {
    out_.varint(items.size());
    for (auto item : items) fields(*this, item);
  }

 private:
  BinaryWriter& out_;
};

class Reader {
 public:
  explicit Reader(BinaryReader& in) : in_(in) {}

  void number(std::uint32_t& value) {
    const std::uint64_t wide = in_.varint();
    if (wide > std::numeric_limits<std::uint32_t>::max()) in_.fail();
    value = static_cast<std::uint32_t>(wide);
  }
  void number(std::uint64_t& value) { value = in_.varint(); }
  void lsn(postgres::Lsn& value) { value = {in_.varint()}; }
  void time(Timestamp& value) { value = {in_.signed_varint()}; }
  void flag(bool& value) {
    const auto byte = in_.u8();
    if (byte > 1) in_.fail();
    value = byte == 1;
  }
  template <typename Item>
  void list(std::vector<Item>& items) {
    const auto count = in_.count(std::is_same_v<Item, std::uint32_t> ? 1 : least_size);
    for (std::size_t i = 0; i < count && in_.ok(); ++i) fields(*this, items.emplace_back());
  }

 private:
  BinaryReader& in_;
};

template <typename Stream>
void fields(Stream& s, std::uint32_t& value) {
  s.number(value);
}
template <typename Stream>
void fields(Stream& s, postgres::RelationFile& file) {
  s.number(file.tablespace);
  s.number(file.database);
  s.number(file.relation);
}
template <typename Stream>
void fields(Stream& s, std::pair<postgres::Oid, postgres::Oid>& table) {
  s.number(table.first);
  s.number(table.second);
}
template <typename Stream>
void fields(Stream& s, SegmentEvents::Commit& commit) {
  s.lsn(commit.lsn);
  s.number(commit.xid);
  s.time(commit.time);
  s.flag(commit.prepared);
  s.list(commit.subtransactions);
  s.list(commit.files);
  s.list(commit.tables);
}
template <typename Stream>
void fields(Stream& s, SegmentEvents::Create& created) {
  s.lsn(created.lsn);
  s.number(created.xid);
  fields(s, created.file);
}
template <typename Stream>
void fields(Stream& s, SegmentEvents::Truncate& cut) {
  s.lsn(cut.lsn);
  s.number(cut.xid);
  fields(s, cut.file);
  s.number(cut.blocks);
}
template <typename Stream>
void fields(Stream& s, postgres::TableTruncate& cut) {
  s.lsn(cut.lsn);
  s.number(cut.xid);
  s.number(cut.database);
  s.list(cut.tables);
}
template <typename Stream>
void fields(Stream& s, SegmentEvents::Deletes& deletes) {
  fields(s, deletes.file);
  s.number(deletes.xid);
  s.number(deletes.rows);
  s.lsn(deletes.first);
  s.lsn(deletes.last);
  s.time(deletes.before);
}
template <typename Stream>
void fields(Stream& s, postgres::DatabaseDrop& dropped) {
  s.lsn(dropped.lsn);
  s.number(dropped.xid);
  s.number(dropped.database);
  s.list(dropped.tablespaces);
}
template <typename Stream>
void fields(Stream& s, postgres::DatabaseCreate& created) {
  s.lsn(created.lsn);
  s.number(created.xid);
  s.number(created.database);
  s.number(created.tablespace);
  s.flag(created.file_copy);
  s.number(created.source_database);
  s.number(created.source_tablespace);
}
template <typename Stream>
void fields(Stream& s, postgres::TablespaceDrop& dropped) {
  s.lsn(dropped.lsn);
  s.number(dropped.oid);
}
struct RecordCount {
  std::uint32_t manager = 0;
  std::uint64_t count = 0;
};
template <typename Stream>
void fields(Stream& s, RecordCount& records) {
  s.number(records.manager);
  s.number(records.count);
}

template <typename Stream, typename Events>
void all_lists(Stream& s, Events& events) {
  s.number(events.least_xid);
  s.number(events.greatest_xid);
  s.list(events.commits);
  s.list(events.creates);
  s.list(events.truncates);
  s.list(events.table_truncates);
  s.list(events.deletes);
  s.list(events.database_drops);
  s.list(events.database_creates);
  s.list(events.tablespace_drops);
}

}  // namespace

void write_events(const SegmentEvents& events, BinaryWriter& out) {
  Writer writer(out);
  std::vector<RecordCount> records;
  for (const auto& [manager, count] : events.records) records.push_back({manager, count});
  writer.list(records);
  all_lists(writer, events);
}

void read_events(BinaryReader& in, SegmentEvents& events) {
  Reader reader(in);
  std::vector<RecordCount> records;
  reader.list(records);
  for (const auto& [manager, count] : records) {
    if (manager > 255 || !events.records.emplace(static_cast<std::uint8_t>(manager), count).second) in.fail();
  }
  all_lists(reader, events);
}

}  // namespace owl::wal
