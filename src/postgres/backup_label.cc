#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/text.h"
#include "postgres/base_backup.h"

namespace owl::postgres {
namespace {

Error bad_label(std::string_view why) {
  return Error(ErrorKind::integrity, fmt::format("backup_label: {}", why));
}

/// "0/2000028 (file 000000010000000000000002)"
bool read_start(std::string_view value, BackupLabel& label) {
  constexpr std::string_view opening = " (file ";
  const auto bracket = value.find(opening);
  if (bracket == std::string_view::npos || !value.ends_with(')')) return false;
  const auto lsn = parse_lsn(value.substr(0, bracket));
  const auto name = value.substr(bracket + opening.size(), value.size() - bracket - opening.size() - 1);
  const auto file = parse_wal_file_name(name);
  if (!lsn || !file || file->kind != WalFileKind::segment) return false;
  label.start = *lsn;
  label.start_segment = file->segment_text;
  label.timeline = file->timeline;
  return true;
}

bool read_checkpoint(std::string_view value, BackupLabel& label) {
  const auto lsn = parse_lsn(value);
  if (lsn) label.checkpoint = *lsn;
  return lsn.has_value();
}

/// The timeline stands in the segment's name, too: PostgreSQL refuses a label where they differ.
bool timeline_agrees(std::string_view value, const BackupLabel& label) {
  TimelineId timeline = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), timeline);
  return error == std::errc() && end == value.data() + value.size() && timeline == label.timeline;
}

bool read_line(std::string_view key, std::string_view value, BackupLabel& label) {
  if (key == "START WAL LOCATION") return read_start(value, label);
  if (key == "CHECKPOINT LOCATION") return read_checkpoint(value, label);
  if (key == "START TIMELINE") return timeline_agrees(value, label);
  if (key == "BACKUP METHOD") label.method = value;
  if (key == "BACKUP FROM") label.from = value;
  if (key == "START TIME") label.start_time = value;
  if (key == "LABEL") label.label = value;
  return true;
}

}  // namespace

Result<BackupLabel> parse_backup_label(std::string_view text) {
  BackupLabel label;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;  // the rest of a LABEL with a line break in it
    if (line.starts_with("INCREMENTAL FROM"))
      return tl::unexpected(bad_label("of an incremental backup, to be combined"));
    if (!read_line(line.substr(0, colon), line.substr(colon + 2), label)) {
      return tl::unexpected(bad_label(fmt::format("can't read the line \"{}\"", line.substr(0, 80))));
    }
  }
  if (label.start_segment.empty()) return tl::unexpected(bad_label("has no START WAL LOCATION"));
  if (label.checkpoint == Lsn{}) return tl::unexpected(bad_label("has no CHECKPOINT LOCATION"));
  return label;
}

}  // namespace owl::postgres
