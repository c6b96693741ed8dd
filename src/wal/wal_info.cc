#include <algorithm>

#include "base/binary.h"
#include "codec/zstd.h"
#include "wal/wal_object.h"

namespace owl::wal {
namespace {

/// The info section is a list of (tag, length, bytes): later versions add tags, older readers skip them.
enum class Section : std::uint8_t {
  file = 1,
  segment = 2,
  transactions = 3,
  tablespaces = 4,
  parameters = 5,
  restore_points = 6
};

template <typename Fill>
void put_section(BinaryWriter& out, Section tag, Fill fill) {
  Bytes bytes;
  BinaryWriter section(bytes);
  fill(section);
  out.u8(static_cast<std::uint8_t>(tag));
  out.bytes(bytes);
}

void put_segment(BinaryWriter& out, const WalInfo::Segment& s) {
  out.varint(static_cast<std::uint64_t>(s.major));
  out.varint(s.segment_size);
  out.varint(s.first_record.value);
  out.varint(s.next_record.value);
  out.u8(static_cast<std::uint8_t>((s.ended ? 1 : 0) | (s.uncertain_tail ? 2 : 0) | (s.events_at_tail ? 4 : 0)));
}

void get_segment(BinaryReader& in, WalInfo::Segment& s) {
  s.major = static_cast<int>(in.varint());
  s.segment_size = static_cast<std::uint32_t>(in.varint());
  s.first_record = {in.varint()};
  s.next_record = {in.varint()};
  const auto flags = in.u8();
  s.ended = (flags & 1) != 0;
  s.uncertain_tail = (flags & 2) != 0;
  s.events_at_tail = (flags & 4) != 0;
}

void put_transactions(BinaryWriter& out, const WalInfo::Segment& s) {
  out.varint(s.transaction_ends);
  out.signed_varint(s.min_time.micros);
  out.signed_varint(s.max_time.micros);
  out.varint(s.first_end.value);
  out.varint(s.last_end.value);
}

void get_transactions(BinaryReader& in, WalInfo::Segment& s) {
  s.transaction_ends = in.varint();
  s.min_time = {in.signed_varint()};
  s.max_time = {in.signed_varint()};
  s.first_end = {in.varint()};
  s.last_end = {in.varint()};
}

void put_parameters(BinaryWriter& out, const std::vector<postgres::ParameterChange>& changes) {
  out.varint(changes.size());
  for (const auto& c : changes) {
    out.varint(c.lsn.value);
    for (auto value : {c.wal_level, c.max_connections, c.max_worker_processes, c.max_wal_senders,
                       c.max_prepared_transactions, c.max_locks_per_transaction}) {
      out.signed_varint(value);
    }
  }
}

void get_parameters(BinaryReader& in, std::vector<postgres::ParameterChange>& changes) {
  const auto count = in.count(7);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    auto& c = changes.emplace_back();
    c.lsn = {in.varint()};
    for (auto* value : {&c.wal_level, &c.max_connections, &c.max_worker_processes, &c.max_wal_senders,
                        &c.max_prepared_transactions, &c.max_locks_per_transaction}) {
      *value = static_cast<std::int32_t>(in.signed_varint());
    }
  }
}

void get_tablespaces(BinaryReader& in, std::vector<postgres::TablespaceCreate>& tablespaces) {
  const auto count = in.count(3);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    auto& t = tablespaces.emplace_back();
    t.lsn = {in.varint()};
    t.oid = static_cast<postgres::Oid>(in.varint());
    t.path = in.text();
  }
}

void get_restore_points(BinaryReader& in, std::vector<postgres::RestorePoint>& points) {
  const auto count = in.count(4);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    auto& p = points.emplace_back();
    p.lsn = {in.varint()};
    p.end = {in.varint()};
    p.time = {in.signed_varint()};
    p.name = in.text();
  }
}

void get_file(BinaryReader& in, WalInfo& info) {
  info.system_id = in.u64();
  info.file_name = in.text();
  info.plain_size = in.varint();
  info.tag = in.array<16>();
}

Result<void> get_section(std::uint8_t tag, ByteView bytes, WalInfo& info) {
  BinaryReader in(bytes);
  switch (static_cast<Section>(tag)) {
    case Section::file:
      get_file(in, info);
      break;
    case Section::segment:
      get_segment(in, info.segment);
      break;
    case Section::transactions:
      get_transactions(in, info.segment);
      break;
    case Section::tablespaces:
      get_tablespaces(in, info.segment.tablespaces);
      break;
    case Section::parameters:
      get_parameters(in, info.segment.parameters);
      break;
    case Section::restore_points:
      get_restore_points(in, info.segment.restore_points);
      break;
    default:
      return {};  // a later version's
  }
  return in.finish("a section of a WAL object's info");
}

