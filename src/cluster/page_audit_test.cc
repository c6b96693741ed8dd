#include "cluster/page_audit.h"

#include <gtest/gtest.h>

namespace owl::cluster {
namespace {

constexpr AuditStretch stretch{{0x1000}, {0x2000}};

Bytes page_of(std::uint64_t lsn, std::uint8_t fill = 1) {
  Bytes page(8192, fill);
  const auto high = static_cast<std::uint32_t>(lsn >> 32), low = static_cast<std::uint32_t>(lsn);
  __builtin_memcpy(page.data(), &high, 4);
  __builtin_memcpy(page.data() + 4, &low, 4);
  return page;
}

TEST(PageAudit, APageThatIsAsItWasIsTheSame) {
  for (const std::uint64_t lsn : {0x10ull, 0x1000ull}) {
    const auto page = page_of(lsn);
    EXPECT_EQ(judge_unmapped(page, repository::page_check(page), stretch, true), AuditVerdict::same);
    EXPECT_EQ(judge_unmapped(page, repository::page_check(page), stretch, false), AuditVerdict::same);
  }
  const Bytes zeros(8192);
  EXPECT_EQ(judge_unmapped(zeros, repository::page_check(zeros), stretch, true), AuditVerdict::same);
}

TEST(PageAudit, AnLsnInBetweenProvesTheMapWrongWhateverThePageHolds) {
  for (const std::uint64_t lsn : {0x1001ull, 0x1800ull, 0x2000ull}) {
    const auto page = page_of(lsn);
    EXPECT_EQ(judge_unmapped(page, repository::page_check(page), stretch, true), AuditVerdict::unmapped);
    EXPECT_EQ(judge_unmapped(page, {}, stretch, false), AuditVerdict::unmapped);
  }
}

TEST(PageAudit, WhatChangedLaterReplayBrings) {
  EXPECT_EQ(judge_unmapped(page_of(0x2001), {}, stretch, true), AuditVerdict::changed_later);
  EXPECT_EQ(judge_unmapped(page_of(0x7'00000000), {}, stretch, false), AuditVerdict::changed_later);
}

TEST(PageAudit, OtherBytesWithoutANewerLsnAreHintsOnlyWhereThereAreNoChecksums) {
  EXPECT_EQ(judge_unmapped(page_of(0x10, 2), repository::page_check(page_of(0x10)), stretch, true),
            AuditVerdict::unmapped);
  EXPECT_EQ(judge_unmapped(page_of(0x10, 2), repository::page_check(page_of(0x10)), stretch, false),
            AuditVerdict::hints);
  EXPECT_EQ(judge_unmapped(Bytes(8192), repository::page_check(page_of(0x10)), stretch, false), AuditVerdict::unmapped);
}

/// spgist_private.h: the last two bytes say SP-GiST, the first flag that it is the metapage.
TEST(PageAudit, TheMetapageOfAnSpGistIndexHasACacheThatWalDoesNotTellOf) {
  auto page = page_of(0x10);
  const std::uint16_t special = 8192 - 8, flags = 1, page_id = 0xFF82;
  __builtin_memcpy(page.data() + 16, &special, 2);
  __builtin_memcpy(page.data() + special, &flags, 2);
  __builtin_memcpy(page.data() + 8190, &page_id, 2);
  const auto earlier = repository::page_check(page_of(0x10));
  EXPECT_EQ(judge_unmapped(page, earlier, stretch, true), AuditVerdict::hints);
  auto changed = page;
  changed[5] = 0x18;  // its LSN is in between now
  EXPECT_EQ(judge_unmapped(changed, earlier, stretch, true), AuditVerdict::unmapped);
  page[special] = 2;  // a leaf page
  EXPECT_EQ(judge_unmapped(page, earlier, stretch, true), AuditVerdict::unmapped);
}

}  // namespace
}  // namespace owl::cluster
