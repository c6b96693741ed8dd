#include "postgres/page.h"

#include "codec/page_checksum.h"
#include "codec/page_layout.h"
#include "postgres/layout.h"

namespace owl::postgres {
namespace {

namespace at = codec::page_at;

constexpr std::uint16_t known_flags = 0x0007;

bool header_is_sane(ByteView page) {
  const auto u16 = [&](std::size_t offset) { return field<std::uint16_t>(page, offset); };
  const std::uint16_t lower = u16(at::lower), upper = u16(at::upper), special = u16(at::special);
  return (u16(at::flags) & ~known_flags) == 0 && lower <= upper && upper <= special && special <= page.size() &&
         special == aligned(special);
}

}  // namespace

std::uint16_t page_checksum(ByteView page, BlockNumber block) {
  return codec::page_checksum(page, block);
}

PageState judge_page(ByteView page, BlockNumber block, bool checksums) {
  const bool is_new = field<std::uint16_t>(page, at::upper) == 0;
  if (is_new) return all_zero(page) ? PageState::empty : PageState::bad;
  if (!header_is_sane(page)) return PageState::bad;
  if (checksums && page_checksum(page, block) != field<std::uint16_t>(page, at::checksum)) return PageState::bad;
  return PageState::good;
}

std::size_t find_bad_pages(ByteView pages, std::uint32_t block_size, BlockNumber first_block, bool checksums,
                           std::vector<std::uint32_t>& bad) {
  const std::size_t before = bad.size();
  const auto count = static_cast<std::uint32_t>(pages.size() / block_size);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto page = pages.subspan(std::size_t{i} * block_size, block_size);
    if (judge_page(page, first_block + i, checksums) == PageState::bad) bad.push_back(i);
  }
  return bad.size() - before;
}

bool is_spgist_metapage(ByteView page) {
  // SpGistPageOpaqueData: u16 flags, u16 redirections, u16 placeholders, u16 page id.
  constexpr std::uint16_t page_id = 0xFF82, metapage = 1;
  const auto u16 = [&](std::size_t offset) { return field<std::uint16_t>(page, offset); };
  const std::size_t special = page.size() - 8;
  return u16(at::special) == special && u16(special + 6) == page_id && (u16(special) & metapage) != 0;
}

}  // namespace owl::postgres
