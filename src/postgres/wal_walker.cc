#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "postgres/layout.h"
#include "postgres/wal_decode.h"
#include "postgres/wal_page.h"
#include "postgres/wal_record.h"
#include "postgres/wal_record_kinds.h"

// What PostgreSQL's own reader does (xlogreader.c: XLogDecodeNextRecord, XLogReaderValidatePageHeader), turned inside
// out: pages come in order and are looked at once, rather than fetched as a record asks for them.

namespace owl::postgres {

struct WalWalker::State {
  State(std::uint32_t segment_size_bytes, std::optional<Lsn> first_record)
      : segment_size(segment_size_bytes), start(first_record), skip_until(first_record.value_or(Lsn{})) {}

  bool accept_segment(ByteView segment, SegmentId id);
  void walk_segment(ByteView segment, SegmentId id, WalVisitor& visitor);
  void walk_page(ByteView page, Lsn address, WalVisitor& visitor);
  std::size_t first_position(const WalPageHeader& header, Lsn address);
  std::size_t continue_record(ByteView page, const WalPageHeader& header, Lsn address, WalVisitor& visitor);
  std::size_t read_record(ByteView page, std::size_t position, Lsn address, WalVisitor& visitor);
  void begin_partial(ByteView bytes, std::uint32_t total_size, Lsn lsn);
  bool check_header(const WalRecordHeader& header, Lsn lsn);
  void finish_record(ByteView record, const WalRecordHeader& header, Lsn lsn, Lsn end, WalVisitor& visitor);
  void end_here(std::string why);
  Progress progress() const;

  const std::uint32_t segment_size;
  std::optional<Lsn> start;  // until it was found

  std::optional<SegmentId> last_segment;
  WalPageExpectation expected;  // of the next page
  int major = 0;
  std::uint32_t page_size = 0;

  Lsn skip_until;               // pages before this one hold nothing to read
  std::optional<Lsn> previous;  // the last whole record
  Lsn next;                     // where the next record begins
  bool under_way = false;       // a record was read or begun: the next one must follow without a gap

  Bytes partial;  // the first bytes of a record that goes on on the next page
  std::uint32_t partial_total = 0;
  bool partial_checked = false;

