#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/binary.h"
#include "postgres/types.h"

namespace owl::wal {

/// Blocks `first` to `last`, both included.
struct BlockRun {
  postgres::BlockNumber first = 0, last = 0;
  friend bool operator==(const BlockRun&, const BlockRun&) = default;
};

/// A set of block numbers as ascending runs with gaps between them.
class BlockSet {
 public:
  BlockSet() = default;

  std::span<const BlockRun> runs() const { return runs_; }
  bool empty() const { return runs_.empty(); }
  std::uint64_t count() const;
  bool contains(postgres::BlockNumber block) const;
  friend bool operator==(const BlockSet&, const BlockSet&) = default;

  /// docs/format.md, "Block sets". A block that stands alone takes a varint.
  void write(BinaryWriter& out) const;
  static BlockSet read(BinaryReader& in);

 private:
  friend class BlockCollector;
  explicit BlockSet(std::vector<BlockRun> runs) : runs_(std::move(runs)) {}

  std::vector<BlockRun> runs_;
};

/// Gathers blocks in any order, then gives the set. Memory follows the size of the set, not the number of calls.
class BlockCollector {
 public:
  void add(postgres::BlockNumber block) {
    if (!runs_.empty() && runs_.back().first <= block && block <= runs_.back().last) return;
    add(BlockRun{block, block});
  }
  void add(BlockRun run);
  void add(const BlockSet& set);
  BlockSet take();

 private:
  void tidy();

  std::vector<BlockRun> runs_;
  std::size_t tidy_at_ = 4096;
};

}  // namespace owl::wal
