#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/binary.h"
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
  restore_points = 6,
  chain = 7,
  changes = 8,
  events = 9,
  history = 10,
};

/// What a 1 GiB segment can tell stays below it; what claims more isn't read.
constexpr std::size_t largest_info = 64u << 20;

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

void put_history(BinaryWriter& out, const std::vector<postgres::TimelineSwitch>& history) {
  out.varint(history.size());
  for (const auto& entry : history) {
    out.varint(entry.timeline);
    out.varint(entry.switch_point.value);
    out.text(entry.reason);
  }
}

void get_history(BinaryReader& in, std::vector<postgres::TimelineSwitch>& history) {
  const auto count = in.count(3);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    auto& entry = history.emplace_back();
    entry.timeline = static_cast<postgres::TimelineId>(in.varint());
    entry.switch_point = {in.varint()};
    entry.reason = in.text();
  }
}

void get_file(BinaryReader& in, WalInfo& info) {
  info.system_id = in.u64();
  info.file_name = in.text();
  info.plain_size = in.varint();
  info.tag = in.array<16>();
}

ChangeMap& map_of(WalInfo& info) {
  if (!info.segment.map) info.segment.map.emplace();
  return *info.segment.map;
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
    case Section::chain:
      read_chain(in, map_of(info));
      break;
    case Section::changes:
      read_changes(in, map_of(info).changes);
      break;
    case Section::events:
      read_events(in, info.segment.events.emplace());
      break;
    case Section::history:
      get_history(in, info.history);
      break;
    default:
      return {};  // a later version's
  }
  return in.finish("a section of a WAL object's info");
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
  if (!info.history.empty()) {
    put_section(out, Section::history, [&](BinaryWriter& o) { put_history(o, info.history); });
  }
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
  if (s.map) {
    put_section(out, Section::chain, [&](BinaryWriter& o) { write_chain(*s.map, o); });
    put_section(out, Section::changes, [&](BinaryWriter& o) { write_changes(s.map->changes, o); });
  }
  if (s.events) {
    put_section(out, Section::events, [&](BinaryWriter& o) { write_events(*s.events, o); });
  }
  return bytes;
}

Result<WalInfo> parse_wal_info(ByteView bytes) {
  if (bytes.size() > largest_info) return bad_format("a WAL object's info is too large");
  BinaryReader in(bytes);
  WalInfo info;
  std::set<std::uint8_t> seen;
  while (in.ok() && in.remaining() > 0) {
    const auto tag = in.u8();
    const auto section = in.bytes();
    if (!in.ok()) break;
    if (!seen.insert(tag).second) return bad_format(fmt::format("a WAL object's info has two sections {}", tag));
    if (auto read = get_section(tag, section, info); !read) return tl::unexpected(read.error());
  }
  if (auto end = in.finish("a WAL object's info"); !end) return tl::unexpected(end.error());
  if (info.file_name.empty()) return bad_format("a WAL object's info names no file");
  if (auto& map = info.segment.map) {
    // One without the other, or of no segment, is no map.
    const bool both = seen.contains(static_cast<std::uint8_t>(Section::chain)) &&
                      seen.contains(static_cast<std::uint8_t>(Section::changes));
    map->major = info.segment.major;
    map->segment_size = info.segment.segment_size;
    if (!both || !is_sound(*map)) return bad_format("a WAL object's change map is not whole");
  }
  return info;
}

}  // namespace owl::wal
