// Pieces of an open segment as a bucket lists them: any ranges, some damaged, some of another history. What comes out
// is never anything but the segment's own bytes, and never shorter than what undamaged pieces reach.

#include "base/check.h"
#include "wal/open_prefix.h"

using namespace owl;

namespace {

constexpr std::uint32_t segment_size = 256;

std::uint8_t truth(std::size_t at) {
  return static_cast<std::uint8_t>(at * 7 + 1);
}

Bytes part(const wal::PieceRange& range) {
  Bytes out;
  for (auto at = range.start; at < range.end; ++at) out.push_back(truth(at));
  return out;
}

/// Byte by byte: as far as undamaged pieces cover without a gap.
std::uint32_t reach(const std::vector<wal::PieceRange>& pieces, const std::vector<bool>& damaged) {
  std::uint32_t end = 0;
  for (bool covered = true; covered && end < segment_size; end += covered ? 1 : 0) {
    covered = false;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const bool usable = !damaged[i] && pieces[i].end <= segment_size;
      covered = covered || (usable && pieces[i].start <= end && end < pieces[i].end);
    }
  }
  return end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<wal::PieceRange> pieces;
  std::vector<bool> damaged;
  for (std::size_t i = 0; i + 3 <= size && pieces.size() < 64; i += 3) {
    if (data[i] >= data[i] + data[i + 1]) continue;  // keys of empty pieces don't parse
    pieces.push_back({data[i], static_cast<std::uint32_t>(data[i] + data[i + 1])});
    damaged.push_back((data[i + 2] & 1) != 0);
  }
  const auto prefix = wal::assemble_prefix(pieces, segment_size, [&](std::size_t i) -> std::optional<Bytes> {
    if (damaged[i]) return std::nullopt;
    return part(pieces[i]);
  });
  OWL_CHECK(prefix.plain.size() == segment_size, "it is filled up");
  OWL_CHECK(prefix.end == reach(pieces, damaged), "it reaches as far as can be");
  for (std::size_t at = 0; at < segment_size; ++at) {
    OWL_CHECK(prefix.plain[at] == (at < prefix.end ? truth(at) : 0), "the segment's bytes, then zeros");
  }
  return 0;
}
