#include <fcntl.h>
#include <fmt/core.h>

#include <system_error>

#include "app/database_names.h"
#include "app/restore_commands.h"
#include "app/restore_run.h"
#include "base/units.h"
#include "cluster/table_extract.h"
#include "os/file.h"
#include "os/file_descriptor.h"

namespace owl::app {
namespace {

namespace fs = std::filesystem;
using codec::Json;

struct TableArguments {
  RestoreArguments restore;
  std::vector<std::string> tables;
  std::string database, to_database, to_file, scratch;
};

/// A folder of our own, open to pass through for the account of the server in it; gone with this object.
class Scratch {
 public:
  Scratch(const fs::path& parent, Random& random) : path_(parent / ("owlbackup-" + to_hex(random.array<4>()))) {
    os::make_folders(path_, 0711);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code stays;
    fs::remove_all(path_, stays);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// One `restore table`: a scratch server with the catalogues and the wanted tables, recovered to the moment; they are
/// checked there, dumped, and loaded where they are wanted.
class TableRestore {
 public:
  TableRestore(Invocation& in, TableArguments arguments)
      : in_(in),
        arguments_(std::move(arguments)),
        scratch_(arguments_.scratch.empty() ? fs::temp_directory_path() : fs::absolute(arguments_.scratch),
                 in.random()),
        run_(in, arguments_.restore) {
    for (const auto& table : arguments_.tables) tables_.push_back(parse_table_name(table));
    arguments_.restore.to = scratch_.path() / "data";
    arguments_.restore.start = true;
  }

  int run() {
    require_room_for_result();
    run_.prepare([&](const auto& plan, auto& reader, auto& options) {
      options.scope = cluster::scope_of_tables(arguments_.database, tables_, plan, reader, in_.stop());
      for (const auto& tablespace : plan.base.details.tablespaces) {
        const auto oid = std::to_string(tablespace.oid);
        if (!tablespace.location.empty()) options.tablespace_map[oid] = scratch_.path() / ("tablespace-" + oid);
      }
    });
    const int major = postgres::major_version(run_.plan().base.details.version);
    const auto programs = postgres::find_dump_programs(major, run_.programs());
    if (!programs) {
      throw Error(ErrorKind::refused,
                  fmt::format("pg_dump and pg_restore of PostgreSQL {} or later are not on this host", major))
          .with_hint(fmt::format("Install postgresql-client-{}. Nothing was changed.", major));
    }
    return arguments_.restore.dry_run ? run_.show_plan() : extract(*programs);
  }

 private:
  /// What stands there already is never overwritten.
  void require_room_for_result() {
    if (!arguments_.to_file.empty() && fs::exists(fs::symlink_status(arguments_.to_file))) {
      throw Error(ErrorKind::already_exists, fmt::format("{} exists already", arguments_.to_file))
          .with_hint("Name another file. Nothing was changed.");
    }
    if (arguments_.to_database.empty()) return;
    postgres::Connection connection(connection_to(in_, arguments_.to_database));
    for (const auto& table : cluster::tables_in(connection, tables_)) {
      throw Error(ErrorKind::already_exists, fmt::format("there is a table {}.{} in database {} already", table.schema,
                                                         table.table, arguments_.to_database))
          .with_hint(
              "Rename it first (ALTER TABLE … RENAME TO), or load into another database, or use --to-file. Nothing was "
              "changed.");
    }
  }

  int extract(const fs::path& programs) {
    const auto begin = in_.clock().monotonic();
    const auto size = run_.restore();
    const RunningRestore ending{in_, run_};
    auto server = run_.start({{"autovacuum", "off"}});
    cluster::TableExtract tables(server.process.conninfo(arguments_.database), programs, in_.monitor(), in_.stop());
    tables.choose(tables_);
    const auto rows = tables.check();
    const auto result = arguments_.to_database.empty() ? write_file(tables) : load(tables);
    const auto duration = in_.clock().monotonic() - begin;
    tell(size, rows, result, duration);
    return 0;
  }

  /// Under another name until it is whole.
  std::string write_file(cluster::TableExtract& tables) {
    const fs::path file(arguments_.to_file), part(arguments_.to_file + ".part");
    try {
      tables.dump(part, file.extension() == ".sql");
      os::sync_file(os::open_file(part, O_RDONLY), part.native());
    } catch (...) {
      os::remove_file(part);
      throw;
    }
    os::rename_file(part, file);
    return arguments_.to_file;
  }

  std::string load(cluster::TableExtract& tables) {
    const auto file = scratch_.path() / "tables.dump";
    tables.dump(file, false);
    tables.load(file, arguments_.to_database,
                postgres::connection_environment(connection_to(in_, arguments_.to_database)));
    return "database " + arguments_.to_database;
  }

  void tell(const cluster::RestoreSize& size, const std::map<cluster::TableName, std::uint64_t>& rows,
            const std::string& result, std::chrono::nanoseconds duration) {
    Json tables = Json::array();
    for (const auto& [table, count] : rows) {
      in_.output().say(fmt::format("{}.{}: {} rows", table.schema, table.table, count));
      tables.push(Json().set("schema", table.schema).set("table", table.table).set("rows", count));
    }
    in_.output().say(fmt::format("Checked, and written to {} in {}; {} were fetched for it", result,
                                 format_duration(duration), format_bytes(size.fetch_bytes)));
    Json document;
    document.set("tables", std::move(tables)).set("to", result).set("fetch_bytes", size.fetch_bytes);
    document.set("duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
    in_.output().result(document);
  }

  /// Agent, record and the server's folder go, however this ends.
  struct RunningRestore {
    Invocation& in;
    RestoreRun& run;
    RunningRestore(Invocation& invocation, RestoreRun& restore) : in(invocation), run(restore) {}
    RunningRestore(const RunningRestore&) = delete;
    RunningRestore& operator=(const RunningRestore&) = delete;
    ~RunningRestore() {
      try {
        run.finish();
      } catch (const std::exception& error) {
        in.monitor().note(fmt::format("cleaning up: {}", error.what()));
      }
    }
  };

  Invocation& in_;
  TableArguments arguments_;
  Scratch scratch_;
  RestoreRun run_;
  std::vector<cluster::TableName> tables_;
};

int run_restore_table(Invocation& in, const TableArguments& arguments) {
  if (!arguments.restore.dry_run && arguments.to_database.empty() == arguments.to_file.empty()) {
    throw Error(ErrorKind::usage, "give either --to-database NAME or --to-file FILE");
  }
  return TableRestore(in, arguments).run();
}

}  // namespace

void add_restore_table(Command& restore) {
  auto command =
      restore.add_command("table", "Bring back tables as they were at any moment, out of a backup of the cluster",
                          "owlbackup restore table public.orders --database shop --target-time '2026-11-22 "
                          "14:30:00+00' --to-file orders.dump");
  const auto a = std::make_shared<TableArguments>();
  command.option("TABLE", a->tables, "SCHEMA.TABLE, with its partitions, indexes and sequences (several may be given)")
      .required();
  command.option("--database", a->database, "The database that they are in").required();
  command.option("--to-file", a->to_file, "Write a file for pg_restore; of plain SQL where it ends in .sql");
  command.option("--to-database", a->to_database,
                 "Load them into this database of [postgres] connection, where they must not be");
  command.option("--backup", a->restore.backup, "Begin from this backup (else the newest that fits)");
  add_target_options(command, a->restore);
  command.option("--scratch", a->scratch, "Where the server in between has its files [default: TMPDIR, or /tmp]");
  command.option("--fingerprint", a->restore.fingerprint, "Refuse a repository with another fingerprint");
  command.flag("--dry-run", a->restore.dry_run, "Show the plan and change nothing");
  command.runs([a](Invocation& in) { return run_restore_table(in, *a); });
}

}  // namespace owl::app
