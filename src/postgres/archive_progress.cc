#include "postgres/archive_progress.h"

#include <cstdlib>

#include "postgres/base_backup.h"

namespace owl::postgres {
namespace {

/// Microseconds since 1970, as `micros_of` has the server print them.
std::optional<Timestamp> time_in(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return Timestamp{std::strtoll(text->c_str(), nullptr, 10)};
}

std::string micros_of(const std::string& expression) {
  return "(extract(epoch FROM " + expression + ") * 1000000)::bigint";
}

std::uint64_t number_in(const std::optional<std::string>& text) {
  return text ? std::strtoull(text->c_str(), nullptr, 10) : 0;
}

std::optional<std::uint64_t> ready_files(Connection& connection) {
  try {
    return number_in(
        connection.query_text("SELECT count(*) FROM pg_catalog.pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::unreachable) throw;
    return std::nullopt;
  }
}

}  // namespace

bool ArchiveProgress::fails() const {
  return last_failed_time && (!last_archived_time || *last_archived_time < *last_failed_time);
}

ArchiveProgress read_archive_progress(Connection& connection) {
  const auto facts = read_server_facts(connection);
  ArchiveProgress out;
  out.system_id = facts.system_id;
  out.in_recovery = facts.in_recovery;
  out.timeline = facts.timeline;
  out.segment_size = facts.wal_segment_size;
  out.archive_mode = facts.archive_mode;
  const auto row = connection
                       .query(
                           "SELECT archived_count, failed_count, coalesce(last_archived_wal, ''),"
                           " coalesce(last_failed_wal, ''), " +
                           micros_of("last_archived_time") + ", " + micros_of("last_failed_time") + ", " +
                           micros_of("clock_timestamp()") + " FROM pg_catalog.pg_stat_archiver")
                       .at(0);
  out.archived = number_in(row[0]);
  out.failed = number_in(row[1]);
  out.last_archived = row[2].value_or("");
  out.last_failed = row[3].value_or("");
  out.last_archived_time = time_in(row[4]);
  out.last_failed_time = time_in(row[5]);
  out.now = time_in(row[6]).value_or(Timestamp{});
  if (!out.in_recovery) {
    out.written = value_or_throw(parse_lsn(connection.query_text("SELECT pg_catalog.pg_current_wal_lsn()")));
  }
  out.ready = ready_files(connection);
  return out;
}

}  // namespace owl::postgres
