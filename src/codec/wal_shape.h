#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "codec/wal_layout.h"

namespace owl::codec {

/// Main data beyond this are no rows: lists of invalidations, logical messages.
inline constexpr std::uint32_t largest_main_row = 8192;

/// What a record is like: everything in its headers that is alike in all records of its kind on its relations. Rows and
/// numbers of records of one shape are stored beside each other.
struct WalShape {
  static constexpr std::size_t most_blocks = 33;
  // Which fragments follow the blocks.
  static constexpr std::uint8_t main_short = 1, main_long = 2, main_mask = 3, has_origin = 4, has_toplevel_xid = 8,
                                known_extras = 15;

  struct Block {
    std::uint8_t id = 0, flags = 0;  ///< fork_flags
    std::uint16_t relation = 0;      ///< in the segment's list
    std::uint16_t track = 0;         ///< of block numbers, in the segment's list

    bool has_image() const { return (flags & wal_layout::block::has_image) != 0; }
    bool has_data() const { return (flags & wal_layout::block::has_data) != 0; }
    bool operator==(const Block&) const = default;
    bool names_relation() const { return (flags & wal_layout::block::same_relation) == 0; }
  };

  std::uint8_t manager = 0, info = 0, extras = 0, block_count = 0;
  std::array<Block, most_blocks> blocks{};

  bool has_main() const { return (extras & main_mask) != 0; }
  std::span<const Block> all_blocks() const { return {blocks.data(), block_count}; }
  /// Of rows: one for each block's data, one for the main data.
  std::size_t lane_count() const {
    std::size_t count = has_main() ? 1u : 0u;
    for (const auto& block : all_blocks()) count += block.has_data() ? 1u : 0u;
    return count;
  }
  bool operator==(const WalShape& other) const {
    if (manager != other.manager || info != other.info || extras != other.extras || block_count != other.block_count)
      return false;
    for (std::size_t i = 0; i < block_count; ++i) {
      if (blocks[i] != other.blocks[i]) return false;
    }
    return true;
  }
};

/// Numbers things in the order in which they are met, by open addressing. Room is kept from segment to segment.
class NumberTable {
 public:
  static constexpr std::uint32_t none = 0xffff;

  /// `size`: a power of two, of which a half is used at most.
  explicit NumberTable(std::size_t size) : slots_(size, none) {}

  void clear() { std::fill(slots_.begin(), slots_.end(), static_cast<std::uint16_t>(none)); }
  std::size_t most() const { return slots_.size() / 2; }

  /// The number of what hashes to `hash` and is the same as `number` by `is_same`, or `none`: the slot is then where it
  /// belongs.
  template <typename IsSame>
  std::uint32_t find(std::uint64_t hash, std::size_t& slot, IsSame is_same) const {
    slot = static_cast<std::size_t>((hash * 0x9e3779b97f4a7c15u) >> 32) & (slots_.size() - 1);
    while (slots_[slot] != none && !is_same(slots_[slot])) slot = (slot + 1) & (slots_.size() - 1);
    return slots_[slot];
  }
  void set(std::size_t slot, std::uint32_t number) { slots_[slot] = static_cast<std::uint16_t>(number); }

 private:
  std::vector<std::uint16_t> slots_;
};

/// A relation's files (RelFileLocator), as records name them.
struct WalRelation {
  static constexpr std::size_t stored_size = 12;
  std::array<std::uint8_t, stored_size> bytes{};  ///< tablespace, database, file: four each
  std::uint32_t file() const {
    std::uint32_t number;
    std::memcpy(&number, bytes.data() + 8, 4);
    return number;
  }
  bool operator==(const WalRelation& other) const {
    return std::memcmp(bytes.data(), other.bytes.data(), stored_size) == 0;
  }
};

}  // namespace owl::codec
