#include "cluster/open_tail.h"

namespace owl::cluster {

void add_open_segment(WalChain& chain, std::uint32_t segment_size, WalInfos& infos, wal::Fetcher& fetcher,
                      std::stop_token stop) {
  if (chain.missing) return;
  const auto segment = value_or_throw(postgres::parse_segment_name(chain.next, segment_size));
  if (segment.timeline != chain.path.target()) return;
  auto open = fetcher.open_segment(segment, segment_size, stop);
  if (!open) return;
  chain.segments.push_back(segment);
  chain.open_end = open->end;
  infos.add(chain.next, std::move(open->info));
}

}  // namespace owl::cluster
