#include "cluster/wal_chain.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>

#include "concurrency/task_group.h"

namespace owl::cluster {

void WalInfos::load(const std::vector<std::string>& names, std::stop_token stop) {
  constexpr unsigned requests_at_once = 8;
  std::vector<std::string> wanted;
  for (const auto& name : names) {
    if (!infos_.contains(name)) wanted.push_back(name);
  }
  std::mutex mutex;
  parallel_for(wanted.size(), requests_at_once, stop, [&](std::size_t i, std::stop_token task_stop) {
    auto info = fetcher_.info(wanted[i], task_stop);
    if (!info) throw Error(ErrorKind::integrity, fmt::format("WAL segment {} is listed but can't be read", wanted[i]));
    std::lock_guard lock(mutex);
    infos_.emplace(wanted[i], std::move(*info));
  });
}

const wal::WalInfo& WalInfos::get(const std::string& name) const {
  return infos_.at(name);
}

postgres::SegmentId segment_on_path(const postgres::TimelinePath& path, std::uint64_t number,
                                    std::uint32_t segment_size) {
  const postgres::Lsn last_byte{(number + 1) * segment_size - 1};
  return {path.at(last_byte), number};
}

namespace {

/// The greatest number of any segment that the archive holds of a timeline on this path.
std::uint64_t last_archived(const postgres::TimelinePath& path, const wal::Archive& archive,
                            std::uint32_t segment_size) {
  std::uint64_t last = 0;
  for (const auto& stretch : path.stretches()) {
    for (const auto& range : archive.ranges(stretch.timeline, segment_size)) {
      const bool is_target = stretch.timeline == path.target();
      const std::uint64_t bound = is_target ? range.last : std::min(range.last, stretch.end.value / segment_size);
      if (range.first <= bound) last = std::max(last, bound);
    }
  }
  return last;
}

}  // namespace

void extend_chain(WalChain& chain, std::uint64_t number, std::uint32_t segment_size, const wal::Archive& archive) {
  chain.missing.reset();
  for (;; ++number) {
    const auto segment = segment_on_path(chain.path, number, segment_size);
    chain.next = postgres::to_file_name(segment, segment_size);
    if (!archive.has(segment.timeline, chain.next)) {
      if (last_archived(chain.path, archive, segment_size) >= number) chain.missing = chain.next;
      return;
    }
    chain.segments.push_back(segment);
  }
}

std::optional<WalChain> chain_from(const ClusterDetails& details, postgres::TimelineId target,
                                   const std::vector<postgres::TimelineSwitch>& history, const wal::Archive& archive) {
  WalChain chain;
  chain.path = postgres::TimelinePath(target, history);
  const auto* own = chain.path.find(details.timeline);
  if (own == nullptr || own->end < details.stop) return std::nullopt;
  const auto size = details.wal_segment_size;
  extend_chain(chain, details.start.value / size, size, archive);
  return chain;
}

void decode_segments(const std::vector<postgres::SegmentId>& segments, std::size_t first, std::size_t count,
                     std::uint32_t segment_size, wal::Fetcher& fetcher, postgres::WalVisitor& visitor,
                     const std::function<bool()>& satisfied, std::stop_token stop) {
  postgres::WalWalker walker(segment_size);
  for (std::size_t i = first; i < std::min(first + count, segments.size()); ++i) {
    const auto name = postgres::to_file_name(segments[i], segment_size);
    auto bytes = fetcher.fetch(name, stop);
    if (!bytes) {  // the last of them may be one that was only streamed
      if (auto open = fetcher.open_segment(segments[i], segment_size, stop)) bytes = std::move(open->plain);
    }
    if (!bytes) throw Error(ErrorKind::integrity, fmt::format("WAL segment {} is listed but can't be read", name));
    walker.feed(*bytes, segments[i], visitor);
    if (satisfied()) return;
  }
}

}  // namespace owl::cluster
