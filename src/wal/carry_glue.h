#pragma once

#include <optional>

#include "wal/change_map.h"

namespace owl::wal {

/// Puts records together that cross from one segment into the next: the map of each segment in turn enters and leaves.
class CarryGlue {
 public:
  enum class Outcome {
    nothing,   ///< no record crossed
    goes_on,   ///< it fills this segment, too
    finished,  ///< it was reported to the visitor
    given_up,  ///< a crash had cut it off, and recovery gave it up: it never took effect
    broken,    ///< what is here does not belong to what was there, or something that matters is missing
  };
  /// At a segment's head. `last`: the last whole record before, which the crossing one must name; nullopt: not known.
  Outcome enter(const ChangeMap& map, std::optional<postgres::Lsn> last, postgres::WalVisitor& visitor);
  /// At its end.
  void leave(const ChangeMap& map) {
    if (map.out) pending_ = map.out;
  }
  void forget() { pending_.reset(); }

  /// The record that is on its way.
  const std::optional<postgres::UnfinishedRecord>& pending() const { return pending_; }

 private:
  Outcome join(const ChangeMap& map, std::optional<postgres::Lsn> last, postgres::WalVisitor& visitor);

  std::optional<postgres::UnfinishedRecord> pending_;
};

}  // namespace owl::wal
