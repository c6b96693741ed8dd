#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace owl::postgres {

/// A position in the write-ahead log, in bytes (XLogRecPtr).
struct Lsn {
  std::uint64_t value = 0;

  friend auto operator<=>(const Lsn&, const Lsn&) = default;
  friend Lsn operator+(Lsn lsn, std::uint64_t bytes) { return {lsn.value + bytes}; }
  friend std::uint64_t operator-(Lsn a, Lsn b) { return a.value - b.value; }
};
/// "16/B374D848", as PostgreSQL prints it.
std::string to_text(Lsn lsn);
Result<Lsn> parse_lsn(std::string_view text);

using TimelineId = std::uint32_t;
using BlockNumber = std::uint32_t;
using Oid = std::uint32_t;
using TransactionId = std::uint32_t;
using SystemId = std::uint64_t;

/// PostgreSQL's TimestampTz: microseconds since 2000-01-01 UTC.
inline constexpr std::int64_t postgres_epoch_micros = 946'684'800'000'000;

/// A WAL segment's name: %08X%08X%08X of timeline and segment number (xlog_internal.h).
struct SegmentId {
  TimelineId timeline = 0;
  std::uint64_t number = 0;  ///< LSN / segment size

  friend auto operator<=>(const SegmentId&, const SegmentId&) = default;
};
std::string to_file_name(SegmentId segment, std::uint32_t segment_size);
inline Lsn start_of(SegmentId segment, std::uint32_t segment_size) {
  return {segment.number * segment_size};
}
inline SegmentId segment_of(TimelineId timeline, Lsn lsn, std::uint32_t segment_size) {
  return {timeline, lsn.value / segment_size};
}

/// What a file that PostgreSQL hands to archive_command, or asks restore_command for, is.
enum class WalFileKind { segment, partial_segment, history, backup_label };
struct WalFileName {
  WalFileKind kind;
  TimelineId timeline;
  std::string text;          ///< the whole name
  std::string segment_text;  ///< the 24 hex digits, empty for a history file
};
/// Fails on anything that is no name of PostgreSQL's own.
Result<WalFileName> parse_wal_file_name(std::string_view name);
/// The segment that a 24-digit name means; the segment size decides.
Result<SegmentId> parse_segment_name(std::string_view name, std::uint32_t segment_size);
/// "00000002.history"
std::string history_file_name(TimelineId timeline);

/// A running server's major version, 13 to 18: 150018 → 15.
inline int major_version(int version_number) {
  return version_number / 10000;
}

}  // namespace owl::postgres
