#include "postgres/types.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/check.h"
#include "postgres/wal_event_types.h"

namespace owl::postgres {
namespace {

/// Reads up to eight hexadecimal digits, as sscanf's %X would, but nothing else: no sign, no blank, no 0x.
std::optional<std::uint32_t> parse_hex32(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || text.size() > 8 || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// PostgreSQL writes and accepts capitals only.
bool is_upper_hex(std::string_view text) {
  return text.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

bool is_segment_text(std::string_view text) {
  return text.size() == 24 && is_upper_hex(text);
}

/// ".00000028.backup"
bool is_backup_suffix(std::string_view text) {
  return text.size() == 16 && text[0] == '.' && is_upper_hex(text.substr(1, 8)) && text.substr(9) == ".backup";
}

std::optional<WalFileKind> kind_of(std::string_view name) {
  if (name.size() == 16 && is_upper_hex(name.substr(0, 8)) && name.substr(8) == ".history") return WalFileKind::history;
  if (!is_segment_text(name.substr(0, 24))) return std::nullopt;
  const auto suffix = name.substr(24);
  if (suffix.empty()) return WalFileKind::segment;
  if (suffix == ".partial") return WalFileKind::partial_segment;
  if (is_backup_suffix(suffix)) return WalFileKind::backup_label;
  return std::nullopt;
}

/// XLogSegmentsPerXLogId: what the middle eight digits of a segment's name count.
std::uint64_t segments_in_4_gib(std::uint32_t segment_size) {
  OWL_CHECK(segment_size != 0, "a WAL segment has no size");
  return (std::uint64_t{1} << 32) / segment_size;
}

}  // namespace

std::string to_text(const RelationFile& file) {
  return fmt::format("{}/{}/{}", file.tablespace, file.database, file.relation);
}

Result<RelationFile> parse_relation_file(std::string_view text) {
  RelationFile file;
  const char *at = text.data(), *const end = text.data() + text.size();
  for (Oid* const part : {&file.tablespace, &file.database, &file.relation}) {
    const auto [next, error] = std::from_chars(at, end, *part);
    const bool last = part == &file.relation;
    if (error != std::errc() || (last ? next != end : next == end || *next != '/')) {
      return bad_format(fmt::format("\"{}\" is not the file of a relation: TABLESPACE/DATABASE/RELFILENODE", text));
    }
    if (!last) at = next + 1;
  }
  return file;
}

std::string to_text(Lsn lsn) {
  return fmt::format("{:X}/{:X}", lsn.value >> 32, lsn.value & 0xffffffff);
}

Result<Lsn> parse_lsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto high = parse_hex32(text.substr(0, slash)), low = parse_hex32(text.substr(slash + 1));
    if (high && low) return Lsn{static_cast<std::uint64_t>(*high) << 32 | *low};
  }
  return bad_format(fmt::format("\"{}\" is no WAL position like 16/B374D848", text));
}

std::string to_file_name(SegmentId segment, std::uint32_t segment_size) {
  const std::uint64_t segments_per_id = segments_in_4_gib(segment_size);
  return fmt::format("{:08X}{:08X}{:08X}", segment.timeline, segment.number / segments_per_id,
                     segment.number % segments_per_id);
}

Result<WalFileName> parse_wal_file_name(std::string_view name) {
  const auto kind = kind_of(name);
  const auto timeline = kind ? parse_hex32(name.substr(0, 8)) : std::nullopt;
  if (!timeline || *timeline == 0) return bad_format(fmt::format("\"{}\" is no WAL file name of PostgreSQL's", name));
  return WalFileName{.kind = *kind,
                     .timeline = *timeline,
                     .text = std::string(name),
                     .segment_text = *kind == WalFileKind::history ? "" : std::string(name.substr(0, 24))};
}

Result<SegmentId> parse_segment_name(std::string_view name, std::uint32_t segment_size) {
  if (!is_segment_text(name)) return bad_format(fmt::format("\"{}\" is no WAL segment name", name));
  const std::uint64_t segments_per_id = segments_in_4_gib(segment_size);
  const auto timeline = parse_hex32(name.substr(0, 8)), id = parse_hex32(name.substr(8, 8)),
             within = parse_hex32(name.substr(16));
  if (*timeline == 0 || *within >= segments_per_id) {
    return bad_format(fmt::format("\"{}\" names no WAL segment of {} bytes", name, segment_size));
  }
  return SegmentId{*timeline, *id * segments_per_id + *within};
}

std::string history_file_name(TimelineId timeline) {
  return fmt::format("{:08X}.history", timeline);
}

}  // namespace owl::postgres
