#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "wal/change_map.h"

namespace owl::wal {

/// A stretch of WAL of which it is not known what it changed.
struct MapHole {
  postgres::Lsn from, to;
  std::string reason;  ///< for people
};

struct ChangeUnion {
  ChangedBlocks changes;
  std::vector<MapHole> holes;  ///< with any, `changes` may lack something, and must not be used
  postgres::Lsn full_page_writes_off;

  bool complete() const { return holes.empty(); }
};

/// All that the records from `from` on (a record's start, as a backup's redo pointer is) and before `to` changed; it
/// may hold more. `maps`: of the segments that lie on the one way through the timelines, in their order; whoever calls
/// has chosen them. What can't be proven to be whole and in order is a hole: neighbours must chain by the link that
/// each record has to the one before, and what crosses a border must come out with the checksum that it was written
/// with.
ChangeUnion union_of(std::span<const ChangeMap* const> maps, postgres::Lsn from, postgres::Lsn to);

/// Joins maps one by one, so that not all have to be in memory at once. `also` is told of the records that cross
/// borders, too.
class ChangeUnionBuilder {
 public:
  ChangeUnionBuilder(postgres::Lsn from, postgres::Lsn to, postgres::WalVisitor* also = nullptr);
  ~ChangeUnionBuilder();
  void add(const ChangeMap& map);
  ChangeUnion finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::wal
