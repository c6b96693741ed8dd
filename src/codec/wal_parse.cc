#include "codec/wal_parse.h"

#include <bit>

#include "codec/hash.h"
#include "codec/small_copy.h"
#include "codec/wal_streams.h"

namespace owl::codec {
namespace {

namespace page = wal_layout::page;
namespace record = wal_layout::record;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  return (std::rotl(hash, 23) ^ value) * 0xff51afd7ed558ccdu;
}

std::uint64_t hash_of(const WalShape& shape) {
  std::uint64_t hash = mixed(shape.block_count, std::uint64_t{shape.manager} | std::uint64_t{shape.info} << 8 |
                                                    std::uint64_t{shape.extras} << 16);
  for (const auto& block : shape.all_blocks()) {
    hash = mixed(hash, std::uint64_t{block.id} | std::uint64_t{block.flags} << 8 | std::uint64_t{block.relation} << 16 |
                           std::uint64_t{block.track} << 32);
  }
  return hash;
}

/// How many bytes come before the zeros at the end.
std::size_t without_zeros(ByteView bytes) {
  std::size_t size = bytes.size();
  while (size >= 64 && all_zero(bytes.subspan(size - 64, 64))) size -= 64;
  while (size > 0 && bytes[size - 1] == 0) --size;
  return size;
}

}  // namespace

void ParsedWal::clear() {
  frame = {};
  relations.clear();
  track_count = 0;
  shapes.clear();
  shape_uses.clear();
  sequence.clear();
  xids.clear();
  block_numbers.clear();
  rows.clear();
  origins.clear();
  toplevel_xids.clear();
  images.clear();
  raw_records.clear();
  odd_pages.clear();
  spill.clear();
}

WalParser::WalParser() = default;

bool WalParser::parse(ByteView segment, std::uint32_t page_size) {
  segment_ = segment;
  out_.clear();
  relation_table_.clear();
  shape_table_.clear();
  tracks_.clear();
  recent_shapes_.fill(0);
  last_relation_ = 0;
  if (!read_frame(page_size)) return false;
  take_rest(walk(take_head()));
  return !out_.sequence.empty() || out_.frame.head != 0;
}

bool WalParser::read_frame(std::uint32_t page_size) {
  if (!std::has_single_bit(page_size) || page_size < least_wal_page || page_size > largest_wal_page) return false;
  if (segment_.empty() || segment_.size() % page_size != 0 || segment_.size() > largest_wal_stretch) return false;
  const auto* const first = segment_.data();
  major_ = wal_layout::major_of_page_magic(load<std::uint16_t>(first + page::magic_at));
  if (major_ == 0) return false;
  out_.frame.size = segment_.size();
  out_.frame.page_size = page_size;
  pages_ = WalPages(segment_.size(), page_size, page_header_size(first));
  base_ = load<std::uint64_t>(first + page::address_at);
  return true;
}

/// Steps over what is left of a record that began in the segment before.
std::uint32_t WalParser::take_head() {
  const auto* const first = segment_.data();
  const std::uint32_t at = pages_.first_place();
  if ((load<std::uint16_t>(first + page::info_at) & page::continues) == 0) return at;
  const std::uint64_t remaining = load<std::uint32_t>(first + page::remaining_at);
  const std::uint64_t here = std::min(wal_layout::aligned(remaining), pages_.left(at));
  out_.frame.head = here;
  check_pages(at, std::min(remaining, here));
  return pages_.advance(at, static_cast<std::uint32_t>(here));
}

bool WalParser::is_predicted(std::uint64_t number, std::uint32_t remaining) const {
  const auto* const header = segment_.data() + number * pages_.page_size();
  const auto predicted =
      predicted_page_header(segment_.data(), header - pages_.page_size(), number * pages_.page_size(), remaining);
  return std::memcmp(header, predicted.data(), predicted.size()) == 0;
}

void WalParser::check_page(std::uint64_t number, std::uint32_t remaining) {
  if (!is_predicted(number, remaining)) out_.odd_pages.push_back(static_cast<std::uint32_t>(number));
}

/// Of what begins at a place, and of which that many bytes lie in the segment: are the headers of the pages that it
/// reaches into as they must be?
void WalParser::check_pages(std::uint32_t at, std::uint64_t total) {
  const std::uint32_t net = pages_.page_size() - static_cast<std::uint32_t>(page::short_header);
  std::uint64_t done = pages_.room(at);
  for (std::uint64_t number = pages_.page_of(at) + 1; done < total; ++number, done += net) {
    check_page(number, static_cast<std::uint32_t>(total - done));
  }
}

