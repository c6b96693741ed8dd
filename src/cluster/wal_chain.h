#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/details.h"
#include "postgres/timeline_history.h"
#include "wal/archive.h"
#include "wal/fetcher.h"

namespace owl::cluster {

/// What the info sections of WAL objects say, each read once however many backups are weighed.
class WalInfos {
 public:
  explicit WalInfos(wal::Fetcher& fetcher) : fetcher_(fetcher) {}

  /// Reads those of these names that are not known yet, several at a time.
  void load(const std::vector<std::string>& names, std::stop_token stop);
  /// Throws Error(integrity) when the object is gone since it was listed.
  const wal::WalInfo& get(const std::string& name) const;
  /// Of a segment that no object tells of.
  void add(const std::string& name, wal::WalInfo info) { infos_.insert_or_assign(name, std::move(info)); }

 private:
  wal::Fetcher& fetcher_;
  std::map<std::string, wal::WalInfo> infos_;
};

/// The unbroken run of segments that recovery from one backup can replay on one path of timelines.
struct WalChain {
  postgres::TimelinePath path{1, {}};
  std::vector<postgres::SegmentId> segments;  ///< from the backup's start on
  std::optional<std::string> missing;         ///< the segment at which it breaks although later ones are there
  std::string next;                           ///< the first segment that is not there whole
  /// Where the WAL ends of which the last of `segments` was only streamed (open_tail.h); nullopt: all are whole.
  std::optional<postgres::Lsn> open_end = {};
};
/// The segment file that recovery on this path reads for a segment number: the newest timeline that owns bytes of it.
postgres::SegmentId segment_on_path(const postgres::TimelinePath& path, std::uint64_t number,
                                    std::uint32_t segment_size);

/// Adds what is archived from a segment number on, without a gap, and tells where that ends.
void extend_chain(WalChain& chain, std::uint64_t number, std::uint32_t segment_size, const wal::Archive& archive);
/// nullopt: the timeline does not follow from the backup.
std::optional<WalChain> chain_from(const ClusterDetails& details, postgres::TimelineId target,
                                   const std::vector<postgres::TimelineSwitch>& history, const wal::Archive& archive);

/// Decodes `count` segments of a chain from the one with index `first` on, until the visitor is satisfied. Needs the
/// private key.
void decode_segments(const std::vector<postgres::SegmentId>& segments, std::size_t first, std::size_t count,
                     std::uint32_t segment_size, wal::Fetcher& fetcher, postgres::WalVisitor& visitor,
                     const std::function<bool()>& satisfied, std::stop_token stop);

}  // namespace owl::cluster
