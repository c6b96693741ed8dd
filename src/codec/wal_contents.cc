#include "codec/wal_contents.h"

#include <algorithm>

namespace owl::codec {
namespace {

constexpr std::size_t control = wal_stream::control;
namespace record = wal_layout::record;

constexpr std::size_t most_relations = 1u << 13, most_shapes = 1u << 12;

}  // namespace

/// Everything but the raw records' bytes.
bool WalContents::read(std::span<const ByteView> streams, std::uint64_t size,
                       const WalImageJoiner::Original* original) {
  reader.reset(streams);
  read_frame(size);
  if (reader.ok()) read_shapes();
  if (reader.ok()) read_sequence(size);
  if (reader.ok()) read_raw_records();
  if (reader.ok()) read_block_numbers();
  if (reader.ok()) images.read(reader, image_origins_, relations.size(), major, size, original);
  if (reader.ok()) read_lanes(size);
  return reader.ok();
}

void WalContents::read_frame(std::uint64_t size) {
  const unsigned page_shift = reader.byte(control);
  if (size > largest_wal_stretch || page_shift > 16 || 1u << page_shift < least_wal_page) return reader.fail();
  frame.size = size;
  frame.page_size = 1u << page_shift;
  if (reader.varint(control) * frame.page_size != size) reader.fail();
  for (auto* const value : {&frame.pages, &frame.head, &frame.tail, &frame.outside}) {
    *value = reader.varint(control);
    if (*value > size) reader.fail();
  }
  first_previous = reader.varint(control);
  if (frame.pages == 0 || frame.pages > size / frame.page_size) reader.fail();
  if (!reader.ok()) return;
  read_first_header();
  head = reader.view(wal_stream::edges, frame.head);
  tail = reader.view(wal_stream::edges, frame.tail);
  outside = reader.view(wal_stream::edges, frame.outside);
  read_odd_pages(frame.pages);
}

void WalContents::read_first_header() {
  const auto* const first = reader.take(wal_stream::edges, wal_layout::page::short_header);
  const std::size_t rest = page_header_size(first) - wal_layout::page::short_header;
  first_header = {first, wal_layout::page::short_header + reader.view(wal_stream::edges, rest).size()};
  if (!reader.ok()) return;
  std::memcpy(&base, first_header.data() + wal_layout::page::address_at, sizeof(base));
  std::uint16_t magic;
  std::memcpy(&magic, first_header.data() + wal_layout::page::magic_at, sizeof(magic));
  major = wal_layout::major_of_page_magic(magic);
  if (major == 0) reader.fail();
}

void WalContents::read_odd_pages(std::uint64_t page_count) {
  const std::uint64_t count = reader.varint(control);
  if (count >= page_count) return reader.fail();
  odd_pages.clear();
  std::uint64_t page = 0;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    const std::uint64_t gap = reader.varint(control);
    page += gap;
    if (gap == 0 || gap > page_count || page >= page_count) return reader.fail();
    odd_pages.push_back(static_cast<std::uint32_t>(page));
  }
  odd_headers = reader.view(wal_stream::edges, count * wal_layout::page::short_header);
}

void WalContents::read_shapes() {
  const std::uint64_t relation_count = reader.varint(control);
  if (relation_count > most_relations) return reader.fail();
  relations.resize(relation_count);
  for (auto& relation : relations) {
    std::memcpy(relation.bytes.data(), reader.take(control, WalRelation::stored_size), WalRelation::stored_size);
  }
  track_count_ = reader.varint(control);
  const std::uint64_t shape_count = reader.varint(control);
  if (track_count_ > ParsedWal::most_tracks || shape_count > most_shapes) return reader.fail();
  shapes.assign(shape_count, {});
  for (auto& shape : shapes) {
    if (reader.ok()) read_shape(shape);
  }
}

void WalContents::read_shape(WalShape& shape) {
  for (auto* const byte : {&shape.manager, &shape.info, &shape.extras, &shape.block_count})
    *byte = reader.byte(control);
  const std::uint8_t main = shape.extras & WalShape::main_mask;
  if (shape.block_count > WalShape::most_blocks || (shape.extras & ~WalShape::known_extras) != 0 ||
      main == WalShape::main_mask) {
    return reader.fail();
  }
  for (std::size_t i = 0; i < shape.block_count; ++i) {
    auto& block = shape.blocks[i];
    block.id = reader.byte(control);
    block.flags = reader.byte(control);
    if (!block.names_relation() && i == 0) return reader.fail();
    const std::uint64_t relation = block.names_relation() ? reader.varint(control) : shape.blocks[i - 1].relation;
    const std::uint64_t track = reader.varint(control);
    if (relation >= relations.size() || track >= track_count_) return reader.fail();
    block.relation = static_cast<std::uint16_t>(relation);
    block.track = static_cast<std::uint16_t>(track);
  }
}

