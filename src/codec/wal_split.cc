#include "codec/wal_split.h"

#include <bit>

#include "codec/wal_images.h"
#include "codec/wal_multi_insert.h"
#include "codec/wal_parse.h"

namespace owl::codec {
namespace {

constexpr std::size_t control = wal_stream::control;

/// Of a lane: what its rows are like is a matter of these.
std::uint64_t key_of(const WalShape& shape, std::size_t block, std::uint32_t file) {
  return std::uint64_t{file} << 32 | std::uint64_t{shape.manager} << 24 | std::uint64_t{shape.info} << 16 |
         std::uint64_t{shape.extras} << 8 | block;
}
constexpr std::size_t main_data = 0xff, many_tuples = 0xfe;  ///< in place of a block's number

/// Beginnings from counts, in place.
template <typename T>
void accumulate(std::vector<T>& counts) {
  T before = 0;
  for (auto& count : counts) {
    const T own = count;
    count = before;
    before += own;
  }
}

}  // namespace

struct WalSplitter::State {
  void put_frame();
  void put_shapes();
  void put_sequence();
  void put_raw_records();
  void put_block_numbers();
  void put_lanes();
  void put_shape_lanes(const WalShape& shape, std::span<const std::uint32_t> xids, const LaneRow*& rows);
  void sort_by_shape();
  void gather(std::uint32_t at, std::uint64_t size, std::size_t stream);
  void put_numbers(std::span<const std::uint32_t> array) { numbers.put(array, streams); }

  WalParser parser;
  const ParsedWal* parsed = nullptr;
  ByteView segment;
  WalPages pages;
  StreamSet streams{wal_stream::count};
  NumberWriter numbers;
  LaneWriter lanes;
  LanePlanner planner;
  MultiInsertWriter multi_inserts;
  WalImageSplitter images{1};

