#include "cluster/collation.h"

#include <fmt/format.h>

namespace owl::cluster {

const std::string_view indexes_by_libc_collations =
    "SELECT DISTINCT i.indexrelid::regclass FROM pg_index i, unnest(i.indcollation) u, pg_collation c, pg_database d"
    " WHERE c.oid = u AND d.datname = current_database() AND CASE c.collprovider"
    " WHEN 'c' THEN c.collcollate NOT IN ('C', 'POSIX') WHEN 'd' THEN d.datcollate NOT IN ('C', 'POSIX') ELSE false "
    "END";

std::optional<std::string> collation_warning(const ClusterDetails& details, std::string_view here) {
  if (details.collation_version.empty() || details.collation_version == here) return std::nullopt;
  return fmt::format(
      "the backup was made with version {} of the C library, this host has {}: text may sort in another way, and "
      "indexes "
      "on it may be wrong. REINDEX, in each database, what this lists: {}; then ALTER DATABASE … REFRESH COLLATION "
      "VERSION",
      details.collation_version, here, indexes_by_libc_collations);
}

namespace {

/// 100 is DEFAULT_COLLATION_OID (pg_collation.dat); its version stands in pg_database since 15.
std::string outdated_query(int major) {
  const std::string of_database =
      " UNION ALL SELECT 100, 'the database''s own', datcollversion, pg_database_collation_actual_version(oid)"
      " FROM pg_database WHERE datname = current_database() AND datcollversion IS NOT NULL"
      " AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)";
  return "WITH changed AS (SELECT oid, quote_ident(collname) AS name, collversion AS was,"
         " pg_collation_actual_version(oid) AS here FROM pg_collation WHERE collversion IS NOT NULL"
         " AND collversion IS DISTINCT FROM pg_collation_actual_version(oid)" +
         (major >= 15 ? of_database : "") +
         ") SELECT c.name, c.was, coalesce(c.here, 'none'),"
         " string_agg(DISTINCT i.indexrelid::regclass::text, ', ') FROM changed c"
         " JOIN pg_index i ON c.oid = ANY (i.indcollation) WHERE i.indexrelid >= 16384 GROUP BY 1, 2, 3 ORDER BY 1";
}

}  // namespace

std::vector<std::string> outdated_collations(postgres::Connection& database) {
  std::vector<std::string> out;
  for (const auto& row : database.query(outdated_query(database.major()))) {
    out.push_back(fmt::format("collation {} was {}, here it is {}: REINDEX {}", row[0].value_or(""),
                              row[1].value_or(""), row[2].value_or(""), row[3].value_or("")));
  }
  return out;
}

void warn_of_outdated_collations(const postgres::ServerProcess& server, Monitor& monitor) {
  postgres::Connection main(server.conninfo());
  const auto databases = main.query("SELECT datname FROM pg_catalog.pg_database WHERE datallowconn ORDER BY 1");
  for (const auto& row : databases) {
    const auto name = row[0].value_or("");
    try {
      postgres::Connection database(server.conninfo(name));
      for (const auto& text : outdated_collations(database)) {
        monitor.warning(
            fmt::format("database {}: {}, then ALTER COLLATION or ALTER DATABASE … REFRESH VERSION", name, text));
      }
    } catch (const Error& error) {
      monitor.note(fmt::format("whether indexes of database {} need a REINDEX can't be told: {}", name, error.what()));
    }
  }
}

}  // namespace owl::cluster