void WalContents::read_sequence(std::uint64_t size) {
  const std::uint64_t count = reader.varint(control);
  if (count > size / record::header) return reader.fail();
  sequence.resize(count);
  const bool is_wide = shapes.size() > 255;
  const auto low = reader.view(wal_stream::sequence, count);
  const auto high = reader.view(wal_stream::sequence, is_wide ? count : 0);
  if (!reader.ok()) return;
  uses_.assign(shapes.size() + 1, 0);
  bool right = true;
  for (std::size_t i = 0; i < count; ++i) {
    const auto shape = static_cast<std::uint16_t>(low[i] | (is_wide ? high[i] << 8 : 0));
    sequence[i] = shape;
    right &= shape <= shapes.size();
    ++uses_[std::min<std::size_t>(shape, shapes.size())];
  }
  if (!right || !check_uses(size)) return reader.fail();
  xids.resize(count);
  read_numbers(reader, xids);
}

/// Could all these records be in a segment? Keeps what is read of each from taking more memory than that.
bool WalContents::check_uses(std::uint64_t size) const {
  std::uint64_t total = uses_[0] * record::header;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    std::uint64_t least = record::header;
    for (const auto& block : shapes[i].all_blocks()) {
      least += 8u + (block.has_image() ? 5u : 0u) + (block.has_data() ? 1u : 0u);
    }
    total += uses_[i + 1] * least;
  }
  return total <= size;
}

void WalContents::read_raw_records() {
  raw_totals.resize(uses_[0]);
  read_numbers(reader, raw_totals);
  raw_heads = reader.view(control, std::size_t{2} * uses_[0]);
  std::size_t with_origin = 0, with_toplevel_xid = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    with_origin += (shapes[i].extras & WalShape::has_origin) != 0 ? uses_[i + 1] : 0;
    with_toplevel_xid += (shapes[i].extras & WalShape::has_toplevel_xid) != 0 ? uses_[i + 1] : 0;
  }
  origins.resize(with_origin);
  read_numbers(reader, origins);
  toplevel_xids.resize(with_toplevel_xid);
  read_numbers(reader, toplevel_xids);
}

void WalContents::read_block_numbers() {
  track_begins_.assign(track_count_ + 1, 0);
  std::size_t total = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    for (const auto& block : shapes[i].all_blocks()) track_begins_[block.track] += uses_[i + 1];
  }
  for (auto& begin : track_begins_) {
    const auto own = begin;
    begin = static_cast<std::uint32_t>(total);
    total += own;
  }
  by_track_.resize(total);
  for (std::size_t track = 0; track < track_count_; ++track) {
    read_numbers(reader,
                 std::span(by_track_).subspan(track_begins_[track], track_begins_[track + 1] - track_begins_[track]));
  }
  block_numbers.resize(total);
  image_origins_.clear();
  std::size_t next = 0;
  for (const auto number : sequence) {
    if (number == ParsedWal::raw_record) continue;
    for (const auto& block : shapes[number - 1u].all_blocks()) {
      const std::uint32_t value = by_track_[track_begins_[block.track]++];
      block_numbers[next++] = value;
      if (!block.has_image()) continue;
      image_origins_.push_back({value, block.relation});
    }
  }
}

void WalContents::read_lanes(std::uint64_t size) {
  shape_begins_.resize(shapes.size());
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    shape_begins_[i] = begin;
    begin += uses_[i + 1];
  }
  places_ = shape_begins_;
  xids_by_shape_.resize(begin);
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    if (sequence[i] != ParsedWal::raw_record) xids_by_shape_[places_[sequence[i] - 1u]++] = xids[i];
  }
  lanes_.clear();
  lane_list_.clear();
  first_lane.clear();
  for (std::size_t i = 0; i < shapes.size() && reader.ok(); ++i) {
    first_lane.push_back(lane_list_.size());
    read_lanes_of(i, size);
  }
  if (!reader.ok()) return;
  cursors.clear();
  for (const auto& lane : lane_list_) {
    cursors.push_back({lanes_.row(lane.begin), lanes_.sizes() + lane.first_size, lane.alike ? 0u : 1u});
  }
}

void WalContents::read_lanes_of(std::size_t shape, std::uint64_t size) {
  const auto own_xids = std::span(xids_by_shape_).subspan(shape_begins_[shape], uses_[shape + 1]);
  for (const auto& block : shapes[shape].all_blocks()) {
    if (!block.has_data() || !reader.ok()) continue;
    lane_list_.push_back(holds_many_tuples(shapes[shape], block) ? multi_inserts_.read(reader, own_xids, size, lanes_)
                                                                 : lanes_.read(reader, own_xids, size));
  }
  if (shapes[shape].has_main() && reader.ok()) lane_list_.push_back(lanes_.read(reader, own_xids, size));
}

}  // namespace owl::codec
