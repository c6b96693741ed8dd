#pragma once

#include "codec/wal_lane_plan.h"
#include "codec/wal_shape.h"

namespace owl::codec {

/// Rows of COPY: the data of a record's block are many tuples, each behind a header of its own
/// (access/heapam_xlog.h: xl_multi_insert_tuple). They are taken apart once more, tuple by tuple.
constexpr bool holds_many_tuples(const WalShape& shape, const WalShape::Block& block) {
  constexpr std::uint8_t heap2_manager = 9, operation_mask = 0x70, multi_insert = 0x50;
  return shape.manager == heap2_manager && (shape.info & operation_mask) == multi_insert && block.id == 0;
}

/// One thread at a time; memory is kept.
class MultiInsertWriter {
 public:
  /// False: some row isn't built like that; nothing was written but the word of it.
  bool put(std::span<const LaneRow> rows, const RowBases& bases, std::uint64_t key, LanePlanner& planner,
           LaneWriter& lanes, StreamSet& streams);

 private:
  bool take_apart(std::span<const LaneRow> rows, const RowBases& bases);

  NumberWriter numbers_;
  std::vector<std::uint32_t> sizes_, counts_, lengths_, infomasks2_, infomasks_, header_sizes_, padding_, nulls_, xids_;
  std::vector<LaneRow> tuples_;
};

/// One thread at a time; memory is kept.
class MultiInsertReader {
 public:
  /// Of that many records; puts their rows behind those in `lanes`.
  LaneReader::Lane read(StreamReader& reader, std::span<const std::uint32_t> record_xids, std::size_t limit,
                        LaneReader& lanes);

 private:
  bool read_tuples(StreamReader& reader, std::size_t rows, std::size_t limit);
  bool put_together(std::uint8_t* to, LaneReader::Lane data);
  bool count_bytes();

  std::vector<std::uint32_t> sizes_, counts_, lengths_, infomasks2_, infomasks_, header_sizes_, padding_, nulls_, xids_;
  LaneReader tuples_;
  std::size_t total_ = 0;  ///< bytes of all rows
};

}  // namespace owl::codec
