#include "base/bytes.h"

#include <gtest/gtest.h>

namespace owl {
namespace {

TEST(Hex, BothWays) {
  const Bytes bytes{0x00, 0x01, 0x7f, 0x80, 0xff};
  EXPECT_EQ(to_hex(bytes), "00017f80ff");
  EXPECT_EQ(*from_hex("00017f80ff"), bytes);
  EXPECT_EQ(*from_hex("00017F80fF"), bytes) << "either case";
  EXPECT_EQ(to_hex({}), "");
  EXPECT_TRUE(from_hex("")->empty());
}

TEST(Hex, RefusesWhatIsNone) {
  for (const char* text : {"0", "000", "0g", "g0", " 0", "0x", "-1", "00 0", "\xc3\xa9"}) {
    const auto result = from_hex(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind(), ErrorKind::integrity);
  }
  EXPECT_FALSE(from_hex(std::string_view("\0\0", 2)));
}

TEST(Hex, OfAnExactLength) {
  EXPECT_EQ(*array_from_hex<2>("abcd"), (ByteArray<2>{0xab, 0xcd}));
  EXPECT_STREQ(array_from_hex<2>("ab").error().what(), "hexadecimal text of the wrong length");
  EXPECT_FALSE(array_from_hex<2>("abcdef"));
  EXPECT_STREQ(array_from_hex<2>("abxy").error().what(), "not hexadecimal");
}

TEST(AllZero, OfEveryLengthAndPosition) {
  EXPECT_TRUE(all_zero({}));
  for (std::size_t size = 1; size < 70; ++size) {
    Bytes bytes(size);
    EXPECT_TRUE(all_zero(bytes));
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] = 1;
      EXPECT_FALSE(all_zero(bytes)) << i << " of " << size;
      bytes[i] = 0;
    }
  }
}

TEST(Bytes, TextAndBack) {
  const std::string text("a\0b\xff", 4);
  EXPECT_EQ(as_text(as_bytes(text)), text);
  auto bytes = to_bytes(as_bytes("ab"));
  append(bytes, as_bytes("cd"));
  EXPECT_EQ(as_text(bytes), "abcd");
  EXPECT_TRUE(equal(bytes, as_bytes("abcd")));
  EXPECT_FALSE(equal(bytes, as_bytes("abc")));
  EXPECT_FALSE(equal(bytes, as_bytes("abce")));
}

}  // namespace
}  // namespace owl
