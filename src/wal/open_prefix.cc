#include "wal/open_prefix.h"

#include <algorithm>

namespace owl::wal {
namespace {

bool agrees(const OpenPrefix& prefix, const PieceRange& piece, ByteView bytes) {
  const auto known = prefix.end - piece.start;
  return std::ranges::equal(ByteView(prefix.plain).subspan(piece.start, known), bytes.first(known));
}

/// False: it is of no use.
bool add(OpenPrefix& prefix, const PieceRange& piece, const std::optional<Bytes>& bytes) {
  if (!bytes || bytes->size() != piece.end - piece.start || !agrees(prefix, piece, *bytes)) return false;
  std::ranges::copy(*bytes, prefix.plain.begin() + piece.start);
  prefix.end = piece.end;
  return true;
}

}  // namespace

std::vector<std::size_t> pieces_from(std::span<const PieceRange> pieces, std::uint32_t position) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].start <= position && position < pieces[i].end) out.push_back(i);
  }
  std::ranges::stable_sort(out, std::greater{}, [&](std::size_t i) { return pieces[i].end; });
  return out;
}

OpenPrefix assemble_prefix(std::span<const PieceRange> pieces, std::uint32_t segment_size, const OpenPiece& open) {
  OpenPrefix prefix{Bytes(segment_size), 0, 0};
  std::vector<bool> tried(pieces.size());
  for (bool went_on = true; went_on && prefix.end < segment_size;) {
    went_on = false;
    for (const auto i : pieces_from(pieces, prefix.end)) {
      if (tried[i] || pieces[i].end > segment_size) continue;
      tried[i] = true;
      went_on = add(prefix, pieces[i], open(i));
      if (went_on) break;
      ++prefix.unusable;
    }
  }
  return prefix;
}

}  // namespace owl::wal
