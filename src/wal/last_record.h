#pragma once

#include <cstdint>

#include "postgres/types.h"

namespace owl::wal {

/// The last record of a segment: what tells a stretch of WAL from another one that a rolled-back server wrote under the
/// same names.
struct LastRecord {
  postgres::Lsn lsn;      ///< 0: not known
  std::uint32_t crc = 0;  ///< as its header has it

  friend bool operator==(const LastRecord&, const LastRecord&) = default;
};

}  // namespace owl::wal
