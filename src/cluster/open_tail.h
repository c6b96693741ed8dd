#pragma once

#include <stop_token>

#include "cluster/wal_chain.h"

namespace owl::cluster {

/// Adds to a chain what was streamed of the segment that it ends before, where that is of the wanted timeline and no
/// later one is archived: recovery can replay it as far as it goes.
void add_open_segment(WalChain& chain, std::uint32_t segment_size, WalInfos& infos, wal::Fetcher& fetcher,
                      std::stop_token stop);

}  // namespace owl::cluster
