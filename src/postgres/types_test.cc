#include "postgres/types.h"

#include <gtest/gtest.h>

namespace owl::postgres {
namespace {

constexpr std::uint32_t mib = 1 << 20;

TEST(Lsn, TextBothWays) {
  for (const auto& [value, text] :
       std::initializer_list<std::pair<std::uint64_t, std::string>>{{0, "0/0"},
                                                                    {0x16B374D848, "16/B374D848"},
                                                                    {0xffffffffffffffff, "FFFFFFFF/FFFFFFFF"},
                                                                    {0x100000000, "1/0"}}) {
    EXPECT_EQ(to_text(Lsn{value}), text);
    EXPECT_EQ(value_or_throw(parse_lsn(text)).value, value);
  }
  EXPECT_EQ(value_or_throw(parse_lsn("a/b")).value, 0xa0000000bu);
}

TEST(Lsn, RefusesOtherText) {
  for (const std::string_view text :
       {"", "/", "1/", "/1", "1", "1/2/3", "G/0", "-1/0", "1/ 2", "0x1/2", "123456789/0"}) {
    EXPECT_FALSE(parse_lsn(text)) << text;
  }
}

TEST(SegmentName, DependsOnTheSegmentSize) {
  const Lsn lsn{0x1'2345'6789};
  EXPECT_EQ(to_file_name(segment_of(1, lsn, 16 * mib), 16 * mib), "000000010000000100000023");
  EXPECT_EQ(to_file_name(segment_of(0xA, lsn, mib), mib), "0000000A0000000100000234");
  EXPECT_EQ(to_file_name(segment_of(1, lsn, 1024 * mib), 1024 * mib), "000000010000000100000000");
  for (const std::uint32_t size : {mib, 16 * mib, 1024 * mib}) {
    const SegmentId id = segment_of(7, lsn, size);
    EXPECT_EQ(value_or_throw(parse_segment_name(to_file_name(id, size), size)), id);
    EXPECT_LE(start_of(id, size), lsn);
  }
}

TEST(SegmentName, RefusesNumbersThatTheSegmentSizeDoesNotHave) {
  EXPECT_TRUE(parse_segment_name("0000000100000001000000FF", 16 * mib));
  EXPECT_FALSE(parse_segment_name("000000010000000100000100", 16 * mib));
  EXPECT_FALSE(parse_segment_name("000000000000000100000001", 16 * mib));
  EXPECT_FALSE(parse_segment_name("00000001000000010000000a", 16 * mib));
  EXPECT_FALSE(parse_segment_name("00000001000000010000000", 16 * mib));
}

TEST(WalFileName, Kinds) {
  const auto kind = [](std::string_view name) { return value_or_throw(parse_wal_file_name(name)).kind; };
  EXPECT_EQ(kind("000000010000000000000002"), WalFileKind::segment);
  EXPECT_EQ(kind("000000010000000000000002.partial"), WalFileKind::partial_segment);
  EXPECT_EQ(kind("0000000B.history"), WalFileKind::history);
  EXPECT_EQ(kind("000000010000000000000002.00000028.backup"), WalFileKind::backup_label);
  const auto label = value_or_throw(parse_wal_file_name("0000000B0000000000000002.00000028.backup"));
  EXPECT_EQ(label.timeline, 11u);
  EXPECT_EQ(label.segment_text, "0000000B0000000000000002");
  EXPECT_EQ(label.text, "0000000B0000000000000002.00000028.backup");
  EXPECT_EQ(value_or_throw(parse_wal_file_name(history_file_name(11))).segment_text, "");
}

TEST(WalFileName, RefusesEverythingElse) {
  for (const std::string_view name :
       {"", "00000001", "00000001000000000000000", "0000000100000000000000020", "00000001000000000000000g",
        "00000001000000000000000a", "000000010000000000000002.", "000000010000000000000002.backup",
        "000000010000000000000002.0000028.backup", "000000010000000000000002.partial.gz", "0000001.history",
        "00000001.history.tmp", "../00000001000000000000", "000000000000000000000002", "00000000.history",
        "000000010000000000000002/../x"}) {
    EXPECT_FALSE(parse_wal_file_name(name)) << name;
  }
}

}  // namespace
}  // namespace owl::postgres
