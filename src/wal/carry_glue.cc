#include "wal/carry_glue.h"

#include <utility>

#include "postgres/layout.h"
#include "postgres/wal_page.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::WalPageHeader;

/// Where the record ends that takes the first `size` bytes of a segment.
Lsn end_of_continuation(const ChangeMap& map, std::uint32_t size) {
  const std::uint64_t first_room = map.page_size - WalPageHeader::long_size;
  const std::uint64_t room = map.page_size - WalPageHeader::short_size;
  const std::uint64_t bytes = postgres::aligned(size);
  if (bytes <= first_room) return map.segment_start + WalPageHeader::long_size + bytes;
  const std::uint64_t pages = (bytes - first_room + room - 1) / room;
  const std::uint64_t on_last = bytes - first_room - (pages - 1) * room;
  return map.segment_start + map.page_size * pages + WalPageHeader::short_size + on_last;
}

}  // namespace

CarryGlue::Outcome CarryGlue::enter(const ChangeMap& map, std::optional<Lsn> last, postgres::WalVisitor& visitor) {
  if (!pending_ && !map.in) return Outcome::nothing;
  const bool both = pending_ && map.in;
  const auto outcome = !both ? Outcome::broken : map.in->dropped ? Outcome::given_up : join(map, last, visitor);
  if (outcome != Outcome::goes_on) pending_.reset();
  return outcome;
}

CarryGlue::Outcome CarryGlue::join(const ChangeMap& map, std::optional<Lsn> last, postgres::WalVisitor& visitor) {
  const auto& carry = *map.in;
  const std::uint32_t left = pending_->total_size - pending_->seen;
  if (carry.remaining != left || carry.part.size > left) return Outcome::broken;
  postgres::append_part(*pending_, carry.part);
  if (carry.part.size < left) return map.first.value == 0 ? Outcome::goes_on : Outcome::broken;
  if (last && postgres::previous_of(*pending_) != last) return Outcome::broken;
  const Lsn end = end_of_continuation(map, carry.part.size);
  return postgres::finish_record(*pending_, end, map.major, visitor) ? Outcome::finished : Outcome::broken;
}

}  // namespace owl::wal
