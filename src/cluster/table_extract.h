#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "cluster/table_scope.h"
#include "observe/monitor.h"
#include "postgres/connection.h"

namespace owl::cluster {

/// Takes tables out of a server that was restored for their sake, with pg_dump. One thread.
class TableExtract {
 public:
  /// `conninfo`: of the database in that server; `programs`: the folder with pg_dump and pg_restore.
  TableExtract(std::string conninfo, std::filesystem::path programs, Monitor& monitor, std::stop_token stop);

  /// Adds partitions and other children of these tables. Throws Error(not_found) on one that isn't there at this
  /// moment.
  void choose(const std::vector<TableName>& tables);
  /// Reads all of them and their btree indexes by amcheck, where that is installed: throws Error(integrity) on what it
  /// finds. Returns the rows of each of the tables that were asked for.
  std::map<TableName, std::uint64_t> check();
  /// pg_dump in its custom format, or as plain SQL. `file` must not be there; nobody else can read it.
  void dump(const std::filesystem::path& file, bool plain_sql);
  /// Loads such a file into another database in one transaction: all or nothing. `environment`: how to reach it.
  void load(const std::filesystem::path& file, const std::string& database,
            const std::map<std::string, std::string>& environment);

 private:
  void throw_if_damaged(const TableName& table, bool amcheck);

  const std::string conninfo_;
  const std::filesystem::path programs_;
  Monitor& monitor_;
  std::stop_token stop_;
  postgres::Connection connection_;
  std::vector<TableName> asked_for_, all_;
};

/// Which of these tables are in that database.
std::vector<TableName> tables_in(postgres::Connection& connection, const std::vector<TableName>& tables);

}  // namespace owl::cluster
