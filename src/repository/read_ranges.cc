#include "repository/read_ranges.h"

#include <fmt/core.h>

#include "base/check.h"
#include "base/units.h"

namespace owl::repository {
namespace {

// Skipping a gap costs a request, and its latency, per blob behind it; reading it costs its bytes.
constexpr std::uint64_t largest_gap = 256 * KiB, largest_request = 8 * MiB;

bool joins(const ReadRange& range, std::uint64_t begin, std::uint64_t end) {
  return begin - (range.offset + range.length) <= largest_gap && end - range.offset <= largest_request;
}

}  // namespace

std::vector<ReadRange> plan_ranges(const PackDirectory& directory, std::span<const std::uint32_t> entries) {
  const auto offsets = directory.offsets();
  std::vector<ReadRange> ranges;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    OWL_CHECK(i == 0 || entries[i - 1] < entries[i], "entries are read in ascending order, each once");
    if (entries[i] >= directory.entries.size()) {
      throw Error(ErrorKind::integrity,
                  fmt::format("entry {} is asked for, and there are {}", entries[i], directory.entries.size()));
    }
    const auto begin = offsets[entries[i]], end = offsets[entries[i] + 1];
    if (ranges.empty() || !joins(ranges.back(), begin, end)) ranges.push_back({i, 0, begin, 0});
    ranges.back().count += 1;
    ranges.back().length = end - ranges.back().offset;
  }
  return ranges;
}

}  // namespace owl::repository
