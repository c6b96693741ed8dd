#include "app/doctor_checks.h"

#include <fmt/core.h>

#include <cstdlib>
#include <functional>

#include "app/doctor_stream.h"
#include "base/units.h"
#include "os/file.h"
#include "postgres/base_backup.h"
#include "postgres/control_file.h"
#include "wal/enrolment.h"

namespace owl::app {
namespace {

class Examination {
 public:
  explicit Examination(Invocation& in) : in_(in) {}

  void storage() {
    for (const auto& options : in_.store_options()) {
      guarded("storage " + options.name, [&] {
        auto opened = storage::open_store(options, in_.clock(), in_.random());
        round_trip(options.name, *opened.store);
        clock(options.name, *opened.store);
        repository(options.name, *opened.store);
      });
    }
  }

  void keys() {
    guarded("keys", [&] {
      const auto& keys = in_.keys();
      ok("keys",
         fmt::format("{} is readable; fingerprint {}", in_.key_file().string(), crypto::to_text(keys.fingerprint)));
    });
  }

  void postgres() {
    guarded("postgres", [&] {
      if (in_.settings().postgres.connection.empty()) {
        return add(Finding::Level::warning, "postgres", "no [postgres] connection is configured",
                   "Set it to back up a cluster from this host.");
      }
      owl::postgres::Connection connection(in_.settings().postgres.connection);
      const auto facts = owl::postgres::read_server_facts(connection);
      ok("postgres", fmt::format("version {}.{} answers, system {}", facts.version / 10000, facts.version % 10000,
                                 facts.system_id));
      settings(facts, owl::postgres::slot_is_active(connection, in_.settings().wal.slot));
      directory(facts);
      archiver(connection);
      failover(connection, facts);
      for (auto& finding : examine_streaming(in_, connection)) findings.push_back(std::move(finding));
    });
  }

  std::vector<Finding> findings;

 private:
  void add(Finding::Level level, std::string area, std::string text, std::string fix = {}) {
    findings.push_back({level, std::move(area), std::move(text), std::move(fix)});
  }
  void ok(std::string area, std::string text) { add(Finding::Level::ok, std::move(area), std::move(text)); }

  void guarded(const std::string& area, const std::function<void()>& look) {
    try {
      look();
    } catch (const Error& error) {
      add(Finding::Level::failed, area, error.what(), error.hint());
    }
  }

  /// Writes, reads, lists and removes a small object, and sees whether create-once is honoured.
  void round_trip(const std::string& name, storage::ObjectStore& store) {
    const auto key = "trash/doctor-" + to_hex(in_.random().array<8>());
    const auto content = in_.random().array<32>();
    store.put_once(key, content, in_.stop());
    const auto again = store.put_once(key, content, in_.stop());
    const auto back = store.get(key, in_.stop());
    store.remove(key, in_.stop());
    if (!back || !equal(*back, content)) throw Error(ErrorKind::integrity, "what was written does not come back");
    ok("storage " + name, fmt::format("{}: written, read and removed", store.description()));
    if (again != storage::PutOutcome::already_exists) {
      add(Finding::Level::failed, "storage " + name,
          "the store ignores If-None-Match: two writers could overwrite each other",
          "Use a store with conditional PUT (R2, AWS S3, Ceph, MinIO all have it).");
    }
  }

  void clock(const std::string& name, storage::ObjectStore& store) {
    constexpr std::chrono::minutes tolerated{5};
    const auto theirs = store.server_time(in_.stop());
    if (!theirs) return;
    const auto ours = in_.clock().now();
    const auto apart = ours > *theirs ? ours - *theirs : *theirs - ours;
    if (apart < tolerated)
      return ok("clock", fmt::format("within {} of store {}", format_duration(apart + std::chrono::seconds(1)), name));
    add(Finding::Level::failed, "clock",
        fmt::format("this host's clock and store {}'s are {} apart", name, format_duration(apart)),
        "Set the clock (NTP): signatures and times of backups depend on it.");
  }

  void repository(const std::string& name, storage::ObjectStore& store) {
    if (!repository::read_key_file_if_exists(in_.key_file())) return;
    repository::check_repository(store, in_.keys(), in_.stop());
    ok("storage " + name, "holds this host's repository");
  }

