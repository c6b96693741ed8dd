#include "wal/open_segment.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "postgres/wal_record.h"
#include "repository/object_keys.h"
#include "wal/open_prefix.h"

namespace owl::wal {
namespace {

namespace keys = repository::keys;

/// A piece, and the stores that hold it.
struct StoredPiece {
  std::string key;
  PieceRange range;
  std::vector<repository::StoreSet::Member> stores;
};

std::vector<StoredPiece> pieces_of(repository::StoreSet& stores, const std::string& system, const std::string& segment,
                                   const std::stop_token& stop) {
  std::vector<StoredPiece> out;
  for (auto& member : stores.alive()) {
    member.store->list(
        keys::open_pieces(system, segment), "",
        [&](const storage::ObjectInfo& object) {
          const auto parsed = keys::parse_open_piece(object.key);
          if (!parsed) return true;  // not ours
          const auto known = std::ranges::find(out, object.key, &StoredPiece::key);
          if (known != out.end()) {
            known->stores.push_back(member);
          } else {
            out.push_back({object.key, {parsed->start, parsed->end}, {member}});
          }
          return true;
        },
        stop);
  }
  return out;
}

/// nullopt: no store has it undamaged.
std::optional<Bytes> open_piece(const StoredPiece& piece, const crypto::HostKeys& host_keys,
                                std::span<const crypto::EpochSecrets> secrets, const std::stop_token& stop) {
  for (const auto& member : piece.stores) {
    const auto object = member.store->get(piece.key, stop);
    if (!object) continue;  // removed since it was listed
    try {
      return open_wal_payload(host_keys, secrets, piece.key, *object);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::integrity) throw;
    }
  }
  return std::nullopt;
}

/// What is told of the part that is there. nullopt: it doesn't even hold a segment's header.
std::optional<WalInfo> describe(ByteView plain, postgres::SystemId system_id, postgres::SegmentId segment,
                                const std::string& name) {
  const auto header = postgres::check_segment(plain, segment);
  if (!header || header->system_id != system_id) return std::nullopt;
  WalInfo info;
  info.system_id = system_id;
  info.file_name = name;
  info.plain_size = plain.size();
  info.segment = describe_segment(plain, segment, *header);
  return info;
}

}  // namespace

std::optional<OpenSegment> read_open_segment(repository::StoreSet& stores, const crypto::HostKeys& host_keys,
                                             std::span<const crypto::EpochSecrets> secrets,
                                             postgres::SystemId system_id, postgres::SegmentId segment,
                                             std::uint32_t segment_size, std::stop_token stop) {
  const auto name = postgres::to_file_name(segment, segment_size);
  const auto pieces = pieces_of(stores, std::to_string(system_id), name, stop);
  std::vector<PieceRange> ranges;
  for (const auto& piece : pieces) ranges.push_back(piece.range);
  auto prefix = assemble_prefix(ranges, segment_size,
                                [&](std::size_t i) { return open_piece(pieces[i], host_keys, secrets, stop); });
  if (prefix.unusable > 0) {
    stores.monitor().warning(fmt::format("{} pieces of WAL segment {} are damaged or of another history: left aside",
                                         prefix.unusable, name));
  }
  if (prefix.end == 0) return std::nullopt;
  auto info = describe(prefix.plain, system_id, segment, name);
  if (!info) return std::nullopt;
  return OpenSegment{std::move(prefix.plain), postgres::start_of(segment, segment_size) + prefix.end, std::move(*info)};
}

bool has_open_pieces(repository::StoreSet& stores, postgres::SystemId system_id, postgres::TimelineId timeline,
                     std::stop_token stop) {
  std::atomic<bool> any = false;
  stores.on_each([&](repository::StoreSet::Member& member) {
    member.store->list(
        keys::open_timeline(std::to_string(system_id), timeline), "",
        [&](const storage::ObjectInfo& object) {
          const bool is_one = keys::parse_open_piece(object.key).has_value();
          if (is_one) any = true;
          return !is_one;
        },
        stop);
  });
  return any;
}

}  // namespace owl::wal
