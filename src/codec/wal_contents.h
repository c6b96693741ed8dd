#pragma once

#include <span>
#include <vector>

#include "codec/wal_images.h"
#include "codec/wal_multi_insert.h"

namespace owl::codec {

/// What the streams of a stretch of WAL say: read from bytes that nobody vouches for, and checked as far as the reading
/// of one part needs another's. All sizes are bounded by the stretch's. The bytes of records that were not taken apart
/// are still to be taken from `reader`.
struct WalContents {
  /// The rows of a lane that are still to be used.
  struct LaneCursor {
    const std::uint8_t* next = nullptr;
    const std::uint32_t* size = nullptr;
    std::size_t step = 0;  ///< 0: all have one size
  };

  /// False: they are malformed. `size`: of the stretch. With an original, full-page images are compared with it.
  bool read(std::span<const ByteView> streams, std::uint64_t size, const WalImageJoiner::Original* original);

  StreamReader reader;
  WalFrame frame;
  std::uint64_t first_previous = 0;  ///< back link of the first record
  std::uint64_t base = 0;            ///< address of the stretch
  int major = 0;
  ByteView first_header, head, tail, outside, odd_headers;
  std::vector<std::uint32_t> odd_pages;

  std::vector<WalRelation> relations;
  std::vector<WalShape> shapes;
  std::vector<std::uint16_t> sequence;
  std::vector<std::uint32_t> xids;
  std::vector<std::uint32_t> raw_totals;
  ByteView raw_heads;  ///< info and resource manager of each
  std::vector<std::uint32_t> origins, toplevel_xids, block_numbers;
  WalImageJoiner images;
  std::vector<LaneCursor> cursors;      ///< of all lanes
  std::vector<std::size_t> first_lane;  ///< of each shape, in `cursors`

 private:
  void read_frame(std::uint64_t size);
  void read_first_header();
  void read_odd_pages(std::uint64_t page_count);
  void read_shapes();
  void read_shape(WalShape& shape);
  void read_sequence(std::uint64_t size);
  bool check_uses(std::uint64_t size) const;
  void read_raw_records();
  void read_block_numbers();
  void read_lanes(std::uint64_t size);
  void read_lanes_of(std::size_t shape, std::uint64_t size);

  std::vector<std::uint32_t> uses_;  // of raw records, then of each shape
  std::size_t track_count_ = 0;
  std::vector<std::uint32_t> track_begins_, by_track_;
  std::vector<std::uint32_t> xids_by_shape_, shape_begins_, places_;
  std::vector<WalImageJoiner::Origin> image_origins_;
  LaneReader lanes_;
  MultiInsertReader multi_inserts_;
  std::vector<LaneReader::Lane> lane_list_;
};

}  // namespace owl::codec
