#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "wal/fetcher.h"
#include "wal/gap_acknowledgement.h"
#include "wal/timeline_graph.h"

namespace owl::wal {

/// A gap with what a person wants to know of it.
struct ReportedGap {
  Gap gap;
  postgres::Lsn begin, end;                    ///< of the missing WAL
  std::optional<Timestamp> after, before;      ///< commits in the neighbours: the last before it, the first behind it
  std::vector<GapAcknowledgement> known = {};  ///< by whom; empty: nobody has taken note of it
};

/// What the archive of one cluster holds and lacks.
struct ArchiveReport {
  postgres::SystemId system_id = 0;
  Archive archive;
  TimelineGraph graph;
  Histories histories;
  std::vector<ReportedGap> gaps;

  std::size_t unacknowledged_gaps() const;
};

/// The histories of all timelines of an archive that can be read. Needs no private key; those that can't be read
/// without are left out.
Histories read_histories(const Archive& archive, Fetcher& fetcher, std::stop_token stop = {});

/// The segment size of what is archived; 0: there is no segment.
std::uint32_t archived_segment_size(const Archive& archive, Fetcher& fetcher, std::stop_token stop = {});

/// Lists and draws it all; one ranged read for each history file and for each neighbour of a gap. `known`: what must be
/// there beside what the listing tells by itself.
ArchiveReport report_archive(repository::StoreSet& stores, const crypto::HostKeys& keys, postgres::SystemId system_id,
                             const KnownExtents& known, Monitor& monitor, std::stop_token stop = {});

}  // namespace owl::wal
