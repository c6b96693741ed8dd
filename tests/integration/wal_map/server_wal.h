#pragma once

#include <filesystem>
#include <vector>

#include "support/postgres_server.h"
#include "wal/change_map.h"

namespace owl::wal {

/// The WAL that lies in a real server's pg_wal, of the last timeline.
struct ServerWal {
  explicit ServerWal(const std::filesystem::path& data_directory);

  /// What each segment says of itself, described alone as pushes do: with the file before it beside it.
  std::vector<ChangeMap> maps() const;
  /// What one walk over all of it finds in the records from `from` on and before `to`.
  ChangedBlocks changes_between(postgres::Lsn from, postgres::Lsn to) const;
  /// The first record, and where the last one ends.
  postgres::Lsn first, end;

  std::filesystem::path folder;
  std::uint32_t segment_size = 16u << 20;
  std::vector<postgres::SegmentId> ids;
  std::vector<Bytes> segments;
};

}  // namespace owl::wal
