#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json.h"
#include "postgres/timeline_history.h"

namespace owl::wal {

/// Which WAL one recovery may be given: what a recovery ticket and the record of a restore have in common.
struct ServedWal {
  postgres::SystemId system_id = 0;
  std::uint32_t segment_size = 0;  ///< bytes
  postgres::TimelineId target_timeline = 0;
  std::vector<postgres::TimelineSwitch> history;  ///< of the target timeline; without the reasons
};
/// Adds its members to a JSON object.
void put_served_wal(codec::Json& object, const ServedWal& served);
/// `what` names the object in errors. Takes only what a recovery can be served by: a segment size that PostgreSQL has,
/// and parents that are older than the target timeline.
Result<ServedWal> get_served_wal(const codec::Json& object, std::string_view what);

/// A number that JSON holds as decimal digits in a string, for readers that know no 64-bit integers.
std::optional<std::uint64_t> number_in_text(const codec::Json& json);
/// nullopt: no integer from 1 to 2^32 - 1.
std::optional<postgres::TimelineId> timeline_in(const codec::Json& json);

}  // namespace owl::wal
