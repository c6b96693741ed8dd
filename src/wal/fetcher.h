#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "postgres/timeline_history.h"
#include "repository/stores.h"
#include "wal/open_segment.h"
#include "wal/wal_object.h"

namespace owl::wal {

/// Gives recovery the WAL files that it asks for, and no others: the timeline path is fixed before the first one is
/// served. Thread-safe.
///  - Of a parent timeline nothing after the fork is served. The segment with the fork itself comes from the child;
///  where
///    the child's is absent, the parent's bytes are cut at the fork and filled with zeros, so that recovery ends there
///    and never runs on into another history.
///  - Where a segment is in no store, what was streamed of it serves: all of it, or, zeros behind, a part, but that
///    only on the wanted timeline and where no later segment is stored; of a parent also up to the fork.
///  - "Absent" is told only when every store said so. A store that can't answer, or an object that is damaged
///    everywhere, is an Error: to PostgreSQL the difference is end of recovery or stop.
class Fetcher {
 public:
  struct Options {
    postgres::SystemId system_id = 0;
    std::optional<postgres::TimelinePath> path;  ///< nullopt: serve whatever is asked for (no recovery is planned)
    std::uint32_t segment_size = 0;              ///< bytes; 0: from the first segment
  };
  Fetcher(repository::StoreSet& stores, const crypto::HostKeys& keys, std::vector<crypto::EpochSecrets> secrets,
          Options options);

  /// The plain bytes, checked, of exactly the segment's size. nullopt: proven absent, or not on the path.
  std::optional<Bytes> fetch(const std::string& file_name, std::stop_token stop = {});
  /// Only the info section: one ranged read, no private key. nullopt: proven absent.
  std::optional<WalInfo> info(const std::string& file_name, std::stop_token stop = {});
  /// What was streamed of a segment that is not archived whole, whatever the path; nullopt: nothing. Needs the private
  /// key.
  std::optional<OpenSegment> open_segment(postgres::SegmentId segment, std::uint32_t segment_size,
                                          std::stop_token stop = {});
  /// The history of a timeline; empty for one without parent. Needs no private key, unless the file was stored before
  /// its lines were noted beside it. Throws Error(not_found) when a timeline above 1 has none.
  std::vector<postgres::TimelineSwitch> history(postgres::TimelineId timeline, std::stop_token stop = {});

 private:
  std::optional<Bytes> fetch_stored(const std::string& file_name, std::stop_token stop);
  std::optional<Bytes> fetch_streamed(postgres::SegmentId segment, std::stop_token stop);
  std::optional<Bytes> fetch_up_to_fork(postgres::SegmentId segment, postgres::Lsn fork, std::stop_token stop);
  bool later_is_stored(postgres::SegmentId segment, std::stop_token stop);

  repository::StoreSet& stores_;
  const crypto::HostKeys& keys_;
  std::vector<crypto::EpochSecrets> secrets_;
  Options options_;
};

/// How fetch's outcomes look to PostgreSQL (xlogarchive.c): 0; 1 = proven absent; above 125 stops recovery rather than
/// end it.
inline constexpr int fetch_exit_absent = 1, fetch_exit_failed = 200;

}  // namespace owl::wal
