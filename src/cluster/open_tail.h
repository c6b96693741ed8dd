#pragma once

#include <map>
#include <optional>
#include <stop_token>

#include "cluster/wal_chain.h"

namespace owl::cluster {

/// What was streamed of segments that are not archived whole, each read once however many backups are weighed.
class OpenTails {
 public:
  OpenTails(wal::Fetcher& fetcher, WalInfos& infos, std::stop_token stop)
      : fetcher_(fetcher), infos_(infos), stop_(std::move(stop)) {}

  /// Adds to a chain what was streamed of the segment that it ends before, where that is of the wanted timeline and no
  /// later one is archived: recovery can replay it as far as it goes. Where pieces hold all of a segment, they are as
  /// good as the segment, and the chain goes on behind it.
  void add_to(WalChain& chain, std::uint32_t segment_size, const wal::Archive& archive);

 private:
  std::optional<postgres::Lsn> end_of(postgres::SegmentId segment, const std::string& name, std::uint32_t segment_size);

  wal::Fetcher& fetcher_;
  WalInfos& infos_;
  std::stop_token stop_;
  std::map<std::string, std::optional<postgres::Lsn>> ends_;  ///< nullopt: nothing was streamed of it
};

}  // namespace owl::cluster
