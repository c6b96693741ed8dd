#include "postgres/wal_unfinished.h"

#include <algorithm>

#include "base/check.h"
#include "codec/hash.h"
#include "postgres/layout.h"
#include "postgres/wal_decode.h"
#include "postgres/wal_page.h"

namespace owl::postgres {
namespace {

/// A record's headers take no more than this: 33 blocks of 27 bytes, and five other fragments.
constexpr std::size_t most_header_bytes = 1024;

struct Shape {
  LayoutState state = LayoutState::cut_off;
  RecordLayout layout;
  bool main_data_matters = false;
};

Shape shape_of(ByteView begin, std::uint32_t total_size, int major) {
  Shape shape;
  if (begin.size() < WalRecordHeader::size) return shape;
  std::vector<BlockReference> blocks;
  shape.state = read_layout(begin.first(std::min<std::size_t>(begin.size(), total_size)), total_size, major, blocks,
                            shape.layout);
  const auto header = read_record_header(begin);
  shape.main_data_matters = main_data_matters(header.resource_manager, header.info);
  return shape;
}

/// Sorts bytes that begin at `offset` in a record into what matters and the rest: images and rows, which lie between
/// the headers and the main data, and main data that no event is made of.
class Sorter {
 public:
  Sorter(ByteView bytes, std::uint64_t offset) : bytes_(bytes), offset_(offset) {}

  void keep(std::uint64_t from, std::uint64_t to) { append(kept_, between(from, to)); }
  void leave(std::uint64_t from, std::uint64_t to) { rest_crc_ = codec::crc32c(between(from, to), rest_crc_); }
  RecordPart take() && { return {static_cast<std::uint32_t>(bytes_.size()), std::move(kept_), rest_crc_}; }

 private:
  ByteView between(std::uint64_t from, std::uint64_t to) const {
    const std::uint64_t begin = std::max(from, offset_), end = std::min(to, offset_ + bytes_.size());
    return begin < end ? bytes_.subspan(begin - offset_, end - begin) : ByteView{};
  }

