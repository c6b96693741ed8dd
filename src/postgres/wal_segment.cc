#include <fmt/format.h>

#include "postgres/layout.h"
#include "postgres/wal_page.h"
#include "postgres/wal_record.h"

namespace owl::postgres {
namespace {

bool sizes_are_possible(const SegmentHeader& header) {
  return is_power_of_two(header.segment_size) && header.segment_size >= 1u << 20 && header.segment_size <= 1u << 30 &&
         is_power_of_two(header.block_size) && header.block_size >= 1u << 10 && header.block_size <= 1u << 16;
}

/// Do header, name and size of the file agree?
Result<void> check_identity(const SegmentHeader& header, ByteView segment, SegmentId id) {
  if (segment.size() != header.segment_size) {
    return bad_format(
        fmt::format("the segment has {} bytes, not the {} that its header tells", segment.size(), header.segment_size));
  }
  if (header.page_address != start_of(id, header.segment_size)) {
    return bad_format(fmt::format("the segment holds the WAL of {}, not of {} as its name says",
                                  to_text(header.page_address), to_text(start_of(id, header.segment_size))));
  }
  if (header.timeline > id.timeline) {
    return bad_format(
        fmt::format("the segment is of timeline {}, not of {} as its name says", header.timeline, id.timeline));
  }
  return {};
}

/// Valid pages first, then none any more: a valid page behind the end means that something in between is missing.
Result<void> check_pages(ByteView segment, const SegmentHeader& header, SegmentId id) {
  std::string end;  // why the WAL ends before this page
  WalPageExpectation expected{header.magic, header.page_address, header.timeline, id.timeline};
  for (std::size_t offset = 0; offset < segment.size(); offset += header.block_size) {
    const auto page = segment.subspan(offset, header.block_size);
    expected.address = header.page_address + offset;
    auto verdict = judge_wal_page(page, expected);
    if (verdict.state == WalPageState::valid) {
      if (!end.empty()) return bad_format(end + ", but WAL goes on at " + to_text(expected.address));
      expected.least_timeline = read_page_header(page).timeline;
    } else if (end.empty()) {
      if (verdict.state == WalPageState::wrong) return bad_format(std::move(verdict.problem));
      end = std::move(verdict.problem);
    }
  }
  return {};
}

}  // namespace

Result<SegmentHeader> parse_segment_header(ByteView segment) {
  if (segment.size() < WalPageHeader::long_size) return bad_format("too short for a WAL segment");
  const WalPageHeader page = read_page_header(segment);
  const SegmentHeader header{.magic = page.magic,
                             .major = major_of_page_magic(page.magic),
                             .timeline = page.timeline,
                             .page_address = page.address,
                             .system_id = field<std::uint64_t>(segment, 24),
                             .segment_size = field<std::uint32_t>(segment, 32),
                             .block_size = field<std::uint32_t>(segment, 36)};
  if (header.major == 0) {
    if ((page.magic & 0xf000) != 0xd000) return bad_format("not a WAL segment");
    return tl::unexpected(Error(ErrorKind::unsupported,
                                fmt::format("WAL with the page magic {:04X} is of no PostgreSQL that is known here (13 "
                                            "to 18)",
                                            page.magic)));
  }
  if (!page.is_long()) return bad_format("a WAL segment must begin with a long page header");
  if (!sizes_are_possible(header)) return bad_format("a WAL segment header holds sizes that can't be");
  if (page.address.value % header.segment_size != 0 || page.timeline == 0) {
    return bad_format("a WAL segment header holds a position that can't be");
  }
  return header;
}

Result<SegmentHeader> check_segment(ByteView segment, SegmentId id) {
  const auto header = parse_segment_header(segment);
  if (!header) return header;
  if (auto identity = check_identity(*header, segment, id); !identity) return tl::unexpected(identity.error());
  if (auto pages = check_pages(segment, *header, id); !pages) return tl::unexpected(pages.error());
  return header;
}

}  // namespace owl::postgres
