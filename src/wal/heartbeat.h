#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "postgres/connection.h"

namespace owl::wal {

/// Keeps any moment reachable while nobody writes: a transaction of its own (a logical message with the prefix
/// "owlbackup", which no table shows), so that recovery to a time finds a commit to stop at, and pg_wal's end is known
/// to be no older than the interval. None where others commit anyway, and none on a standby, which can't. One thread.
class Heartbeat {
 public:
  explicit Heartbeat(postgres::Connection& connection) : connection_(connection) {}

  enum class Beat { written, not_needed, standby };
  /// Call once per interval: writes unless a transaction that writes began since the last call.
  Beat beat();

 private:
  postgres::Connection& connection_;
  std::string next_xid_;  ///< after the last beat
};

}  // namespace owl::wal