std::uint32_t WalParser::walk(std::uint32_t at) {
  previous_ = 0;
  while (at < segment_.size()) {
    const auto total = load<std::uint32_t>(segment_.data() + at);
    if (total < record::header || total > pages_.left(at)) break;
    const auto* const head = head_of(at, std::min<std::size_t>(total, head_.size()));
    if (!is_next_record(at, total, head)) break;
    if (out_.sequence.empty()) out_.first_previous = load<std::uint64_t>(head + record::previous_at);
    if (pages_.begins_page(at)) check_page(pages_.page_of(at), 0);
    if (pages_.room(at) < total) check_pages(at, total);
    previous_ = base_ + at;
    take_record(at, total, head);
    at = pages_.advance(at, static_cast<std::uint32_t>(wal_layout::aligned(total)));
  }
  return at;
}

/// Is everything that is not stored as it would be computed?
bool WalParser::is_next_record(std::uint32_t at, std::uint32_t total, const std::uint8_t* head) const {
  if (!out_.sequence.empty() && load<std::uint64_t>(head + record::previous_at) != previous_) return false;
  if (load<std::uint16_t>(head + record::padding_at) != 0) return false;
  if (const std::uint32_t padding = (8 - total % 8) % 8; padding != 0) {
    const std::uint32_t end = pages_.advance(at, total);
    if (!all_zero(segment_.subspan(end, padding))) return false;
  }
  return record_crc(at, total) == load<std::uint32_t>(head + record::crc_at);
}

std::uint32_t WalParser::record_crc(std::uint32_t at, std::uint32_t total) const {
  if (pages_.room(at) >= total) {
    const auto crc = crc32c(segment_.subspan(at + record::header, total - record::header));
    return crc32c(segment_.subspan(at, record::crc_at), crc);
  }
  std::uint32_t crc = 0;
  const auto add = [&](std::uint32_t part_at, std::uint32_t size) {
    crc = crc32c(segment_.subspan(part_at, size), crc);
  };
  pages_.for_each_part(pages_.advance(at, record::header), total - record::header, add);
  pages_.for_each_part(at, record::crc_at, add);
  return crc;
}

/// The first bytes of what begins at a place, in one piece: where they are, or copied together.
const std::uint8_t* WalParser::head_of(std::uint32_t at, std::size_t size) {
  if (pages_.room(at) >= size) return segment_.data() + at;
  std::uint8_t* to = head_.data();
  pages_.for_each_part(at, size, [&](std::uint32_t part_at, std::uint32_t part) {
    std::memcpy(to, segment_.data() + part_at, part);
    to += part;
  });
  return head_.data();
}

void WalParser::take_record(std::uint32_t at, std::uint32_t total, const std::uint8_t* head) {
  auto& fragments = fragments_;
  out_.xids.push_back(load<std::uint32_t>(head + record::xid_at));
  std::uint32_t shape = NumberTable::none;
  if (read_fragments(head, total, fragments)) shape = shape_of(fragments.shape);
  if (shape == NumberTable::none) return take_raw(at, total, head);
  out_.sequence.push_back(static_cast<std::uint16_t>(shape + 1));
  ++out_.shape_uses[shape];
  take_parts(fragments, pages_.advance(at, fragments.end));
}

bool WalParser::read_fragments(const std::uint8_t* head, std::uint32_t total, Fragments& out) {
  using Shape = WalShape;
  const auto* const end = head + std::min<std::size_t>(total, head_.size());
  const auto* from = head + record::header;
  out.shape.info = head[record::info_at];
  out.shape.manager = head[record::manager_at];
  out.shape.extras = out.shape.block_count = 0;
  out.main_size = 0;
  out.data_size = 0;
  while (head + total - from > static_cast<std::ptrdiff_t>(out.data_size)) {
    if (end - from < 5) {  // a short one at the record's end is the only fragment that may be smaller
      if (end - from < 2 || from[0] != wal_layout::fragment::short_data) return false;
    }
    const std::uint8_t id = *from;
    if (id <= wal_layout::fragment::highest_block && out.shape.extras == 0) {
      if (!read_block(from, end, out)) return false;
    } else if (id == wal_layout::fragment::origin && out.shape.extras == 0) {
      out.shape.extras = Shape::has_origin;
      out.origin = load<std::uint16_t>(from + 1);
      from += 3;
    } else if (id == wal_layout::fragment::toplevel_xid && major_ >= 14 && out.shape.extras <= Shape::has_origin) {
      out.shape.extras |= Shape::has_toplevel_xid;
      out.toplevel_xid = load<std::uint32_t>(from + 1);
      from += 5;
    } else if (id == wal_layout::fragment::short_data) {
      out.shape.extras |= Shape::main_short;
      out.main_size = from[1];
      from += 2;
    } else if (id == wal_layout::fragment::long_data) {
      out.shape.extras |= Shape::main_long;
      out.main_size = load<std::uint32_t>(from + 1);
      from += 5;
    } else {
      return false;
    }
    if ((out.shape.extras & Shape::main_mask) != 0) break;  // nothing may follow
  }
  out.end = static_cast<std::uint32_t>(from - head);
  return out.main_size <= largest_main_row && out.end + out.data_size + out.main_size == total;
}

