#include "postgres/timeline_history.h"

#include <gtest/gtest.h>

namespace owl::postgres {
namespace {

std::vector<TimelineSwitch> parsed(std::string_view text) {
  return value_or_throw(parse_timeline_history(as_bytes(text)));
}

std::string text_of(const TimelinePath& path) {
  std::string out;
  for (const auto& stretch : path.stretches()) {
    out += std::to_string(stretch.timeline) + ":" + to_text(stretch.begin) + " ";
  }
  return out;
}

TEST(TimelineHistory, AsPostgresWritesIt) {
  const auto switches = parsed(
      "1\t0/A000198\tbefore 2000-01-01 00:00:00+00\n\n# a comment\n2\t16/B374D848\tno recovery target specified\n");
  ASSERT_EQ(switches.size(), 2u);
  EXPECT_EQ(switches[0].timeline, 1u);
  EXPECT_EQ(to_text(switches[0].switch_point), "0/A000198");
  EXPECT_EQ(switches[0].reason, "before 2000-01-01 00:00:00+00");
  EXPECT_EQ(switches[1].timeline, 2u);
  EXPECT_EQ(to_text(switches[1].switch_point), "16/B374D848");
}

TEST(TimelineHistory, ReasonMayBeAbsentAndLinesMayEndAnyhow) {
  EXPECT_EQ(parsed("1 0/10").size(), 1u);
  EXPECT_EQ(parsed("1\t0/10\r\n").at(0).reason, "");
  EXPECT_TRUE(parsed("").empty());
  EXPECT_TRUE(parsed("\n  \n# only this").empty());
}

TEST(TimelineHistory, RefusesWhatPostgresRefuses) {
  for (const std::string_view text : {"x\t0/10\n", "1\n", "1\tx\n", "1\t0\n", "0\t0/10\n", "2\t0/10\n2\t0/20\n",
                                      "2\t0/10\n1\t0/20\n", "-1\t0/10\n", "99999999999\t0/10\n", "1 0/123456789\n"}) {
    EXPECT_FALSE(parse_timeline_history(as_bytes(text))) << text;
  }
}

TEST(TimelineHistory, NeverFailsOtherwiseOnDamagedText) {
  const std::string good = "1\t0/A000198\tno recovery target specified\n2\t16/B374D848\tat restore point \"x\"\n";
  for (std::size_t size = 0; size < good.size(); ++size) (void)parse_timeline_history(as_bytes(good.substr(0, size)));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string flipped = good;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    (void)parse_timeline_history(as_bytes(flipped));
  }
}

TEST(TimelinePath, WithoutParents) {
  const TimelinePath path(1, {});
  EXPECT_EQ(path.target(), 1u);
  EXPECT_EQ(path.at(Lsn{0}), 1u);
  EXPECT_EQ(path.at(Lsn{~0ull}), 1u);
}

TEST(TimelinePath, EachByteHasOneOwner) {
  const TimelinePath path(3, parsed("1\t0/1000\n2\t0/3000\n"));
  EXPECT_EQ(text_of(path), "1:0/0 2:0/1000 3:0/3000 ");
  EXPECT_EQ(path.at(Lsn{0xfff}), 1u);
  EXPECT_EQ(path.at(Lsn{0x1000}), 2u);
  EXPECT_EQ(path.at(Lsn{0x2fff}), 2u);
  EXPECT_EQ(path.at(Lsn{0x3000}), 3u);
  ASSERT_NE(path.find(2), nullptr);
  EXPECT_EQ(path.find(2)->end, Lsn{0x3000});
  EXPECT_EQ(path.find(4), nullptr);
}

TEST(TimelinePath, ATimelineLeftBeforeItsOwnStartIsNotOnTheWay) {
  // Recovery along timeline 2 to a point before the fork of 2: what PostgreSQL's tliOfPointInHistory answers.
  const TimelinePath path(3, parsed("1\t0/5000\n2\t0/4000\n"));
  EXPECT_EQ(text_of(path), "1:0/0 3:0/4000 ");
  EXPECT_EQ(path.at(Lsn{0x4800}), 3u);
  EXPECT_EQ(path.find(2), nullptr);
}

TEST(TimelinePath, LeftAtTheSamePoint) {
  EXPECT_EQ(text_of(TimelinePath(3, parsed("1\t0/5000\n2\t0/5000\n"))), "1:0/0 3:0/5000 ");
}

TEST(TimelinePath, RefusesAChildAsParent) {
  EXPECT_THROW(TimelinePath(2, parsed("2\t0/5000\n")), Error);
}

}  // namespace
}  // namespace owl::postgres
