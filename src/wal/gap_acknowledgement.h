#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/keys.h"
#include "repository/stores.h"
#include "wal/timeline_graph.h"

namespace owl::wal {

/// That WAL is missing for ever, as a person has taken note of it (docs/format.md, "Gaps that are known"). It ends the
/// warnings; it brings nothing back, and restores over the gap are refused as before.
struct GapAcknowledgement {
  postgres::SystemId system_id = 0;
  std::string first, last;  ///< segments of one timeline
  std::string reason;       ///< in the person's words; may be empty
  std::string host;
  Timestamp when;
};
Bytes serialize(const GapAcknowledgement& acknowledgement);
Result<GapAcknowledgement> parse_gap_acknowledgement(ByteView bytes);

/// Records it in every store, create-once: the same stretch acknowledged again keeps the first record. Throws what the
/// stores throw; those that can't be reached drop out of the set with a warning.
void acknowledge_gap(repository::StoreSet& stores, const crypto::HostKeys& keys,
                     const GapAcknowledgement& acknowledgement, Clock& clock, Random& random,
                     std::stop_token stop = {});

/// All that any of these stores has of one cluster, by first segment. One that can't be opened counts for nothing, and
/// is a warning.
std::vector<GapAcknowledgement> list_acknowledgements(std::vector<repository::StoreSet::Member> members,
                                                      const crypto::HostKeys& keys, postgres::SystemId system_id,
                                                      Monitor& monitor, std::stop_token stop = {});

/// Whose is this gap? All records that name part of it, where together they name all of it; else none.
std::vector<GapAcknowledgement> covering(const std::vector<GapAcknowledgement>& acknowledgements, const Gap& gap,
                                         std::uint32_t segment_size);

}  // namespace owl::wal
