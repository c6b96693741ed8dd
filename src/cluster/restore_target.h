#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "postgres/types.h"

namespace owl::cluster {

/// Where recovery is to stop.
struct RestoreTarget {
  enum class Kind { latest, immediate, time, lsn, xid, name };
  Kind kind = Kind::latest;
  Timestamp time = {};
  postgres::Lsn lsn = {};
  postgres::TransactionId xid = 0;
  std::string name = {};
  bool exclusive = false;                             ///< stop just before rather than just after
  std::optional<postgres::TimelineId> timeline = {};  ///< nullopt: the newest that follows from the backup
  std::string action = "promote";                     ///< pause | promote | shutdown
};
/// For people: "2026-11-22 14:30:00+00 (inclusive)".
std::string to_text(const RestoreTarget& target);

}  // namespace owl::cluster
