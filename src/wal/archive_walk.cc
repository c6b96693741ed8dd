#include "wal/archive_walk.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "concurrency/task_group.h"

namespace owl::wal {
namespace {

std::uint32_t segment_size_of(const Archive& archive, postgres::TimelineId timeline, Fetcher& fetcher,
                              std::stop_token stop) {
  for (const auto& [name, file] : archive.files(timeline)) {
    if (name.size() != 24) continue;
    if (const auto info = fetcher.info(name, stop)) return info->segment.segment_size;
  }
  throw Error(ErrorKind::not_found, fmt::format("timeline {} has no segments in the archive", timeline));
}

}  // namespace

ArchivedPath archived_path(const Archive& archive, postgres::TimelineId timeline, Fetcher& fetcher,
                           std::stop_token stop) {
  ArchivedPath out;
  out.segment_size = segment_size_of(archive, timeline, fetcher, stop);
  out.path = postgres::TimelinePath(timeline, fetcher.history(timeline, stop));
  std::set<std::uint64_t> numbers;
  for (const auto& stretch : out.path.stretches()) {
    for (const auto& range : archive.ranges(stretch.timeline, out.segment_size)) {
      for (auto number = range.first; number <= range.last; ++number) {
        // Behind the fork a parent's segment is another history.
        if (postgres::Lsn{number * out.segment_size} < stretch.end) numbers.insert(number);
      }
    }
  }
  if (numbers.empty()) return out;
  for (auto number = *numbers.begin(); number <= *numbers.rbegin(); ++number) {
    const postgres::Lsn last_byte{(number + 1) * out.segment_size - 1};
    const auto name = postgres::to_file_name({out.path.at(last_byte), number}, out.segment_size);
    const bool is_there = archive.has(out.path.at(last_byte), name);
    (is_there ? out.segments : out.missing).push_back(name);
  }
  return out;
}

void for_each_info(const std::vector<std::string>& segments, Fetcher& fetcher,
                   const std::function<void(const WalInfo&)>& use, std::stop_token stop) {
  constexpr std::size_t at_once = 64;
  constexpr unsigned requests = 8;
  for (std::size_t begin = 0; begin < segments.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, segments.size() - begin);
    std::vector<std::optional<WalInfo>> infos(count);
    parallel_for(count, requests, stop, [&](std::size_t i, std::stop_token task_stop) {
      infos[i] = fetcher.info(segments[begin + i], task_stop);
    });
    for (std::size_t i = 0; i < count; ++i) {
      if (!infos[i]) {
        throw Error(ErrorKind::integrity,
                    fmt::format("WAL segment {} is listed but can't be read", segments[begin + i]));
      }
      use(*infos[i]);
    }
  }
}

}  // namespace owl::wal
