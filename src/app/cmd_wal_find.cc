#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "app/backup_view.h"
#include "app/database_names.h"
#include "app/invocation.h"
#include "app/wal_commands.h"
#include "app/wal_view.h"
#include "base/time.h"
#include "cluster/backed_up_catalog.h"
#include "postgres/connection.h"
#include "wal/archive_walk.h"
#include "wal/removal_search.h"

namespace owl::app {
namespace {

using codec::Json;
using postgres::to_text;

struct FindArguments {
  std::string dropped, relation, database;
  int least_rows = 1000;
};

/// What is looked for, and how it is called.
struct Sought {
  std::string name;
  bool known = true;        ///< false: the server has no such table (any more)
  std::string backup = {};  ///< whose catalogue has it then; empty as well: all that went from its database is listed
  postgres::Oid database = 0;
  std::string database_name = {};                       ///< where it was looked for by name
  std::vector<wal::RemovalSearch::Wanted> wanted = {};  ///< tables that bear or bore the name
};

Sought by_file(const std::string& text) {
  auto file = postgres::parse_relation_file(text);
  if (!file) throw Error(ErrorKind::usage, "--relation: " + file.error().message());
  return {.name = "relation " + text,
          .database = file->database,
          .wanted = {{.database = file->database, .files = {*file}}}};
}

postgres::Oid oid(const std::optional<std::string>& text) {
  return text ? static_cast<postgres::Oid>(std::stoul(*text)) : 0;
}

/// The newest backup in which a table of that name stands tells its number. Where the private key isn't at hand, or no
/// backup has such a table: as it was.
Sought in_catalogues_of_backups(Invocation& in, Sought sought) {
  const auto [schema, table] = parse_table_name(sought.name);
  try {
    auto secrets = in.unwrap();
    const auto backups = load_backups(in.stores(), secrets.keys, "cluster", in.stop());
    repository::BlobReader reader(in.stores(), secrets.keys, std::move(secrets.secrets));
    for (auto backup = backups.whole.rbegin(); backup != backups.whole.rend() && sought.wanted.empty(); ++backup) {
      const auto& manifest = backup->loaded.manifest;
      const auto found =
          cluster::find_table(manifest, cluster_details(manifest), reader, sought.database, schema, table, in.stop());
      for (const auto& one : found) {
        sought.wanted.push_back({.database = sought.database, .table = one.oid, .files = one.files});
      }
      if (!found.empty()) sought.backup = repository::short_id(backup->entry);
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    in.monitor().note(fmt::format("what backups call {} can't be read here: {}", sought.name, error.what()));
  }
  return sought;
}

/// By the running server's catalogue: it knows the tables that are there, and so those that were truncated, rewritten
/// or lost rows; of one that was dropped it knows the database only, and a backup's catalogue may know more.
Sought by_name(Invocation& in, const FindArguments& arguments) {
  const auto& configured = in.settings().postgres.connection;
  if (configured.empty()) {
    throw Error(ErrorKind::config,
                "to find a table by its name, its server must be asked, and no [postgres] connection is configured")
        .with_hint("Give the table's file instead: --relation TABLESPACE/DATABASE/RELFILENODE.");
  }
  postgres::Connection connection(connection_to(in, arguments.database));
  const auto [schema, table] = parse_table_name(arguments.dropped);
  const auto rows = connection.query(
      "SELECT c.oid, pg_relation_filenode(c.oid), coalesce(nullif(c.reltablespace, 0), d.dattablespace), d.oid, "
      "d.datname"
      " FROM pg_database d LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1)"
      " ON c.relname = $2 WHERE d.datname = current_database()",
      {schema, table});
  const auto& row = rows.at(0);
  Sought sought{.name = schema + "." + table,
                .known = row.at(0).has_value(),
                .database = oid(row.at(3)),
                .database_name = row.at(4).value_or("")};
  if (!sought.known) return in_catalogues_of_backups(in, std::move(sought));
  auto& wanted = sought.wanted.emplace_back();
  wanted.database = sought.database;
  wanted.table = oid(row.at(0));
  if (row.at(1)) wanted.files.insert({oid(row.at(2)), sought.database, oid(row.at(1))});
  return sought;
}

Json to_json(const wal::Removal& removal) {
  Json files = Json::array(), tables = Json::array();
  for (const auto& file : removal.files) files.push(to_text(file));
  for (const auto table : removal.tables) tables.push(table);
  return Json()
      .set("what", wal::to_text(removal.kind))
      .set("stop_before_lsn", to_text(removal.stop_before))
      .set("time", removal.time ? Json(to_iso(*removal.time)) : Json())
      .set("xid", removal.xid)
      .set("rows", removal.rows)
      .set("certain", removal.certain)
      .set("files", std::move(files))
      .set("tables", std::move(tables));
}

std::vector<std::string> row_of(const wal::Removal& removal) {
  const bool deleted = removal.kind == wal::Removal::Kind::rows_deleted;
  std::string what = wal::to_text(removal.kind);
  if (deleted) what = fmt::format("{} {}", removal.rows, what);
  if (!removal.certain) what += " (probably)";
  std::string when = removal.time ? to_iso(*removal.time) : "";
  if (deleted && removal.time) when = "after " + when;
  std::string files;
  for (std::size_t i = 0; i < std::min<std::size_t>(removal.files.size(), 3); ++i) {
    files += (i == 0 ? "" : " ") + to_text(removal.files[i]);
  }
  if (removal.files.size() > 3) files += fmt::format(" and {} more", removal.files.size() - 3);
  return {when, what, std::to_string(removal.xid), to_text(removal.stop_before), files};
}

class Find {
 public:
  Find(Invocation& in, const FindArguments& arguments) : in_(in), arguments_(arguments) {}

  int run() {
    auto sought = arguments_.relation.empty() ? by_name(in_, arguments_) : by_file(arguments_.relation);
    search_archive();
    auto found = removals_of(sought);
    // A table of that name may be another one than that which went.
    const bool of_all = found.empty() && arguments_.relation.empty();
    if (of_all) found = search_.all_of(sought.database);
    tell(sought, found, of_all);
    return 0;
  }

 private:
  /// Of all tables that bear or bore the name, in the order of the WAL.
  std::vector<wal::Removal> removals_of(Sought& sought) const {
    std::vector<wal::Removal> all;
    for (auto& wanted : sought.wanted) {
      wanted.least_rows = static_cast<std::uint64_t>(arguments_.least_rows);
      for (auto& removal : search_.removals_of(wanted)) {
        if (std::ranges::find(all, removal) == all.end()) all.push_back(std::move(removal));
      }
    }
    std::ranges::stable_sort(all, {}, &wal::Removal::stop_before);
    return all;
  }

  void search_archive() {
    const auto& keys = in_.checked_keys();
    const auto system = only_system(in_);
    const auto archive = wal::Archive::load(in_.stores(), system, in_.stop());
    wal::Fetcher fetcher(in_.stores(), keys, {}, {system, std::nullopt, 0});
    path_ = wal::archived_path(archive, archive.timelines().back(), fetcher, in_.stop());
    wal::for_each_info(
        path_.segments, fetcher, [&](const wal::WalInfo& info) { search_.add(info.segment); }, in_.stop());
    if (!path_.missing.empty()) {
      in_.monitor().warning(
          fmt::format("{} segments are missing in between, the first is {}: what happened there isn't known",
                      path_.missing.size(), path_.missing.front()));
    }
    if (search_.segments_without_events() > 0) {
      in_.monitor().warning(fmt::format("{} segments were archived by an earlier version, which noted no removals",
                                        search_.segments_without_events()));
    }
  }

  void tell(const Sought& sought, const std::vector<wal::Removal>& found, bool of_all) {
    auto& out = in_.output();
    if (of_all) {
      out.say(sought.known
                  ? fmt::format("Nothing of {} as it is now went. All that went from its database:", sought.name)
                  : fmt::format("The server knows no table {} now. All that went from its database:", sought.name));
    } else if (!sought.backup.empty()) {
      out.say(fmt::format("The server knows no table {} now; backup {} has it", sought.name, sought.backup));
    }
    std::vector<std::vector<std::string>> rows;
    Json removals = Json::array();
    for (const auto& removal : found) {
      rows.push_back(row_of(removal));
      removals.push(to_json(removal));
    }
    if (rows.empty()) {
      out.say(fmt::format("Nothing of it went in the archived WAL, {} segments of timeline {}.", path_.segments.size(),
                          path_.path.target()));
    } else {
      out.table({"TIME", "WHAT", "TRANSACTION", "STOP BEFORE", "FILES"}, rows);
      out.say(
          fmt::format("The last moment before: owlbackup restore cluster --to DIR --target-lsn {} --target-exclusive",
                      to_text(found.back().stop_before)));
      if (of_all) {
        say_how_to_go_on(sought, found.front());
      } else if (!sought.database_name.empty()) {
        out.say(
            fmt::format("Or the table alone: owlbackup restore table {} --database {} --target-lsn {} "
                        "--target-exclusive --to-file FILE",
                        sought.name, sought.database_name, to_text(found.back().stop_before)));
      }
    }
    out.result(Json()
                   .set("sought", sought.name)
                   .set("known", sought.known)
                   .set("backup", sought.backup)
                   .set("of_whole_database", of_all)
                   .set("segments", path_.segments.size())
                   .set("missing_segments", path_.missing.size())
                   .set("removals", std::move(removals)));
  }

  /// WAL has numbers, not names: a catalogue from before tells the number.
  void say_how_to_go_on(const Sought& sought, const wal::Removal& first) {
    std::string quoted;
    for (const char c : sought.name) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    in_.output().say(fmt::format(
        "Which of them was {}? Restore to before the first, or before any that it may be:\n"
        "  owlbackup restore cluster --to DIR --target-lsn {} --target-exclusive --start\n"
        "there, in its database, ask\n"
        "  SELECT coalesce(nullif(c.reltablespace, 0), d.dattablespace) || '/' || d.oid || '/' ||"
        " pg_relation_filenode(c.oid)\n"
        "  FROM pg_class c, pg_database d WHERE c.oid = '{}'::regclass AND d.datname = current_database();\n"
        "and give what it prints to\n"
        "  owlbackup wal find --relation TABLESPACE/DATABASE/RELFILENODE",
        sought.name, to_text(first.stop_before), quoted));
  }

  Invocation& in_;
  const FindArguments& arguments_;
  wal::RemovalSearch search_;
  wal::ArchivedPath path_;
};

int run_find(Invocation& in, const FindArguments& arguments) {
  if (arguments.dropped.empty() == arguments.relation.empty()) {
    throw Error(ErrorKind::usage, "give either --dropped SCHEMA.TABLE or --relation TABLESPACE/DATABASE/RELFILENODE");
  }
  return Find(in, arguments).run();
}

}  // namespace

void add_wal_find(Command& wal) {
  auto find = wal.add_command("find", "The moment just before a table was dropped, truncated or lost many rows",
                              "owlbackup wal find --dropped public.orders");
  const auto a = std::make_shared<FindArguments>();
  find.option("--dropped", a->dropped, "The table, SCHEMA.TABLE");
  find.option("--database", a->database, "Its database, where it isn't the one of [postgres] connection");
  find.option("--relation", a->relation, "Its file instead: TABLESPACE/DATABASE/RELFILENODE, as numbers");
  find.option("--rows", a->least_rows, "How many rows one transaction must have deleted to be told")
      .within(1, 1'000'000'000);
  find.runs([a](Invocation& in) { return run_find(in, *a); });
}

}  // namespace owl::app