  std::vector<std::uint32_t> values;  ///< of one array at a time
  std::vector<std::uint32_t> track_begins, by_track;
  std::vector<std::uint32_t> shape_begins, xids_by_shape;
  std::vector<std::size_t> row_begins, lane_counts;  ///< of each shape
  std::vector<LaneRow> rows_by_lane;
};

WalSplitter::WalSplitter() : state_(std::make_unique<State>()) {}
WalSplitter::WalSplitter(WalSplitter&&) noexcept = default;
WalSplitter::~WalSplitter() = default;

const StreamSet& WalSplitter::streams() const {
  return state_->streams;
}

const ParsedWal& WalSplitter::parsed() const {
  return state_->parser.parsed();
}

const WalPages& WalSplitter::pages() const {
  return state_->pages;
}

bool WalSplitter::split(ByteView wal, std::uint32_t page_size) {
  auto& state = *state_;
  state.streams.clear(3 * largest_wal_stretch);
  if (!state.parser.parse(wal, page_size)) return false;
  state.parsed = &state.parser.parsed();
  state.segment = wal;
  state.pages = state.parser.pages();
  state.put_frame();
  state.put_shapes();
  state.put_sequence();
  state.put_raw_records();
  state.put_block_numbers();
  state.images.put(*state.parsed, wal, state.pages, state.streams);
  state.put_lanes();
  return true;
}

void WalSplitter::State::gather(std::uint32_t at, std::uint64_t size, std::size_t stream) {
  pages.for_each_part(at, size, [&](std::uint32_t part_at, std::uint32_t part) {
    streams.bytes(stream, segment.subspan(part_at, part));
  });
}

void WalSplitter::State::put_frame() {
  const auto& frame = parsed->frame;
  streams.byte(control, static_cast<std::uint8_t>(std::countr_zero(frame.page_size)));
  streams.varint(control, frame.size / frame.page_size);
  streams.varint(control, frame.pages);
  streams.varint(control, frame.head);
  streams.varint(control, frame.tail);
  streams.varint(control, frame.outside);
  streams.varint(control, parsed->first_previous);
  streams.bytes(wal_stream::edges, segment.first(pages.first_place()));
  gather(pages.first_place(), frame.head, wal_stream::edges);
  if (frame.tail != 0) gather(parsed->tail_at, frame.tail, wal_stream::edges);
  streams.bytes(wal_stream::edges, segment.subspan(frame.pages * frame.page_size, frame.outside));
  streams.varint(control, parsed->odd_pages.size());
  std::uint32_t before = 0;
  for (const auto page : parsed->odd_pages) {
    streams.varint(control, page - before);
    before = page;
    streams.bytes(wal_stream::edges,
                  segment.subspan(std::size_t{page} * frame.page_size, wal_layout::page::short_header));
  }
}

void WalSplitter::State::put_shapes() {
  streams.varint(control, parsed->relations.size());
  for (const auto& relation : parsed->relations) streams.bytes(control, relation.bytes);
  streams.varint(control, parsed->track_count);
  streams.varint(control, parsed->shapes.size());
  for (const auto& shape : parsed->shapes) {
    for (const auto byte : {shape.manager, shape.info, shape.extras, shape.block_count}) streams.byte(control, byte);
    for (const auto& block : shape.all_blocks()) {
      streams.byte(control, block.id);
      streams.byte(control, block.flags);
      if (block.names_relation()) streams.varint(control, block.relation);
      streams.varint(control, block.track);
    }
  }
}

void WalSplitter::State::put_sequence() {
  const auto& sequence = parsed->sequence;
  streams.varint(control, sequence.size());
  auto* low = streams.add(wal_stream::sequence, sequence.size());
  for (const auto shape : sequence) *low++ = static_cast<std::uint8_t>(shape);
  if (parsed->shapes.size() > 255) {
    auto* high = streams.add(wal_stream::sequence, sequence.size());
    for (const auto shape : sequence) *high++ = static_cast<std::uint8_t>(shape >> 8);
  }
  put_numbers(parsed->xids);
}

void WalSplitter::State::put_raw_records() {
  values.clear();
  for (const auto& record : parsed->raw_records) values.push_back(record.total);
  put_numbers(values);
  for (const auto& record : parsed->raw_records) {
    streams.byte(control, record.info);
    streams.byte(control, record.manager);
    gather(record.at, record.total - wal_layout::record::header, wal_stream::raw);
  }
  values.assign(parsed->origins.begin(), parsed->origins.end());
  put_numbers(values);
  put_numbers(parsed->toplevel_xids);
}

void WalSplitter::State::put_block_numbers() {
  track_begins.assign(parsed->track_count + 1, 0);
  for (std::size_t i = 0; i < parsed->shapes.size(); ++i) {
    for (const auto& block : parsed->shapes[i].all_blocks()) track_begins[block.track] += parsed->shape_uses[i];
  }
  accumulate(track_begins);
  if (by_track.size() < parsed->block_numbers.size()) by_track.resize(parsed->block_numbers.size());
  values = track_begins;
  const auto* number = parsed->block_numbers.data();
  for (const auto shape : parsed->sequence) {
    if (shape == ParsedWal::raw_record) continue;
    for (const auto& block : parsed->shapes[shape - 1u].all_blocks()) by_track[values[block.track]++] = *number++;
  }
  for (std::size_t track = 0; track < parsed->track_count; ++track) {
    put_numbers(std::span(by_track).subspan(track_begins[track], track_begins[track + 1] - track_begins[track]));
  }
}

/// Rows and transaction ids beside those of the same shape. The rows of a shape's first lane, then those of its second…
void WalSplitter::State::sort_by_shape() {
  const std::size_t count = parsed->shapes.size();
  shape_begins = parsed->shape_uses;
  shape_begins.push_back(0);
  accumulate(shape_begins);
  row_begins.clear();
  std::size_t rows = 0;
  lane_counts.clear();
  for (std::size_t i = 0; i < count; ++i) {
    row_begins.push_back(rows);
    lane_counts.push_back(parsed->shapes[i].lane_count());
    rows += lane_counts.back() * parsed->shape_uses[i];
  }
  xids_by_shape.resize(parsed->sequence.size());
  rows_by_lane.resize(rows);
  values.assign(shape_begins.begin(), shape_begins.end());
  const LaneRow* row = parsed->rows.data();
  for (std::size_t record = 0; record < parsed->sequence.size(); ++record) {
    if (parsed->sequence[record] == ParsedWal::raw_record) continue;
    const std::size_t shape = parsed->sequence[record] - 1u;
    const std::uint32_t place = values[shape]++;
    xids_by_shape[place] = parsed->xids[record];
    std::size_t at = row_begins[shape] + place - shape_begins[shape];
    for (std::size_t lane = lane_counts[shape]; lane > 0; --lane, at += parsed->shape_uses[shape]) {
      rows_by_lane[at] = *row++;
    }
  }
}

void WalSplitter::State::put_lanes() {
  sort_by_shape();
  const LaneRow* rows = rows_by_lane.data();
  for (std::size_t i = 0; i < parsed->shapes.size(); ++i) {
    const auto xids = std::span(xids_by_shape).subspan(shape_begins[i], parsed->shape_uses[i]);
    put_shape_lanes(parsed->shapes[i], xids, rows);
  }
}

void WalSplitter::State::put_shape_lanes(const WalShape& shape, std::span<const std::uint32_t> xids,
                                         const LaneRow*& rows) {
  const RowBases bases{segment.data(), parsed->spill.data()};
  const auto put = [&](std::size_t block, std::uint32_t file) {
    const std::span<const LaneRow> lane(rows, xids.size());
    rows += xids.size();
    auto& plan = planner.plan_for(key_of(shape, block, file), lane, xids, bases);
    lanes.put(lane, xids, bases, plan, streams);
  };
  std::uint32_t file = 0;
  for (const auto& block : shape.all_blocks()) {
    file = parsed->relations[block.relation].file();
    if (!block.has_data()) continue;
    const std::span<const LaneRow> lane(rows, xids.size());
    if (holds_many_tuples(shape, block) &&
        multi_inserts.put(lane, bases, key_of(shape, many_tuples, file), planner, lanes, streams)) {
      rows += xids.size();
    } else {
      put(block.id, file);
    }
  }
  if (shape.has_main()) put(main_data, file);
}

}  // namespace owl::codec