  bool ended = false;
  std::string end_reason;
  RecordParts parts;
};

WalWalker::WalWalker(std::uint32_t segment_size, std::optional<Lsn> start)
    : state_(std::make_unique<State>(segment_size, start)) {
  OWL_CHECK(is_power_of_two(segment_size), "a WAL segment size is a power of two");
}
WalWalker::~WalWalker() = default;

WalWalker::Progress WalWalker::feed(ByteView segment, SegmentId id, WalVisitor& visitor) {
  if (!state_->ended && state_->accept_segment(segment, id)) state_->walk_segment(segment, id, visitor);
  return state_->progress();
}

void WalWalker::State::end_here(std::string why) {
  ended = true;
  end_reason = std::move(why);
  partial.clear();
}

/// Does this segment continue what was fed?
bool WalWalker::State::accept_segment(ByteView segment, SegmentId id) {
  const Lsn begin = start_of(id, segment_size);
  const auto header = parse_segment_header(segment);
  if (last_segment && (id.number != last_segment->number + 1 || id.timeline < last_segment->timeline)) {
    end_here(fmt::format("segment {} does not follow {}", to_file_name(id, segment_size),
                         to_file_name(*last_segment, segment_size)));
  } else if (!last_segment && start && *start < begin) {
    end_here(fmt::format("segment {} does not hold {}", to_file_name(id, segment_size), to_text(*start)));
  } else if (!header) {
    end_here(fmt::format("segment {}: {}", to_file_name(id, segment_size), header.error().message()));
  } else if (header->segment_size != segment_size || segment.size() > segment_size) {
    end_here(fmt::format("segment {} has another size", to_file_name(id, segment_size)));
  } else if (header->page_address != begin) {
    end_here(fmt::format("segment {} holds WAL of {}", to_file_name(id, segment_size), to_text(header->page_address)));
  } else if (major != 0 && (header->major != major || header->block_size != page_size)) {
    end_here(fmt::format("segment {} is of another kind than the one before", to_file_name(id, segment_size)));
  }
  if (ended) return false;
  if (!last_segment) next = start.value_or(begin);
  last_segment = id;
  major = header->major;
  page_size = header->block_size;
  expected.magic = header->magic;
  expected.most_timeline = id.timeline;
  return true;
}

void WalWalker::State::walk_segment(ByteView segment, SegmentId id, WalVisitor& visitor) {
  const Lsn begin = start_of(id, segment_size);
  for (std::size_t offset = 0; offset < segment.size() && !ended; offset += page_size) {
    const Lsn address = begin + offset;
    if (address + page_size <= skip_until) continue;
    walk_page(segment.subspan(offset, std::min<std::size_t>(page_size, segment.size() - offset)), address, visitor);
  }
  if (!ended && segment.size() < segment_size) {
    end_here(fmt::format("the bytes at hand end at {}", to_text(begin + segment.size())));
  }
}

void WalWalker::State::walk_page(ByteView page, Lsn address, WalVisitor& visitor) {
  expected.address = address;
  if (auto verdict = judge_wal_page(page, expected); verdict.state != WalPageState::valid) {
    return end_here(std::move(verdict.problem));
  }
  const WalPageHeader header = read_page_header(page);
  expected.least_timeline = header.timeline;
  std::size_t position =
      partial.empty() ? first_position(header, address) : continue_record(page, header, address, visitor);
  while (!ended && position < page.size()) position = read_record(page, position, address, visitor);
}

/// Where the first record to read begins on a page that no known record reaches into; may lie behind the page.
std::size_t WalWalker::State::first_position(const WalPageHeader& header, Lsn address) {
  std::size_t position = header.size();
  const bool at_head = !start || *start <= address + position;
  if (start && !at_head) {
    position = *start - address;
  } else if (header.continues_record() && !start && !under_way) {
    position += aligned(header.remaining);  // the rest of a record that began before the first segment
  } else if (header.continues_record()) {
    end_here(fmt::format("page at {} continues a record where one should begin", to_text(address)));
  }
  start.reset();
  if (position <= page_size) next = address + position;
  return position;
}

/// Adds this page's part to the unfinished record; returns where the next one begins.
std::size_t WalWalker::State::continue_record(ByteView page, const WalPageHeader& header, Lsn address,
                                              WalVisitor& visitor) {
  if (header.overwrites_record() && !header.continues_record()) {
    partial.clear();
    next = address + header.size();
    return header.size();
  }
  if (!header.continues_record() || partial.size() + std::uint64_t{header.remaining} != partial_total) {
    end_here(fmt::format("page at {} does not continue the record at {}", to_text(address), to_text(next)));
    return page.size();
  }
  append(partial, page.subspan(header.size(), std::min<std::size_t>(header.remaining, page.size() - header.size())));
  if (!partial_checked && partial.size() >= WalRecordHeader::size) {
    partial_checked = true;
    if (!check_header(read_record_header(partial), next)) return page.size();
  }
  if (partial.size() < partial_total) return page.size();

  const Bytes record = std::exchange(partial, {});
  finish_record(record, read_record_header(record), next, address + header.size() + aligned(header.remaining), visitor);
  return next - address;
}

/// Reads the record at `position`, or begins to; returns where the next one does.
std::size_t WalWalker::State::read_record(ByteView page, std::size_t position, Lsn address, WalVisitor& visitor) {
  const Lsn lsn = address + position;
  const ByteView rest = page.subspan(position);
  if (rest.size() < sizeof(std::uint32_t)) return page.size();  // of a segment that was cut off
  next = lsn;
  const auto total_size = field<std::uint32_t>(rest, 0);
  if (total_size == 0) {
    end_here(fmt::format("no record at {}", to_text(lsn)));
  } else if (total_size < WalRecordHeader::size || total_size > largest_record) {
    end_here(fmt::format("the record at {} has the impossible size {}", to_text(lsn), total_size));
  } else if (total_size > rest.size()) {
    begin_partial(rest, total_size, lsn);
  } else if (const auto header = read_record_header(rest); check_header(header, lsn)) {
    finish_record(rest.first(total_size), header, lsn, lsn + aligned(total_size), visitor);
    return next - address;
  }
  return page.size();
}

void WalWalker::State::begin_partial(ByteView bytes, std::uint32_t total_size, Lsn lsn) {
  partial_checked = bytes.size() >= WalRecordHeader::size;
  if (partial_checked && !check_header(read_record_header(bytes), lsn)) return;
  partial = to_bytes(bytes);
  partial_total = total_size;
  under_way = true;
}

bool WalWalker::State::check_header(const WalRecordHeader& header, Lsn lsn) {
  if (!is_resource_manager(header.resource_manager, major)) {
    end_here(
        fmt::format("the record at {} has the unknown resource manager {}", to_text(lsn), header.resource_manager));
  } else if (previous ? header.previous != *previous : header.previous >= lsn) {
    end_here(fmt::format("the record at {} does not follow the one before: it names {} as that", to_text(lsn),
                         to_text(header.previous)));
  }
  return !ended;
}

void WalWalker::State::finish_record(ByteView bytes, const WalRecordHeader& header, Lsn lsn, Lsn end,
                                     WalVisitor& visitor) {
  if (!record_crc_fits(bytes, header)) {
    return end_here(fmt::format("the record at {} has a wrong checksum", to_text(lsn)));
  }
  if (!parse_record(bytes, major, parts)) {
    return end_here(fmt::format("the record at {} is not built like one", to_text(lsn)));
  }
  if (header.resource_manager == rm::xlog && (header.info & kind_mask) == xlog::segment_switch) {
    end = {(end.value + segment_size - 1) / segment_size * segment_size};
    skip_until = end;
  }
  const WalRecord record{.lsn = lsn,
                         .end = end,
                         .previous = header.previous,
                         .xid = header.xid,
                         .resource_manager = header.resource_manager,
                         .info = header.info,
                         .crc = header.crc,
                         .main_data = parts.main_data,
                         .blocks = parts.blocks};
  if (!report_record(record, major, visitor)) {
    return end_here(fmt::format("the record at {} holds data that its kind does not have", to_text(lsn)));
  }
  previous = lsn;
  next = end;
  under_way = true;
}

WalWalker::Progress WalWalker::State::progress() const {
  Progress out{.next = next,
               .ended = ended,
               .record_unfinished = !partial.empty(),
               .unfinished = partial,
               .end_reason = end_reason};
  if (out.record_unfinished) {
    out.unfinished_resource_manager = partial_checked ? read_record_header(partial).resource_manager : rm::transaction;
    out.unfinished_info = partial_checked ? read_record_header(partial).info : 0;
  }
  return out;
}

}  // namespace owl::postgres
