#include "app/doctor_stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "app/wal_parts.h"
#include "base/units.h"
#include "postgres/replication.h"
#include "postgres/standby_names.h"

namespace owl::app {
namespace {

using postgres::Connection;

constexpr std::string_view area = "postgres";

class Streaming {
 public:
  Streaming(const wal::StreamOptions& options, Connection& connection) : options_(options), connection_(connection) {}

  bool has_slot() {
    return number("SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1", true) > 0;
  }

  std::vector<Finding> examine() {
    role();
    walsenders();
    slots();
    if (has_slot()) slot();
    synchronous();
    disk();
    if (std::ranges::none_of(findings_, [](const Finding& f) { return f.level == Finding::Level::failed; })) access();
    return std::move(findings_);
  }

 private:
  void add(Finding::Level level, std::string text, std::string fix = {}) {
    findings_.push_back({level, std::string(area), std::move(text), std::move(fix)});
  }
  long number(std::string_view sql, bool of_slot = false) {
    std::vector<std::optional<std::string>> parameters;
    if (of_slot) parameters.emplace_back(options_.slot);
    const auto text = connection_.query_text(sql, parameters);
    long value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  void role() {
    const auto role = connection_.query(
        "SELECT rolname, rolreplication OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user");
    if (role.empty() || role[0][1] == "t") return;
    add(Finding::Level::failed, fmt::format("the role {} may not replicate: WAL can't be streamed", *role[0][0]),
        fmt::format("ALTER ROLE \"{}\" REPLICATION;", *role[0][0]));
  }

  void walsenders() {
    const auto most = number("SELECT pg_catalog.current_setting('max_wal_senders')");
    const auto used = number("SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'walsender'");
    const auto ours =
        number("SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND active", true);
    if (used < most || ours > 0) return;
    add(Finding::Level::failed, fmt::format("all {} of max_wal_senders are in use: there is none for the stream", most),
        "Raise max_wal_senders, then restart.");
  }

  void slots() {
    const auto most = number("SELECT pg_catalog.current_setting('max_replication_slots')");
    if (has_slot() || number("SELECT count(*) FROM pg_catalog.pg_replication_slots") < most) return;
    add(Finding::Level::failed,
        fmt::format("all {} of max_replication_slots are in use: there is none for the stream", most),
        "Raise max_replication_slots, or drop a slot that nobody needs.");
  }

  void slot() {
    if (number("SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND wal_status = 'lost'",
               true) == 0)
      return;
    add(Finding::Level::failed,
        fmt::format("the replication slot {} was invalidated: it keeps no WAL any more", options_.slot),
        "owlbackup wal stream --create-slot, then owlbackup backup cluster");
  }

  void synchronous() {
    const auto names = connection_.query_text("SELECT pg_catalog.current_setting('synchronous_standby_names')");
    if (options_.synchronous || !postgres::names_synchronous_standby(names, options_.application_name)) return;
    add(Finding::Level::failed,
        fmt::format("synchronous_standby_names = '{}' would make each commit wait for the stream, which is refused",
                    names),
        "Name the standbys that are meant, or set wal.stream_synchronous = true.");
  }

  void disk() {
    if (number("SELECT pg_catalog.pg_size_bytes(CASE setting WHEN '-1' THEN '0' ELSE setting || unit END) "
               "FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size'") > 0) {
      return;
    }
    add(Finding::Level::warning,
        "max_slot_wal_keep_size is -1: while no store answers, pg_wal grows until the disk is full",
        "Set it to what the disk can take; beyond that the slot is given up, and the server goes on.");
  }

  /// Whether pg_hba.conf lets a replication session in, only one can tell.
  void access() {
    try {
      postgres::ReplicationConnection(options_.connection, options_.application_name).identify_system();
      add(Finding::Level::ok, "WAL can be streamed");
    } catch (const Error& error) {
      add(Finding::Level::failed, fmt::format("WAL can't be streamed: {}", error.what()),
          "pg_hba.conf needs a line for the database \"replication\" and this role, then a reload.");
    }
  }

  const wal::StreamOptions& options_;
  Connection& connection_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine_streaming(Invocation& in, Connection& connection) {
  if (!repository::read_key_file_if_exists(in.key_file())) return {};  // no name to stream under yet
  const auto options = stream_options(in);
  Streaming streaming(options, connection);
  if (!in.settings().wal.stream && !streaming.has_slot()) return {};
  return streaming.examine();
}

}  // namespace owl::app
