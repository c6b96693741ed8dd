#pragma once

#include <cstdint>
#include <vector>

#include "codec/wal_lane.h"
#include "codec/wal_pages.h"
#include "codec/wal_shape.h"

namespace owl::codec {

/// A full-page image, as it lies in a record.
struct WalImage {
  std::uint32_t at = 0;  ///< in the segment
  std::uint32_t block = 0;
  std::uint16_t relation = 0;
  std::uint16_t size = 0, hole_at = 0, hole_size = 0;  ///< bytes; the hole's size only where it is told
  std::uint8_t info = 0;
  bool is_compressed = false;
};

/// A segment taken apart, in the order of its records. Nothing of it is copied but what crosses pages; `spill` holds
/// that.
struct ParsedWal {
  WalFrame frame;
  std::uint32_t tail_at = 0;         ///< where the frame's tail begins
  std::uint64_t first_previous = 0;  ///< of the first record

  std::vector<WalRelation> relations;
  static constexpr std::size_t most_tracks = 1u << 14;
  std::uint32_t track_count = 0;  ///< of block numbers: those of a relation's fork that belong together
  std::vector<WalShape> shapes;
  std::vector<std::uint32_t> shape_uses;  ///< records of each shape

  static constexpr std::uint16_t raw_record = 0;  ///< in `sequence`; shape i is i + 1
  std::vector<std::uint16_t> sequence;
  std::vector<std::uint32_t> xids;           ///< of each record
  std::vector<std::uint32_t> block_numbers;  ///< of each block of records with a shape
  std::vector<LaneRow> rows;                 ///< data of each block that has some, then the main data, of each of them
  std::vector<std::uint16_t> origins;        ///< of those that have one
  std::vector<std::uint32_t> toplevel_xids;
  std::vector<WalImage> images;

  struct RawRecord {
    std::uint32_t at = 0, total = 0;  ///< `at`: of what follows the header
    std::uint8_t info = 0, manager = 0;
  };
  std::vector<RawRecord> raw_records;
  std::vector<std::uint32_t> odd_pages;  ///< whose headers aren't as predicted
  Bytes spill;

  void clear();
};

/// Takes stretches of WAL apart: a segment, or some of its pages. Checks every record's checksum and back link: they
/// are not stored, so the first one that isn't as it would be computed ends the records, and the rest is kept as it is.
/// One thread at a time; memory is kept.
class WalParser {
 public:
  WalParser();

  /// False: this is no WAL segment of PostgreSQL 13 to 18, or nothing is gained by taking it apart. `segment` outlives
  /// the use of what was parsed.
  bool parse(ByteView segment, std::uint32_t page_size);
  const ParsedWal& parsed() const { return out_; }
  const WalPages& pages() const { return pages_; }

 private:
  /// A record's headers.
  struct Fragments {
    struct Block {
      std::uint32_t number;
      std::uint16_t data_size, image_size, hole_at, hole_size;
      std::uint8_t image_info;
    };
    WalShape shape;
    std::array<Block, WalShape::most_blocks> blocks{};
    std::uint32_t main_size = 0, toplevel_xid = 0;
    std::uint16_t origin = 0;
    std::uint32_t end = 0;        ///< of the headers, from the record's first byte
    std::uint64_t data_size = 0;  ///< of the blocks' images and data
  };
  /// Of a relation's blocks, by fork and by whether the record names them first.
  static constexpr std::size_t forks = 4;
  using Tracks = std::array<std::uint16_t, 2 * forks>;

  bool read_frame(std::uint32_t page_size);
  std::uint32_t take_head();
  std::uint32_t walk(std::uint32_t at);
  void take_rest(std::uint32_t at);
  void check_page(std::uint64_t page, std::uint32_t remaining);
  void check_pages(std::uint32_t at, std::uint64_t total);
  bool is_next_record(std::uint32_t at, std::uint32_t total, const std::uint8_t* head) const;
  std::uint32_t record_crc(std::uint32_t at, std::uint32_t total) const;
  const std::uint8_t* head_of(std::uint32_t at, std::size_t size);
  void take_record(std::uint32_t at, std::uint32_t total, const std::uint8_t* head);
  bool read_fragments(const std::uint8_t* head, std::uint32_t total, Fragments& out);
  bool read_block(const std::uint8_t*& from, const std::uint8_t* end, Fragments& out);
  const std::uint8_t* read_image_header(const std::uint8_t* from, Fragments::Block& out) const;
  std::uint32_t relation_of(const std::uint8_t* bytes);
  std::uint32_t track_of(std::uint32_t relation, std::uint8_t fork, bool is_first);
  std::uint32_t shape_of(const WalShape& shape);
  void take_raw(std::uint32_t at, std::uint32_t total, const std::uint8_t* head);
  void take_parts(const Fragments& fragments, std::uint32_t data_at);
  LaneRow row_at(std::uint32_t at, std::uint32_t size);
  bool is_predicted(std::uint64_t page, std::uint32_t remaining) const;

  ByteView segment_;
  WalPages pages_;
  int major_ = 0;
  std::uint64_t base_ = 0;      // address of the segment's first byte
  std::uint64_t previous_ = 0;  // address of the record before
  std::array<std::uint8_t, 1024> head_;
  Fragments fragments_;  // of the record at hand
  NumberTable relation_table_{1u << 14}, shape_table_{1u << 13};
  std::vector<Tracks> tracks_;                      // of each relation
  std::array<std::uint16_t, 256> recent_shapes_{};  // by a few of their bits
  std::uint32_t last_relation_ = 0;
  ParsedWal out_;
};

}  // namespace owl::codec
