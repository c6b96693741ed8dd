#include "wal/gap_acknowledgement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/test_support.h"

namespace owl::wal {
namespace {

using test::segment_name;
using test::segment_size;
using test::system_id;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class GapAcknowledgementTest : public testing::Test {
 protected:
  void acknowledge(std::uint64_t first, std::uint64_t last, const std::string& reason = "the disk died") {
    acknowledge_gap(bench_.stores, bench_.keys,
                    {system_id, segment_name(1, first), segment_name(1, last), reason, "db1", {1'000'000}},
                    bench_.clock, bench_.random);
  }
  std::vector<GapAcknowledgement> list() {
    return list_acknowledgements(bench_.stores.alive(), bench_.keys, system_id, bench_.monitor);
  }
  std::string key(std::uint64_t first, std::uint64_t last) const {
    return repository::keys::wal_gap(std::to_string(system_id), segment_name(1, first), segment_name(1, last));
  }

  test::ArchiveBench bench_;
};

TEST_F(GapAcknowledgementTest, StandsInEveryStoreAndComesBack) {
  acknowledge(4, 6);
  for (const auto& store : {bench_.a, bench_.b}) EXPECT_TRUE(store->get(key(4, 6), {}));
  const auto all = list();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].first, segment_name(1, 4));
  EXPECT_EQ(all[0].last, segment_name(1, 6));
  EXPECT_EQ(all[0].reason, "the disk died");
  EXPECT_EQ(all[0].host, "db1");
  EXPECT_EQ(all[0].when.micros, 1'000'000);
}

TEST_F(GapAcknowledgementTest, IsRecordedOnce) {
  acknowledge(4, 6, "first");
  acknowledge(4, 6, "second");
  ASSERT_EQ(list().size(), 1u);
  EXPECT_EQ(list()[0].reason, "first");
}

TEST_F(GapAcknowledgementTest, OneStoreThatHasItIsEnough) {
  acknowledge(4, 6);
  bench_.a->remove(key(4, 6), {});
  EXPECT_EQ(list().size(), 1u);
}

TEST_F(GapAcknowledgementTest, ForgedOrMovedItCountsForNothing) {
  acknowledge(4, 6);
  for (const auto& store : {bench_.a, bench_.b}) {
    store->put_once(key(8, 9), *store->get(key(4, 6), {}));
    store->remove(key(4, 6), {});
  }
  EXPECT_THAT(list(), IsEmpty());
  EXPECT_THAT(bench_.monitor.warnings(), testing::Contains(HasSubstr(key(8, 9))));
}

TEST_F(GapAcknowledgementTest, CoversAGapOnlyWhole) {
  acknowledge(4, 6);
  acknowledge(7, 9);
  const auto all = list();
  EXPECT_THAT(covering(all, {1, 4, 6}, segment_size), SizeIs(1));
  EXPECT_THAT(covering(all, {1, 5, 8}, segment_size), SizeIs(2));
  EXPECT_THAT(covering(all, {1, 5, 5}, segment_size), SizeIs(1));
  EXPECT_THAT(covering(all, {1, 3, 6}, segment_size), IsEmpty());
  EXPECT_THAT(covering(all, {1, 8, 10}, segment_size), IsEmpty());
  EXPECT_THAT(covering(all, {2, 4, 6}, segment_size), IsEmpty());
}

TEST_F(GapAcknowledgementTest, ParserRefusesRubbish) {
  EXPECT_FALSE(parse_gap_acknowledgement({}));
  EXPECT_FALSE(parse_gap_acknowledgement(as_bytes("\1rubbish")));
  auto bytes = serialize({system_id, segment_name(1, 4), segment_name(1, 6), "", "", {}});
  bytes.pop_back();
  EXPECT_FALSE(parse_gap_acknowledgement(bytes));
}

}  // namespace
}  // namespace owl::wal
