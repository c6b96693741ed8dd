#include "postgres/page.h"

#include <gtest/gtest.h>

#include <random>

#include "postgres/layout.h"
#include "postgres/test_samples.h"

namespace owl::postgres {
namespace {

constexpr std::uint32_t page_size = 8192;

/// The algorithm word by word, as docs/postgres.md tells it.
std::uint16_t plain_checksum(Bytes page, BlockNumber block) {
  constexpr std::uint32_t first[32] = {
      0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
      0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
      0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
      0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756};
  page[8] = page[9] = 0;
  page.resize(page.size() + 256);  // two rounds of zeros
  std::uint32_t folded = 0;
  for (std::size_t column = 0; column < 32; ++column) {
    std::uint32_t sum = first[column];
    for (std::size_t at = column * 4; at < page.size(); at += 128) {
      const std::uint32_t mixed = sum ^ field<std::uint32_t>(page, at);
      sum = mixed * 16777619 ^ (mixed >> 17);
    }
    folded ^= sum;
  }
  return static_cast<std::uint16_t>((folded ^ block) % 65535 + 1);
}

Bytes random_page(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes page(size);
  for (auto& byte : page) byte = static_cast<std::uint8_t>(random());
  return page;
}

/// A page with a sane header and a right checksum.
Bytes good_page(BlockNumber block) {
  Bytes page = random_page(page_size, block);
  set_field<std::uint16_t>(page, 10, 0);
  set_field<std::uint16_t>(page, 12, 100);
  set_field<std::uint16_t>(page, 14, 200);
  set_field<std::uint16_t>(page, 16, page_size);
  set_field<std::uint16_t>(page, 8, page_checksum(page, block));
  return page;
}

TEST(PageChecksum, AgreesWithTheAlgorithmWordByWord) {
  for (const std::size_t size : {1024u, 2048u, 4096u, 8192u, 16384u, 32768u}) {
    const Bytes page = random_page(size, 5);
    for (const BlockNumber block : {0u, 1u, 131072u, 0xfffffffeu}) {
      EXPECT_EQ(page_checksum(page, block), plain_checksum(page, block)) << size;
    }
  }
}

TEST(PageChecksum, PagesNeedNoAlignment) {
  Bytes bytes = random_page(page_size + 7, 9);
  const ByteView page = ByteView(bytes).subspan(7);
  EXPECT_EQ(page_checksum(page, 3), plain_checksum(to_bytes(page), 3));
}

TEST(PageChecksum, PagesOfRealServers) {
  for (const char* const name : {"heap_15.compressed", "heap_18.compressed"}) {
    const Bytes pages = compressed_sample(name);
    ASSERT_EQ(pages.size(), 3 * page_size);
    std::vector<std::uint32_t> bad;
    EXPECT_EQ(find_bad_pages(pages, page_size, 0, true, bad), 0u) << name;
    EXPECT_EQ(find_bad_pages(pages, page_size, 1, true, bad), 3u) << "pages in another place";
    EXPECT_GT(page_lsn(pages).value, 0x800000u);
  }
}

TEST(JudgePage, EveryFlippedBitIsSeen) {
  const Bytes page = good_page(7);
  EXPECT_EQ(judge_page(page, 7, true), PageState::good);
  for (std::size_t bit = 0; bit < page_size * 8; bit += 11) {
    EXPECT_EQ(judge_page(with_flipped_bit(page, bit), 7, true), PageState::bad) << bit;
  }
}

TEST(JudgePage, NewPages) {
  Bytes page(page_size);
  EXPECT_EQ(judge_page(page, 7, true), PageState::empty);
  EXPECT_EQ(judge_page(page, 7, false), PageState::empty);
  page[5000] = 1;  // pd_upper is zero, and yet there is something
  EXPECT_EQ(judge_page(page, 7, true), PageState::bad);
  EXPECT_EQ(judge_page(page, 7, false), PageState::bad);
}

TEST(JudgePage, WithoutChecksumsTheHeaderDecides) {
  Bytes page = good_page(7);
  page[5000] ^= 1;
  EXPECT_EQ(judge_page(page, 7, false), PageState::good);
  EXPECT_EQ(judge_page(page, 7, true), PageState::bad);
  for (const auto& [offset, value] : {std::pair{10u, 8u}, {12u, 300u}, {14u, 9000u}, {16u, 8190u}, {16u, 8200u}}) {
    Bytes insane = good_page(7);
    set_field<std::uint16_t>(insane, offset, static_cast<std::uint16_t>(value));
    EXPECT_EQ(judge_page(insane, 7, false), PageState::bad) << offset;
  }
}

TEST(FindBadPages, NamesThemByIndex) {
  Bytes pages;
  for (BlockNumber block = 100; block < 110; ++block) append(pages, good_page(block));
  pages[3 * page_size + 4000] ^= 1;
  pages[9 * page_size] ^= 1;
  std::vector<std::uint32_t> bad{77};
  EXPECT_EQ(find_bad_pages(pages, page_size, 100, true, bad), 2u);
  EXPECT_EQ(bad, (std::vector<std::uint32_t>{77, 3, 9}));
}

}  // namespace
}  // namespace owl::postgres
