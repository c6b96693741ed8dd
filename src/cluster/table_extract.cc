#include "cluster/table_extract.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "os/file_descriptor.h"
#include "os/process.h"

namespace owl::cluster {
namespace {

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// As PostgreSQL's regclass and the patterns of pg_dump take it, to the letter.
std::string quoted(const TableName& table) {
  return quoted(table.schema) + "." + quoted(table.table);
}

void run(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment,
         const std::string& what, const std::stop_token& stop) {
  constexpr auto longest = std::chrono::hours(24 * 7);
  const auto result = os::run_process({.argv = argv, .extra_env = environment}, {}, longest, stop);
  if (result.exit_code == 0) return;
  throw Error(ErrorKind::process, fmt::format("{}: {}", what, trim(result.errors)));
}

}  // namespace

std::vector<TableName> tables_in(postgres::Connection& connection, const std::vector<TableName>& tables) {
  std::vector<TableName> out;
  for (const auto& table : tables) {
    if (connection.query_text("SELECT to_regclass($1) IS NOT NULL", {quoted(table)}) == "t") out.push_back(table);
  }
  return out;
}

TableExtract::TableExtract(std::string conninfo, std::filesystem::path programs, Monitor& monitor, std::stop_token stop)
    : conninfo_(std::move(conninfo)),
      programs_(std::move(programs)),
      monitor_(monitor),
      stop_(std::move(stop)),
      connection_(conninfo_) {}

void TableExtract::choose(const std::vector<TableName>& tables) {
  asked_for_ = tables;
  for (const auto& table : tables) {
    const auto rows = connection_.query(
        "WITH RECURSIVE family(oid) AS (SELECT to_regclass($1)::oid UNION SELECT i.inhrelid FROM "
        "pg_catalog.pg_inherits i"
        " JOIN family f ON i.inhparent = f.oid) SELECT n.nspname, c.relname FROM family f JOIN pg_catalog.pg_class c ON"
        " c.oid = f.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm')",
        {quoted(table)});
    if (rows.empty()) {
      throw Error(ErrorKind::not_found,
                  fmt::format("there is no table {}.{} in that database at that moment", table.schema, table.table))
          .with_hint(fmt::format("When did it go? owlbackup wal find --dropped {}.{}", table.schema, table.table));
    }
    for (const auto& row : rows) {
      const TableName member{row[0].value_or(""), row[1].value_or("")};
      if (std::ranges::find(all_, member) == all_.end()) all_.push_back(member);
    }
  }
}

std::map<TableName, std::uint64_t> TableExtract::check() {
  monitor_.phase("checking the tables", all_.size(), "tables");
  const bool installed =
      connection_.query_text("SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE name = 'amcheck'") == "1";
  if (installed) {
    connection_.query("CREATE EXTENSION IF NOT EXISTS amcheck");
  } else {
    monitor_.note("the extension amcheck is not installed here: indexes are not checked");
  }
  for (const auto& table : all_) {
    throw_if_damaged(table, installed);
    monitor_.advance(1);
  }
  std::map<TableName, std::uint64_t> rows;
  for (const auto& table : asked_for_) {
    rows[table] = std::stoull(connection_.query_text("SELECT count(*) FROM " + quoted(table)));
  }
  return rows;
}

void TableExtract::throw_if_damaged(const TableName& table, bool amcheck) {
  if (!amcheck) return;
  const auto damaged = [&](const std::string& how) {
    return Error(ErrorKind::integrity,
                 fmt::format("{}.{} is damaged in the restored server: {}", table.schema, table.table, how))
        .with_hint("Nothing was written. Try another moment or backup (--backup), or restore the whole cluster.");
  };
  try {
    const auto regclass = quoted(table);
    if (connection_.major() >= 14) {
      const auto rows = connection_.query(
          "SELECT h.blkno || ': ' || h.msg FROM pg_catalog.pg_class c, LATERAL verify_heapam(c.oid) h"
          " WHERE c.oid = $1::regclass AND c.relkind IN ('r', 'm') LIMIT 1",
          {regclass});
      if (!rows.empty()) throw damaged("block " + rows[0][0].value_or("?"));
    }
    connection_.query(
        "SELECT bt_index_check(i.indexrelid, true) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON"
        " c.oid = i.indexrelid JOIN pg_catalog.pg_am a ON a.oid = c.relam WHERE i.indrelid = $1::regclass AND"
        " a.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid",
        {regclass});
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::integrity || error.kind() == ErrorKind::cancelled) throw;
    throw damaged(error.message());
  }
}

void TableExtract::dump(const std::filesystem::path& file, bool plain_sql) {
  monitor_.phase("dumping the tables", 0);
  // pg_dump writes into a file that is there with the rights that it has: by itself it would let everybody read.
  os::open_file(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  std::vector<std::string> argv{programs_ / "pg_dump", plain_sql ? "--format=plain" : "--format=custom",
                                "--no-password", "--file=" + file.string(), "--dbname=" + conninfo_};
  for (const auto& table : all_) argv.push_back("--table=" + quoted(table));
  run(argv, {}, "pg_dump could not dump the tables", stop_);
}

void TableExtract::load(const std::filesystem::path& file, const std::string& database,
                        const std::map<std::string, std::string>& environment) {
  monitor_.phase("loading the tables", 0);
  run({programs_ / "pg_restore", "--single-transaction", "--exit-on-error", "--no-password", "--dbname=" + database,
       file.string()},
      environment, fmt::format("the tables could not be loaded into {}, and nothing of them was", database), stop_);
}

}  // namespace owl::cluster