  ByteView bytes_;
  std::uint64_t offset_;
  Bytes kept_;
  std::uint32_t rest_crc_ = 0;
};

RecordPart sorted(const Shape& shape, ByteView bytes, std::uint64_t offset, std::uint32_t total_size) {
  Sorter sorter(bytes, offset);
  const std::uint64_t end = offset + bytes.size();
  if (shape.state == LayoutState::cut_off) {  // all seen so far is header
    const std::uint64_t most = std::min<std::uint64_t>(end, offset + most_header_bytes);
    sorter.keep(offset, most);
    sorter.leave(most, end);
  } else if (shape.state == LayoutState::whole) {
    const auto& layout = shape.layout;
    const bool fits = total_size - layout.main_begin <= most_kept_bytes;
    const std::uint64_t main_begin = shape.main_data_matters && fits ? layout.main_begin : total_size;
    sorter.keep(0, layout.headers_end);
    sorter.leave(layout.headers_end, main_begin);
    sorter.keep(main_begin, total_size);
  } else {
    sorter.leave(0, end);
  }
  return std::move(sorter).take();
}

/// The checksum of a whole record: over what follows its head, then over the head up to the checksum itself.
std::uint32_t crc_of(const UnfinishedRecord& record, std::size_t headers_end) {
  const ByteView kept = record.kept;
  std::uint32_t crc = codec::crc32c(kept.subspan(WalRecordHeader::size, headers_end - WalRecordHeader::size));
  crc = codec::crc32c_combine(crc, record.rest_crc, record.seen - kept.size());
  crc = codec::crc32c(kept.subspan(headers_end), crc);
  return codec::crc32c(kept.first(WalRecordHeader::crc_offset), crc);
}

}  // namespace

UnfinishedRecord begin_unfinished(ByteView bytes, Lsn start, int major) {
  OWL_CHECK(bytes.size() >= sizeof(std::uint32_t), "a record begins with its size");
  UnfinishedRecord record{.start = start, .total_size = field<std::uint32_t>(bytes, 0)};
  append_part(record, sorted(shape_of(bytes, record.total_size, major), bytes, 0, record.total_size));
  return record;
}

std::optional<RecordPart> next_part(const UnfinishedRecord& record, ByteView bytes, int major) {
  // As long as its headers were cut off, all that was seen of the record was kept.
  Shape shape = shape_of(record.kept, record.total_size, major);
  if (shape.state == LayoutState::cut_off) {
    if (record.kept.size() != record.seen) return std::nullopt;
    Bytes begin = record.kept;
    append(begin, bytes.first(std::min(bytes.size(), most_header_bytes)));
    shape = shape_of(begin, record.total_size, major);
  }
  const bool beyond = record.seen > record.total_size || bytes.size() > record.total_size - record.seen;
  if (shape.state == LayoutState::wrong || beyond) return std::nullopt;
  return sorted(shape, bytes, record.seen, record.total_size);
}

RecordPart part_of_unknown(ByteView bytes) {
  return {.size = static_cast<std::uint32_t>(bytes.size()), .kept = {}, .rest_crc = codec::crc32c(bytes)};
}

std::optional<Lsn> previous_of(const UnfinishedRecord& record) {
  if (record.kept.size() < WalRecordHeader::size) return std::nullopt;
  return read_record_header(record.kept).previous;
}

void append_part(UnfinishedRecord& record, const RecordPart& part) {
  record.rest_crc = codec::crc32c_combine(record.rest_crc, part.rest_crc, part.size - part.kept.size());
  record.seen += part.size;
  append(record.kept, part.kept);
}

bool finish_record(const UnfinishedRecord& record, Lsn end, int major, WalVisitor& visitor) {
  if (record.seen != record.total_size || record.kept.size() < WalRecordHeader::size) return false;
  const ByteView kept = record.kept;
  const auto header = read_record_header(kept);
  if (header.total_size != record.total_size || !is_resource_manager(header.resource_manager, major)) return false;

  std::vector<BlockReference> blocks;
  RecordLayout layout;
  if (read_layout(kept, record.total_size, major, blocks, layout) != LayoutState::whole) return false;
  const bool with_main = main_data_matters(header.resource_manager, header.info);
  const std::uint64_t main_size = with_main ? record.total_size - layout.main_begin : 0;
  if (kept.size() != layout.headers_end + main_size || crc_of(record, layout.headers_end) != header.crc) return false;
  return report_record({.lsn = record.start,
                        .end = end,
                        .previous = header.previous,
                        .xid = header.xid,
                        .resource_manager = header.resource_manager,
                        .info = header.info,
                        .crc = header.crc,
                        .main_data = kept.subspan(layout.headers_end),
                        .blocks = blocks},
                       major, visitor);
}

Continuation read_continuation(ByteView segment, std::uint32_t page_size) {
  Continuation out;
  std::uint32_t expected = 0;
  for (std::size_t offset = 0; offset < segment.size(); offset += page_size) {
    const auto page = segment.subspan(offset, std::min<std::size_t>(page_size, segment.size() - offset));
    if (page.size() < WalPageHeader::long_size) break;
    const auto header = read_page_header(page);
    if (header.overwrites_record() && !header.continues_record()) {
      out.dropped = true;
      return out;
    }
    if (offset == 0) {
      if (!header.continues_record()) return out;
      out.remaining = expected = header.remaining;
    } else if (!header.continues_record() || header.remaining != expected) {
      out.broken = true;
      return out;
    }
    const auto part = page.subspan(header.size());
    const auto here = part.first(std::min<std::size_t>(part.size(), expected));
    append(out.bytes, here);
    expected -= static_cast<std::uint32_t>(here.size());
    if (expected == 0) break;
  }
  return out;
}

}  // namespace owl::postgres
