#pragma once

#include <string>
#include <string_view>

#include "support/postgres_server.h"
#include "wal/change_map.h"

namespace owl::wal {

/// A map made of nothing but what PostgreSQL's own readers print of each record.
class OracleMap {
 public:
  /// One record: "Storage", "CREATE base/5/16384", and block references as text.
  void add(std::string_view manager, const std::string& description, const std::string& blocks);
  ChangedBlocks take();

 private:
  void limit(const std::string& path, postgres::BlockNumber blocks);
  std::map<postgres::RelationFile, std::set<postgres::BlockNumber>> blocks_;
  std::map<postgres::RelationFile, postgres::BlockNumber> limits_;
  ChangedBlocks whole_;
};

/// Of the records in that stretch, by the extension pg_walinspect (15 and later).
ChangedBlocks changes_by_walinspect(test::PostgresServer& server, postgres::Lsn from, postgres::Lsn to);
/// By the program pg_waldump of 15.
ChangedBlocks changes_by_waldump(const test::PostgresServer& server, postgres::Lsn from, postgres::Lsn to);

/// What the server's own summarizer keeps (17 and later), and of which stretch.
struct ServerSummary {
  postgres::Lsn from, to;
  ChangedBlocks changes;
};
ServerSummary summary_by_server(test::PostgresServer& server);

}  // namespace owl::wal
