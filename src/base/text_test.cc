#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace owl {
namespace {

TEST(Trim, TakesBlanksFromBothEnds) {
  EXPECT_EQ(trim("  a b\t\r\n"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(ToLower, LeavesEverythingElse) {
  EXPECT_EQ(to_lower("MiB-09_Z"), "mib-09_z");
  EXPECT_EQ(to_lower("\xc3\x89"), "\xc3\x89") << "not ours to change";
}

TEST(Split, KeepsEmptyParts) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(split("a,b", ','), (Parts{"a", "b"}));
  EXPECT_EQ(split(",a,,b,", ','), (Parts{"", "a", "", "b", ""}));
  EXPECT_EQ(split("a", ','), (Parts{"a"}));
  EXPECT_EQ(split("", ','), (Parts{""}));
}

TEST(Nearest, FindsWhatWasMeant) {
  constexpr std::array<std::string_view, 6> commands{"backup", "restore", "verify", "expire", "list", "mount"};
  EXPECT_EQ(nearest("bakcup", commands), "backup") << "swapped neighbours";
  EXPECT_EQ(nearest("backups", commands), "backup");
  EXPECT_EQ(nearest("rstore", commands), "restore");
  EXPECT_EQ(nearest("verifi", commands), "verify");
  EXPECT_EQ(nearest("list", commands), "list");
  EXPECT_EQ(nearest("lis", commands), "list");
}

TEST(Nearest, StaysSilentWhereNothingIsNear) {
  constexpr std::array<std::string_view, 2> commands{"backup", "restore"};
  EXPECT_EQ(nearest("frobnicate", commands), "");
  EXPECT_EQ(nearest("", commands), "");
  EXPECT_EQ(nearest("backup", {}), "");
}

TEST(Nearest, PrefersTheFirstOfEquals) {
  constexpr std::array<std::string_view, 2> candidates{"cat", "car"};
  EXPECT_EQ(nearest("cab", candidates), "cat");
}

}  // namespace
}  // namespace owl
