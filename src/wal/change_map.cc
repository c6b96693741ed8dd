#include "wal/change_map.h"

#include <fmt/core.h>

#include "postgres/layout.h"

namespace owl::wal {

std::optional<postgres::BlockNumber> ChangedBlocks::limit_of(const postgres::RelationFile& file) const {
  if (tablespaces.contains(file.tablespace) || databases.contains({file.tablespace, file.database})) return 0;
  const auto found = relations.find(file);
  return found == relations.end() ? std::nullopt : found->second.limit;
}

bool ChangedBlocks::covers(const postgres::RelationFile& file, postgres::BlockNumber block) const {
  if (const auto limit = limit_of(file); limit && block >= *limit) return true;
  const auto found = relations.find(file);
  return found != relations.end() && found->second.blocks.contains(block);
}

std::uint64_t ChangedBlocks::block_count() const {
  std::uint64_t count = 0;
  for (const auto& [file, changes] : relations) count += changes.blocks.count();
  return count;
}

bool is_sound(const ChangeMap& map) {
  using postgres::is_power_of_two;
  const bool sizes = is_power_of_two(map.segment_size) && map.segment_size >= 1u << 20 &&
                     map.segment_size <= 1u << 30 && is_power_of_two(map.page_size) && map.page_size >= 1u << 10 &&
                     map.page_size <= 1u << 16;
  if (!sizes || map.segment_start.value % map.segment_size != 0) return false;
  const postgres::Lsn end = map.segment_start + map.segment_size;
  if (end < map.segment_start) return false;
  for (const auto lsn : {map.first, map.last, map.out ? map.out->start : postgres::Lsn{}}) {
    if (lsn.value != 0 && (lsn < map.segment_start || lsn >= end)) return false;
  }
  const bool ends_inside = map.end >= map.segment_start && map.end <= end;
  const bool carry_fits = !map.in || map.in->part.size <= map.segment_size;
  const bool out_is_end = !map.out || map.out->start == map.end;
  return ends_inside && carry_fits && out_is_end && map.first_previous <= map.first;
}

std::string to_text(const Poison& poison) {
  const auto lsn = postgres::to_text(poison.lsn);
  switch (poison.kind) {
    case Poison::Kind::minimal_wal:
      return fmt::format("wal_level was minimal at {}", lsn);
    case Poison::Kind::special_change:
      return fmt::format("the record at {} changes relations in a way that is not known here", lsn);
    case Poison::Kind::unreadable:
      return fmt::format("no record can be read at {}", lsn);
  }
  return fmt::format("a reason of a later version at {}", lsn);
}

}  // namespace owl::wal