bool WalParser::read_block(const std::uint8_t*& from, const std::uint8_t* end, Fragments& out) {
  constexpr std::ptrdiff_t largest = 4 + 5 + 2 + 12 + 4;
  auto& shape = out.shape;
  if (shape.block_count == WalShape::most_blocks) return false;
  const auto* at = from;
  // What lies behind a record's headers is its data; only a tiny record has less of it than a header could take.
  std::array<std::uint8_t, largest> copy{};
  if (end - from < largest) {
    std::memcpy(copy.data(), from, static_cast<std::size_t>(end - from));
    at = copy.data();
  }
  const auto* const begin = at;
  auto& block = shape.blocks[shape.block_count];
  auto& parts = out.blocks[shape.block_count];
  block.id = at[0];
  block.flags = at[1];
  parts.data_size = load<std::uint16_t>(at + 2);
  at += 4;
  if (shape.block_count > 0 && block.id <= shape.blocks[shape.block_count - 1u].id) return false;
  if (block.has_data() != (parts.data_size != 0)) return false;
  parts.image_size = 0;
  if (block.has_image()) at = read_image_header(at, parts);
  if (block.names_relation()) {
    const std::uint32_t relation = relation_of(at);
    if (relation == NumberTable::none) return false;
    block.relation = static_cast<std::uint16_t>(relation);
    at += WalRelation::stored_size;
  } else {
    if (shape.block_count == 0) return false;
    block.relation = shape.blocks[shape.block_count - 1u].relation;
  }
  parts.number = load<std::uint32_t>(at);
  at += 4;
  if (at - begin > end - from) return false;
  const std::uint32_t track =
      track_of(block.relation, block.flags & wal_layout::block::fork_mask, shape.block_count == 0);
  if (track == NumberTable::none) return false;
  block.track = static_cast<std::uint16_t>(track);
  out.data_size += parts.data_size;
  out.data_size += parts.image_size;
  ++shape.block_count;
  from += at - begin;
  return true;
}

const std::uint8_t* WalParser::read_image_header(const std::uint8_t* from, Fragments::Block& out) const {
  out.image_size = load<std::uint16_t>(from);
  out.hole_at = load<std::uint16_t>(from + 2);
  out.image_info = from[4];
  out.hole_size = 0;
  from += 5;
  if (!wal_layout::image::tells_hole_size(out.image_info, major_)) return from;
  out.hole_size = load<std::uint16_t>(from);
  return from + 2;
}

std::uint32_t WalParser::relation_of(const std::uint8_t* bytes) {
  WalRelation relation;
  std::memcpy(relation.bytes.data(), bytes, relation.bytes.size());
  if (last_relation_ < out_.relations.size() && out_.relations[last_relation_] == relation) return last_relation_;
  std::size_t slot;
  const std::uint64_t hash =
      mixed(load<std::uint64_t>(relation.bytes.data()), load<std::uint32_t>(relation.bytes.data() + 8));
  auto number = relation_table_.find(hash, slot, [&](std::uint32_t i) { return out_.relations[i] == relation; });
  if (number == NumberTable::none && out_.relations.size() < relation_table_.most()) {
    number = static_cast<std::uint32_t>(out_.relations.size());
    relation_table_.set(slot, number);
    out_.relations.push_back(relation);
    tracks_.emplace_back().fill(static_cast<std::uint16_t>(NumberTable::none));
  }
  if (number != NumberTable::none) last_relation_ = number;
  return number;
}