  void settings(const owl::postgres::ServerFacts& facts, bool streamed) {
    if (facts.wal_level == "minimal")
      add(Finding::Level::failed, "postgres", "wal_level is minimal", "wal_level = replica, then restart.");
    const bool archives =
        facts.archive_mode != "off" && !(facts.archive_command.empty() && facts.archive_library.empty());
    if (!archives && streamed) {
      ok("postgres",
         fmt::format("WAL is streamed (slot {}); the server itself archives nothing", in_.settings().wal.slot));
    } else if (facts.archive_mode == "off") {
      add(Finding::Level::failed, "postgres", "archive_mode is off",
          "archive_mode = on, archive_command = 'owl-wal push %p', then restart; or `owlbackup wal stream`.");
    } else if (facts.archive_command.empty() && facts.archive_library.empty()) {
      add(Finding::Level::failed, "postgres", "archive_command is empty",
          "archive_command = 'owl-wal push %p', then reload.");
    } else {
      ok("postgres", fmt::format("archiving is on ({})",
                                 facts.archive_library.empty() ? facts.archive_command : facts.archive_library));
    }
    if (!facts.full_page_writes)
      add(Finding::Level::warning, "postgres", "full_page_writes is off", "full_page_writes = on, then reload.");
    if (!facts.checksums) {
      add(Finding::Level::warning, "postgres", "data checksums are off: damage on the server's disk can't be noticed",
          "Stop the server, pg_checksums --enable, start it.");
    }
  }

  void directory(const owl::postgres::ServerFacts& facts) {
    auto path = in_.settings().postgres.data_directory;
    if (path.empty()) path = facts.data_directory;
    const auto control = owl::postgres::read_control_file(path, in_.clock()).parsed;
    ok("postgres", fmt::format("{} is readable from here", path.string()));
    if (!wal::Enrolments(in_.settings().state.directory).covers(path, control.system_id)) {
      add(Finding::Level::warning, "postgres",
          fmt::format("{} is not enrolled: new timelines will not be archived", path.string()),
          "owlbackup doctor --enrol");
    }
  }

  void archiver(owl::postgres::Connection& connection) {
    const auto rows = connection.query(
        "SELECT failed_count, last_failed_wal, last_failed_time > coalesce(last_archived_time, '-infinity') FROM "
        "pg_catalog.pg_stat_archiver");
    if (rows.empty() || rows[0][2].value_or("f") != "t") return;
    add(Finding::Level::failed, "postgres",
        fmt::format("archiving fails: {} failures, the last with {}", rows[0][0].value_or("?"),
                    rows[0][1].value_or("?")),
        "Look into the server's log for what owlbackup said.");
  }

  /// A standby marks what it gets by streaming as archived, whether the primary had archived it or not.
  void failover(owl::postgres::Connection& connection, const owl::postgres::ServerFacts& facts) {
    if (facts.archive_mode != "on") return;
    const bool has_standby =
        connection.query_text(
            "SELECT count(*) > 0 FROM pg_catalog.pg_stat_replication WHERE application_name NOT IN"
            " ('pg_basebackup', 'pg_receivewal') AND application_name NOT LIKE 'owlbackup%'") == "t";
    if (!facts.in_recovery && !has_standby) return;
    add(Finding::Level::warning, "postgres",
        fmt::format("archive_mode is on, and this server {} a standby: after a failover, what the dead primary had not "
                    "archived is archived only while the new one still has it",
                    facts.in_recovery ? "is" : "has"),
        "archive_mode = always on both, then restart; or `owlbackup wal stream`. wal_keep_size helps meanwhile.");
  }

  Invocation& in_;
};

}  // namespace

std::vector<Finding> examine(Invocation& in, const std::string& area) {
  Examination examination(in);
  in.settings();  // a wrong configuration is an error of its own, with its own exit code
  if (area.empty() || area == "storage") examination.storage();
  if (area.empty() || area == "keys") examination.keys();
  if (area.empty() || area == "postgres") examination.postgres();
  return std::move(examination.findings);
}

std::string fix_sql() {
  return R"(-- As superuser:
CREATE ROLE owlbackup LOGIN;
GRANT pg_read_all_settings, pg_monitor TO owlbackup;
GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean) TO owlbackup;  -- 13, 14: pg_start_backup(text, boolean, boolean), pg_stop_backup(boolean, boolean)
GRANT EXECUTE ON FUNCTION pg_switch_wal(), pg_create_restore_point(text) TO owlbackup;
ALTER SYSTEM SET wal_level = 'replica';
ALTER SYSTEM SET archive_mode = 'on';
ALTER SYSTEM SET archive_command = 'owl-wal push %p';
-- then restart the server)";
}

}  // namespace owl::app
