#include "postgres/wal_page.h"

#include <fmt/format.h>

#include "codec/wal_layout.h"
#include "postgres/layout.h"

namespace owl::postgres {
namespace {

WalPageVerdict verdict(WalPageState state, Lsn address, std::string_view what) {
  return {state, fmt::format("page at {} {}", to_text(address), what)};
}

}  // namespace

int major_of_page_magic(std::uint16_t magic) {
  return codec::wal_layout::major_of_page_magic(magic);
}

WalPageHeader read_page_header(ByteView page) {
  return {.magic = field<std::uint16_t>(page, 0),
          .info = field<std::uint16_t>(page, 2),
          .timeline = field<std::uint32_t>(page, 4),
          .address = {field<std::uint64_t>(page, 8)},
          .remaining = field<std::uint32_t>(page, 16)};
}

WalPageVerdict judge_wal_page(ByteView page, const WalPageExpectation& expected) {
  if (page.size() < WalPageHeader::short_size) return verdict(WalPageState::wrong, expected.address, "is cut off");
  const WalPageHeader header = read_page_header(page);
  if (header.magic != expected.magic) {
    if (all_zero(page)) return verdict(WalPageState::zeros, expected.address, "is empty");
    if (major_of_page_magic(header.magic) == 0) {
      return verdict(WalPageState::wrong, expected.address, fmt::format("has the magic number {:04X}", header.magic));
    }
  }
  if (header.magic != expected.magic || header.address != expected.address) {
    return verdict(WalPageState::recycled, expected.address,
                   fmt::format("is an old one of {} in a recycled file", to_text(header.address)));
  }
  if (header.timeline < expected.least_timeline) {
    return verdict(
        WalPageState::recycled, expected.address,
        fmt::format("is of timeline {}, after pages of timeline {}", header.timeline, expected.least_timeline));
  }
  if (header.timeline > expected.most_timeline) {
    return verdict(WalPageState::wrong, expected.address,
                   fmt::format("is of timeline {} in a file of timeline {}", header.timeline, expected.most_timeline));
  }
  if ((header.info & ~codec::wal_layout::page::known_info) != 0) {
    return verdict(WalPageState::wrong, expected.address, fmt::format("has the unknown flags {:04X}", header.info));
  }
  if (header.size() > page.size()) return verdict(WalPageState::wrong, expected.address, "is cut off");
  return {};
}

}  // namespace owl::postgres
