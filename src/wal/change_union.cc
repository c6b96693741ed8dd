#include "wal/change_union.h"

#include <fmt/core.h>

#include <memory>

#include "postgres/wal_fan_out.h"
#include "postgres/wal_page.h"
#include "wal/carry_glue.h"
#include "wal/change_collector.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::to_text;

/// Where a record stands that "begins" at a page's start: behind the page's header.
Lsn behind_page_header(Lsn lsn, const ChangeMap& map) {
  if (map.page_size == 0 || lsn.value % map.page_size != 0) return lsn;
  const bool at_segment = lsn.value % map.segment_size == 0;
  return lsn + (at_segment ? postgres::WalPageHeader::long_size : postgres::WalPageHeader::short_size);
}

}  // namespace

struct ChangeUnionBuilder::State {
  State(Lsn from_lsn, Lsn to_lsn, postgres::WalVisitor* also)
      : from(from_lsn), to(to_lsn), visitors(collector, also != nullptr ? *also : nobody) {}

  void add(const ChangeMap& map);
  void begin_with(const ChangeMap& map);
  bool follows(const ChangeMap& map);
  void take(const ChangeMap& map);
  void hole(Lsn begin, Lsn end, std::string reason);

  const Lsn from, to;
  ChangeCollector collector;
  postgres::WalVisitor nobody;
  postgres::WalFanOut<ChangeCollector, postgres::WalVisitor> visitors;
  ChangeUnion out;

  std::optional<Lsn> covered;  // all records up to here are known; nullopt: no map told of `from` yet
  std::uint64_t next_segment = 0, segment_size = 0;
  int major = 0;
  std::uint32_t page_size = 0;
  Lsn last;  // the last whole record
  CarryGlue glue;
};

/// Only what lies in the stretch that is asked for counts.
void ChangeUnionBuilder::State::hole(Lsn begin, Lsn end, std::string reason) {
  begin = std::max(begin, from);
  end = std::min(end, to);
  if (begin < end) out.holes.push_back({begin, end, std::move(reason)});
}

void ChangeUnionBuilder::State::add(const ChangeMap& map) {
  if (map.segment_start >= to || map.segment_start + map.segment_size <= from) return;
  if (!covered) {
    begin_with(map);
  } else if (!follows(map)) {
    glue.forget();  // a hole was noted; from the first record of this segment on, all is known again
  }
  take(map);
}

void ChangeUnionBuilder::State::begin_with(const ChangeMap& map) {
  const Lsn start = behind_page_header(from, map);
  if (map.first.value == 0) {
    hole(from, map.segment_start + map.segment_size,
         fmt::format("no record begins in the segment of {}", to_text(map.segment_start)));
  } else if (start < map.first) {
    hole(from, map.first, fmt::format("the first map tells of {} and what follows", to_text(map.first)));
  }
}

/// Does this segment go on where the one before ended? What is not so is a hole up to its first record.
bool ChangeUnionBuilder::State::follows(const ChangeMap& map) {
  const Lsn resume = map.first.value != 0 ? map.first : map.segment_start + map.segment_size;
  const Lsn gap = *covered;
  if (map.segment_start.value < next_segment) hole(from, to, "the maps are not in the order of their segments");
  if (map.segment_start.value != next_segment || map.segment_size != segment_size || map.major != major ||
      map.page_size != page_size) {
    hole(gap, resume, fmt::format("no map of the segment of {}", to_text(Lsn{next_segment})));
    return false;
  }
  const auto begun = glue.pending() ? glue.pending()->start : Lsn{};
  const auto known_last = last.value != 0 ? std::optional(last) : std::nullopt;
  const auto outcome = glue.enter(map, known_last, visitors);
  if (outcome == CarryGlue::Outcome::finished) last = begun;
  if (outcome == CarryGlue::Outcome::broken) {
    hole(gap, resume,
         fmt::format("the record at {} can't be put together over the border at {}", to_text(gap),
                     to_text(map.segment_start)));
    return false;
  }
  // A whole record that follows none is the first after pg_resetwal.
  if (map.last.value != 0 && map.first_previous.value == 0) {
    hole(gap, resume, fmt::format("the WAL begins anew at {}", to_text(map.first)));
    return false;
  }
  // Where its first record is all that begins here, and hardly does, the glue compares.
  const bool link_known = map.first.value != 0 && map.first_previous.value != 0;
  if (link_known && map.first_previous != last) {
    hole(gap, resume,
         fmt::format("the record at {} follows one at {}, not the one at {}", to_text(map.first),
                     to_text(map.first_previous), to_text(last)));
    return false;
  }
  return true;
}

void ChangeUnionBuilder::State::take(const ChangeMap& map) {
  const Lsn segment_end = map.segment_start + map.segment_size;
  collector.add(map.changes);
  for (const auto& poison : map.poison) {
    const bool unreadable = poison.kind == Poison::Kind::unreadable;
    if (!unreadable && poison.lsn < from) continue;  // over by then: no backup starts under wal_level=minimal
    hole(poison.lsn, unreadable ? segment_end : std::max(map.end, poison.lsn + 1), wal::to_text(poison));
  }
  if (out.full_page_writes_off.value == 0) out.full_page_writes_off = map.full_page_writes_off;
  if (map.last.value != 0) last = map.last;
  glue.leave(map);
  covered = glue.pending() ? glue.pending()->start : map.first.value != 0 ? map.end : segment_end;
  next_segment = segment_end.value;
  segment_size = map.segment_size;
  page_size = map.page_size;
  major = map.major;
}

ChangeUnionBuilder::ChangeUnionBuilder(Lsn from, Lsn to, postgres::WalVisitor* also)
    : state_(std::make_unique<State>(from, to, also)) {}
ChangeUnionBuilder::~ChangeUnionBuilder() = default;

void ChangeUnionBuilder::add(const ChangeMap& map) {
  state_->add(map);
}

ChangeUnion ChangeUnionBuilder::finish() {
  auto& s = *state_;
  if (!s.covered) {
    s.hole(s.from, s.to, "no map tells of it");
  } else {
    ChangeMap geometry;
    geometry.segment_size = static_cast<std::uint32_t>(s.segment_size);
    geometry.page_size = s.page_size;
    const Lsn reached = behind_page_header(*s.covered, geometry);
    if (reached < s.to) s.hole(*s.covered, s.to, fmt::format("the maps end at {}", to_text(*s.covered)));
  }
  for (const auto& poison : s.collector.poison()) s.hole(poison.lsn, poison.lsn + 1, wal::to_text(poison));
  if (s.out.full_page_writes_off.value == 0) s.out.full_page_writes_off = s.collector.full_page_writes_off();
  s.out.changes = s.collector.take_changes();
  return std::move(s.out);
}

ChangeUnion union_of(std::span<const ChangeMap* const> maps, Lsn from, Lsn to) {
  ChangeUnionBuilder builder(from, to);
  for (const auto* map : maps) builder.add(*map);
  return builder.finish();
}

}  // namespace owl::wal
