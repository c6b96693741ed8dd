#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "codec/wal_layout.h"
#include "postgres/types.h"

namespace owl::postgres {

/// XLogPageHeaderData (xlog_internal.h): stands at the head of every page of a segment; the first page has the long
/// one.
struct WalPageHeader {
  static constexpr std::size_t short_size = codec::wal_layout::page::short_header;
  static constexpr std::size_t long_size = codec::wal_layout::page::long_header;

  std::uint16_t magic = 0, info = 0;
  TimelineId timeline = 0;
  Lsn address;
  std::uint32_t remaining = 0;  ///< bytes still to come, from here on, of the record that began on an earlier page

  bool continues_record() const { return (info & codec::wal_layout::page::continues) != 0; }
  bool is_long() const { return (info & codec::wal_layout::page::is_long) != 0; }
  /// The record that began on an earlier page was given up after a crash; what stands here is another one.
  bool overwrites_record() const { return (info & codec::wal_layout::page::overwrites) != 0; }
  std::size_t size() const { return is_long() ? long_size : short_size; }
};
/// `page` holds at least the short header.
WalPageHeader read_page_header(ByteView page);

/// 13 to 18 by XLOG_PAGE_MAGIC, or 0.
int major_of_page_magic(std::uint16_t magic);

/// What the header of one page must say.
struct WalPageExpectation {
  std::uint16_t magic = 0;
  Lsn address;
  TimelineId least_timeline = 0;  ///< of the page before; timelines never descend
  TimelineId most_timeline = 0;  ///< the one in the file's name; a child's first segment begins with its parent's pages
};

enum class WalPageState {
  valid,
  zeros,     ///< never written, or behind a switch
  recycled,  ///< another place's page: the file was used before
  wrong,     ///< none of these
};
struct WalPageVerdict {
  WalPageState state = WalPageState::valid;
  std::string problem = {};  ///< for people, where the state is not valid: "page at 0/3002000 is empty"
};
WalPageVerdict judge_wal_page(ByteView page, const WalPageExpectation& expected);

}  // namespace owl::postgres
