#include "cluster/base_choice.h"

#include <gmock/gmock.h>

namespace owl::cluster {
namespace {

using testing::HasSubstr;

class BaseChoice : public testing::Test {
 protected:
  BaseChoice() {
    earlier.version = 150018;
    earlier.system_id = 42;
    earlier.catalog_version = 202209061;
    earlier.block_size = 8192;
    earlier.relation_segment_blocks = 131072;
    earlier.wal_segment_size = 16 << 20;
    earlier.wal_block_size = 8192;
    earlier.checksums = true;
    earlier.timeline = 1;
    current = earlier;
    earlier.start = {0x1000028};
    earlier.stop = {0x2000100};
    earlier.stop_record = {{0x20000e0}, 1};
    current.start = {0x4000028};
  }
  std::string why() const { return why_no_base(earlier, current, path).value_or("usable"); }

  ClusterDetails earlier, current;
  postgres::TimelinePath path{1, {}};
};

TEST_F(BaseChoice, AnEarlierBackupOfTheSameClusterWillDo) {
  EXPECT_EQ(why(), "usable");
  current.version = 150020;  // a newer minor version
  EXPECT_EQ(why(), "usable");
  current.from_standby = true;  // it replays the same WAL
  EXPECT_EQ(why(), "usable");
}

TEST_F(BaseChoice, AllThatGivesPagesTheirMeaningMustBeTheSame) {
  const auto refused = [&](auto change, const char* reason) {
    const auto before = current;
    change(current);
    EXPECT_THAT(why(), HasSubstr(reason));
    current = before;
  };
  refused([](auto& c) { c.system_id = 43; }, "another cluster");
  refused([](auto& c) { c.version = 160004; }, "another version");
  refused([](auto& c) { c.catalog_version = 202307071; }, "another version");
  refused([](auto& c) { c.block_size = 4096; }, "another size");
  refused([](auto& c) { c.relation_segment_blocks = 1024; }, "another size");
  refused([](auto& c) { c.wal_block_size = 4096; }, "another size");
  refused([](auto& c) { c.wal_segment_size = 1 << 20; }, "another size");
  refused([](auto& c) { c.checksums = false; }, "checksums");
}

TEST_F(BaseChoice, AnotherServersHintBitsAreItsOwn) {
  EXPECT_TRUE(is_same_copy(earlier, current));
  current.from_standby = true;
  EXPECT_FALSE(is_same_copy(earlier, current));
  EXPECT_FALSE(is_same_copy(current, earlier));
  current.from_standby = false;
  current.timeline = earlier.timeline + 1;  // a promoted standby, perhaps
  EXPECT_FALSE(is_same_copy(earlier, current));
}

TEST_F(BaseChoice, TheEarlierOneMustHaveEndedBeforeThisOneBegins) {
  current.start = earlier.stop;
  EXPECT_EQ(why(), "usable");
  current.start = {earlier.stop.value - 1};
  EXPECT_THAT(why(), HasSubstr("rolled back"));
  current.start = earlier.start;
  EXPECT_THAT(why(), HasSubstr("rolled back"));
}

TEST_F(BaseChoice, AllOfItMustLieInTheHistoryOfThisOne) {
  current.timeline = 3;
  path = postgres::TimelinePath(3, {{1, {0x3000000}, ""}, {2, {0x3800000}, ""}});
  EXPECT_EQ(why(), "usable");
  path = postgres::TimelinePath(3, {{1, earlier.stop, ""}, {2, {0x3800000}, ""}});
  EXPECT_EQ(why(), "usable");
  // Taken on the old primary, past the fork.
  path = postgres::TimelinePath(3, {{1, {earlier.stop.value - 1}, ""}, {2, {0x3800000}, ""}});
  EXPECT_THAT(why(), HasSubstr("not in the history of timeline 3"));
  // On a timeline that is nobody's ancestor.
  path = postgres::TimelinePath(3, {{2, {0x3800000}, ""}});
  EXPECT_THAT(why(), HasSubstr("not in the history"));
  earlier.timeline = 2;
  path = postgres::TimelinePath(3, {{1, {earlier.start.value + 1}, ""}, {2, {0x3800000}, ""}});
  EXPECT_THAT(why(), HasSubstr("not in the history"));
}

TEST_F(BaseChoice, OneThatDoesNotTellHowItEndedIsNoBase) {
  earlier.stop_record = {};
  EXPECT_THAT(why(), HasSubstr("in which WAL record it ended"));
}

TEST_F(BaseChoice, ChangesCountFromTheRedoPointerOfTheOneToThatOfTheOther) {
  earlier.checkpoint = {0x1000060};
  const auto query = changes_since(earlier, current);
  EXPECT_EQ(query.from, earlier.start);
  EXPECT_EQ(query.to, current.start);
  EXPECT_EQ(query.witness_at, postgres::Lsn{0x20000ff});
  EXPECT_EQ(query.witness, earlier.stop_record);
  EXPECT_EQ(query.system_id, 42u);
}

TEST_F(BaseChoice, OneWithoutAWalRangeIsNoBase) {
  earlier.stop = earlier.start;
  EXPECT_THAT(why(), HasSubstr("no sense"));
}

}  // namespace
}  // namespace owl::cluster
