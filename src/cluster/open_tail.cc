#include "cluster/open_tail.h"

namespace owl::cluster {

void OpenTails::add_to(WalChain& chain, std::uint32_t segment_size, const wal::Archive& archive) {
  while (true) {
    const auto segment = value_or_throw(postgres::parse_segment_name(chain.next, segment_size));
    const auto end = end_of(segment, chain.next, segment_size);
    if (!end) return;
    const bool is_whole = *end == postgres::start_of({segment.timeline, segment.number + 1}, segment_size);
    if (!is_whole && (chain.missing || segment.timeline != chain.path.target())) return;
    chain.segments.push_back(segment);
    if (!is_whole) {
      chain.open_end = *end;
      return;
    }
    extend_chain(chain, segment.number + 1, segment_size, archive);
  }
}

std::optional<postgres::Lsn> OpenTails::end_of(postgres::SegmentId segment, const std::string& name,
                                               std::uint32_t segment_size) {
  const auto known = ends_.find(name);
  if (known != ends_.end()) return known->second;
  auto open = fetcher_.open_segment(segment, segment_size, stop_);
  const auto end = open ? std::optional(open->end) : std::nullopt;
  if (open) infos_.add(name, std::move(open->info));
  return ends_.emplace(name, end).first->second;
}

}  // namespace owl::cluster