/// The first block that a record names and the others: an UPDATE's new place and its old one.
std::uint32_t WalParser::track_of(std::uint32_t relation, std::uint8_t fork, bool is_first) {
  if (fork >= forks) return NumberTable::none;
  auto& track = tracks_[relation][2u * fork + (is_first ? 1 : 0)];
  if (track == NumberTable::none && out_.track_count < ParsedWal::most_tracks) {
    track = static_cast<std::uint16_t>(out_.track_count++);
  }
  return track;
}

std::uint32_t WalParser::shape_of(const WalShape& shape) {
  const auto& block = shape.blocks[0];
  const std::uint32_t bits = (std::uint32_t{shape.manager} << 24 | std::uint32_t{shape.info} << 16 |
                              std::uint32_t{shape.block_count} << 8 | block.flags) ^
                             std::uint32_t{block.relation} << 8;
  auto& recent = recent_shapes_[(bits * 0x9e3779b1u) >> 24];
  if (recent < out_.shapes.size() && out_.shapes[recent] == shape) return recent;
  std::size_t slot;
  auto number = shape_table_.find(hash_of(shape), slot, [&](std::uint32_t i) { return out_.shapes[i] == shape; });
  if (number == NumberTable::none && out_.shapes.size() < shape_table_.most()) {
    number = static_cast<std::uint32_t>(out_.shapes.size());
    shape_table_.set(slot, number);
    out_.shapes.push_back(shape);
    out_.shape_uses.push_back(0);
  }
  if (number != NumberTable::none) recent = static_cast<std::uint16_t>(number);
  return number;
}

void WalParser::take_raw(std::uint32_t at, std::uint32_t total, const std::uint8_t* head) {
  out_.sequence.push_back(ParsedWal::raw_record);
  out_.raw_records.push_back(
      {pages_.advance(at, record::header), total, head[record::info_at], head[record::manager_at]});
}

void WalParser::take_parts(const Fragments& fragments, std::uint32_t at) {
  const auto& shape = fragments.shape;
  for (std::size_t i = 0; i < shape.block_count; ++i) {
    const auto& parts = fragments.blocks[i];
    const auto& block = shape.blocks[i];
    out_.block_numbers.push_back(parts.number);
    if (block.has_image()) {
      out_.images.push_back({at, parts.number, block.relation, parts.image_size, parts.hole_at, parts.hole_size,
                             parts.image_info, wal_layout::image::is_compressed(parts.image_info, major_)});
      at = pages_.advance(at, parts.image_size);
    }
    if (block.has_data()) {
      out_.rows.push_back(row_at(at, parts.data_size));
      at = pages_.advance(at, parts.data_size);
    }
  }
  if ((shape.extras & WalShape::has_origin) != 0) out_.origins.push_back(fragments.origin);
  if ((shape.extras & WalShape::has_toplevel_xid) != 0) out_.toplevel_xids.push_back(fragments.toplevel_xid);
  if (shape.has_main()) out_.rows.push_back(row_at(at, fragments.main_size));
}

LaneRow WalParser::row_at(std::uint32_t at, std::uint32_t size) {
  if (pages_.room(at) >= size) return {at, size};
  const auto spilled = static_cast<std::uint32_t>(out_.spill.size());
  out_.spill.resize(spilled + size);
  std::uint8_t* to = out_.spill.data() + spilled;
  pages_.for_each_part(at, size, [&](std::uint32_t part_at, std::uint32_t part) {
    std::memcpy(to, segment_.data() + part_at, part);
    to += part;
  });
  return {in_spill | spilled, size};
}

/// What follows the last whole record: perhaps one that goes on in the next segment, then zeros or old pages.
void WalParser::take_rest(std::uint32_t at) {
  auto& frame = out_.frame;
  const std::uint64_t page_count = frame.size / frame.page_size;
  frame.pages = page_count;
  if (at >= frame.size) return;
  frame.pages = pages_.page_of(at);
  if (!pages_.begins_page(at) || is_predicted(frame.pages, 0)) {
    out_.tail_at = at;
    frame.tail = pages_.room(at);
    ++frame.pages;
    const auto claimed = load<std::uint32_t>(segment_.data() + at);
    const std::uint64_t total = claimed >= record::header ? claimed : 0;
    const std::uint32_t net = frame.page_size - static_cast<std::uint32_t>(page::short_header);
    while (frame.pages < page_count && frame.tail < total &&
           is_predicted(frame.pages, static_cast<std::uint32_t>(total - frame.tail))) {
      frame.tail += net;
      ++frame.pages;
    }
  }
  frame.outside = without_zeros(segment_.subspan(static_cast<std::size_t>(frame.pages * frame.page_size)));
}

}  // namespace owl::codec