/// Notes what recovery planning needs while a segment is walked.
class Describer final : public postgres::WalVisitor {
 public:
  explicit Describer(WalInfo::Segment& out) : out_(out) {}
  void record(const postgres::WalRecord& record) override {
    if (out_.first_record.value == 0) out_.first_record = record.lsn;
  }
  void transaction_end(const postgres::TransactionEnd& end) override {
    const bool first = out_.transaction_ends++ == 0;
    out_.min_time = first ? end.time : std::min(out_.min_time, end.time);
    out_.max_time = first ? end.time : std::max(out_.max_time, end.time);
    if (first) out_.first_end = end.lsn;
    out_.last_end = end.lsn;
  }
  void tablespace_create(const postgres::TablespaceCreate& created) override { out_.tablespaces.push_back(created); }
  void parameter_change(const postgres::ParameterChange& change) override { out_.parameters.push_back(change); }
  void restore_point(const postgres::RestorePoint& point) override { out_.restore_points.push_back(point); }

 private:
  WalInfo::Segment& out_;
};

constexpr std::uint8_t rm_xlog = 0, rm_xact = 1, rm_tablespace = 5;

/// Does a record of this kind mean an event that Describer notes (pg_control.h, tablespace.h)?
bool may_be_event(std::uint8_t resource_manager, std::uint8_t info) {
  if (resource_manager == rm_tablespace) return true;
  const auto kind = info & 0xf0;
  // Shutdown checkpoint, parameter change, restore point, end of recovery, redo: all that tell of parameters or names.
  return resource_manager == rm_xlog && (kind == 0x00 || kind == 0x60 || kind == 0x70 || kind == 0x90 || kind == 0xe0);
}

}  // namespace

Bytes serialize(const WalInfo& info) {
  Bytes bytes;
  BinaryWriter out(bytes);
  const auto& s = info.segment;
  put_section(out, Section::file, [&](BinaryWriter& o) {
    o.u64(info.system_id);
    o.text(info.file_name);
    o.varint(info.plain_size);
    o.raw(info.tag);
  });
  if (s.segment_size == 0) return bytes;
  put_section(out, Section::segment, [&](BinaryWriter& o) { put_segment(o, s); });
  put_section(out, Section::transactions, [&](BinaryWriter& o) { put_transactions(o, s); });
  put_section(out, Section::tablespaces, [&](BinaryWriter& o) {
    o.varint(s.tablespaces.size());
    for (const auto& t : s.tablespaces) {
      o.varint(t.lsn.value);
      o.varint(t.oid);
      o.text(t.path);
    }
  });
  put_section(out, Section::parameters, [&](BinaryWriter& o) { put_parameters(o, s.parameters); });
  put_section(out, Section::restore_points, [&](BinaryWriter& o) {
    o.varint(s.restore_points.size());
    for (const auto& p : s.restore_points) {
      o.varint(p.lsn.value);
      o.varint(p.end.value);
      o.signed_varint(p.time.micros);
      o.text(p.name);
    }
  });
  return bytes;
}

Result<WalInfo> parse_wal_info(ByteView bytes) {
  BinaryReader in(bytes);
  WalInfo info;
  while (in.ok() && in.remaining() > 0) {
    const auto tag = in.u8();
    const auto section = in.bytes();
    if (!in.ok()) break;
    if (auto read = get_section(tag, section, info); !read) return tl::unexpected(read.error());
  }
  if (auto end = in.finish("a WAL object's info"); !end) return tl::unexpected(end.error());
  if (info.file_name.empty()) return bad_format("a WAL object's info names no file");
  return info;
}

WalInfo::Segment describe_segment(ByteView plain, postgres::SegmentId id, const postgres::SegmentHeader& header) {
  WalInfo::Segment out;
  out.major = header.major;
  out.segment_size = header.segment_size;
  Describer describer(out);
  const auto progress = postgres::WalWalker(header.segment_size).feed(plain, id, describer);
  out.next_record = progress.next;
  out.ended = progress.ended;
  if (progress.record_unfinished) {
    out.uncertain_tail = progress.unfinished_resource_manager == rm_xact;
    out.events_at_tail =
        out.uncertain_tail || may_be_event(progress.unfinished_resource_manager, progress.unfinished_info);
  }
  return out;
}

}  // namespace owl::wal
