#pragma once

#include <string>
#include <vector>

#include "server_wal.h"
#include "support/postgres_server.h"
#include "wal/change_union.h"

namespace owl::wal {

inline constexpr std::uint32_t segment_size = 16u << 20;

/// Of a server that keeps all its WAL, and whose own summarizer runs where it has one.
std::vector<std::string> settings(int version);
postgres::Lsn flushed_by(test::PostgresServer& server);
/// The start of a record: where a checkpoint's redo begins, as a backup's start is.
postgres::Lsn redo_of(test::PostgresServer& server);
ChangeUnion united(const std::vector<ChangeMap>& maps, postgres::Lsn from, postgres::Lsn to);

}  // namespace owl::wal
