#include "wal/streamed_end.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "repository/object_keys.h"

namespace owl::wal {

std::uint32_t covered_from_start(std::span<const PieceRange> pieces) {
  std::vector<PieceRange> sorted(pieces.begin(), pieces.end());
  std::ranges::sort(sorted, {}, &PieceRange::start);
  std::uint32_t end = 0;
  for (const auto& piece : sorted) {
    if (piece.start > end) break;
    end = std::max(end, piece.end);
  }
  return end;
}

std::optional<StreamedEnd> streamed_end(repository::StoreSet& stores, const std::string& system_id,
                                        const std::string& segment_name, std::stop_token stop) {
  std::mutex mutex;
  std::vector<PieceRange> pieces;
  std::vector<Timestamp> stored;
  stores.on_each([&](repository::StoreSet::Member& member) {
    const auto folder = repository::keys::open_pieces(system_id, segment_name);
    for (const auto& object : storage::list_all(*member.store, folder, stop)) {
      const auto key = repository::keys::parse_open_piece(object.key);
      if (!key) continue;
      const std::lock_guard lock(mutex);
      pieces.push_back({key->start, key->end});
      stored.push_back(object.modified);
    }
  });
  StreamedEnd out{covered_from_start(pieces), {}};
  if (out.end == 0) return std::nullopt;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].end <= out.end) out.stored = std::max(out.stored, stored[i]);
  }
  return out;
}

}  // namespace owl::wal
