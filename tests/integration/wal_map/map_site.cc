#include "map_site.h"

namespace owl::wal {

std::vector<std::string> settings(int version) {
  std::vector<std::string> out{
      "wal_keep_size = 8GB", "max_prepared_transactions = 10",   "max_wal_size = 8GB",   "autovacuum = off",
      "wal_level = logical", "max_locks_per_transaction = 1000", "wal_compression = on", "checkpoint_timeout = 1h"};
  if (version >= 17) out.emplace_back("summarize_wal = on");
  return out;
}

postgres::Lsn flushed_by(test::PostgresServer& server) {
  return value_or_throw(postgres::parse_lsn(server.psql("SELECT pg_current_wal_flush_lsn()")));
}
postgres::Lsn redo_of(test::PostgresServer& server) {
  server.psql("CHECKPOINT");
  return value_or_throw(postgres::parse_lsn(server.psql("SELECT redo_lsn FROM pg_control_checkpoint()")));
}

ChangeUnion united(const std::vector<ChangeMap>& maps, postgres::Lsn from, postgres::Lsn to) {
  ChangeUnionBuilder builder(from, to);
  for (const auto& map : maps) builder.add(map);
  return builder.finish();
}

}  // namespace owl::wal
