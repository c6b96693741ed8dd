#pragma once

#include <functional>
#include <string>
#include <vector>

#include "postgres/timeline_history.h"
#include "wal/archive.h"
#include "wal/fetcher.h"

namespace owl::wal {

/// The archived segments that lie on one way through the timelines, in the order of the WAL.
struct ArchivedPath {
  postgres::TimelinePath path{1, {}};
  std::uint32_t segment_size = 0;
  std::vector<std::string> segments;
  std::vector<std::string> missing;  ///< between them, which are not archived
};
/// The way to `timeline`. Segments on which a timeline begins are taken from that one, as recovery does.
ArchivedPath archived_path(const Archive& archive, postgres::TimelineId timeline, Fetcher& fetcher,
                           std::stop_token stop = {});

/// Reads what is stored of each, several at once, and tells it in order. Needs no private key.
void for_each_info(const std::vector<std::string>& segments, Fetcher& fetcher,
                   const std::function<void(const WalInfo&)>& use, std::stop_token stop = {});

}  // namespace owl::wal
