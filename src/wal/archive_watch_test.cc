#include "wal/archive_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/level.h"
#include "wal/service_bench.h"

namespace owl::wal {
namespace {

using storage::error_of;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Segments 3 to 6 are in both stores, and gone from pg_wal.
class ArchiveWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t number = 3; number <= 6; ++number) {
      bench_.put(number);
      bench_.archiver().archive(bench_.source(number), {});
      os::remove_file(bench_.path(bench_.name(number)));
      os::remove_file(marker(number, ".ready"));
    }
    options_.data_directory = bench_.data_directory;
    options_.state_directory = bench_.state_directory;
    options_.system_id = bench_.system_id;
    options_.segment_size = test::segment_size;
    options_.on_gaps = [this](const auto& gaps) { told_ = gaps; };
  }

  std::filesystem::path marker(std::uint64_t number, const std::string& ending) const {
    return bench_.data_directory / "pg_wal/archive_status" / (bench_.name(number) + ending);
  }
  ArchiveWatch& watch() {
    if (!watch_) {
      watch_ = std::make_unique<ArchiveWatch>(bench_.archiver(), bench_.archive.keys, options_, bench_.archive.clock,
                                              bench_.archive.monitor);
    }
    return *watch_;
  }
  void look() { watch().look({}); }
  void lose(std::uint64_t number) {
    a_.remove(bench_.key(number), {});
    b_.remove(bench_.key(number), {});
  }
  std::vector<std::string> warnings() const { return bench_.archive.monitor.warnings(); }

  test::ServiceBench bench_;
  storage::MemoryStore &a_ = *bench_.archive.a, &b_ = *bench_.archive.b;
  WatchOptions options_;
  std::vector<Gap> told_;
  std::unique_ptr<ArchiveWatch> watch_;
};

TEST_F(ArchiveWatchTest, FindsNothingWhereNothingIsMissing) {
  look();
  EXPECT_THAT(watch().state().gaps, IsEmpty());
  EXPECT_GT(watch().state().last_look.micros, 0);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(ArchiveWatchTest, TellsOnceOfASegmentThatIsNowhere) {
  lose(4);
  look();
  look();
  EXPECT_THAT(watch().state().gaps, ElementsAre(Gap{1, 4, 4}));
  EXPECT_THAT(told_, ElementsAre(Gap{1, 4, 4}));
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("WAL is missing: " + bench_.name(4) + " is in no store")));
}

TEST_F(ArchiveWatchTest, MissesTheLastOneToo) {
  lose(6);
  look();
  EXPECT_THAT(watch().state().gaps, ElementsAre(Gap{1, 6, 6})) << "it was acknowledged";
}

TEST_F(ArchiveWatchTest, MissesWhatABackupNeeds) {
  lose(3);
  look();
  EXPECT_THAT(watch().state().gaps, IsEmpty()) << "WAL from before all that is here was expired";
  watch_.reset();
  options_.needed = [](auto) { return KnownExtents{{1, {3, 4}}}; };
  look();
  EXPECT_THAT(watch().state().gaps, ElementsAre(Gap{1, 3, 3}));
}

TEST_F(ArchiveWatchTest, WhatOneStoreLostIsCopiedFromTheOther) {
  look();
  b_.remove(bench_.key(4), {});
  look();
  EXPECT_THAT(watch().state().gaps, IsEmpty());
  EXPECT_EQ(watch().state().lost, 1u);
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("store b lost " + bench_.name(4))));
  EXPECT_EQ(level_missed(bench_.archiver(), bench_.system_id, bench_.archive.keys, bench_.archive.monitor, {}), 1u);
  EXPECT_EQ(*b_.get(bench_.key(4), {}), *a_.get(bench_.key(4), {}));
}

TEST_F(ArchiveWatchTest, WhatLiesInPgWalIsArchivedAgain) {
  lose(4);
  bench_.put(4, ".done");
  look();
  EXPECT_THAT(watch().state().gaps, IsEmpty());
  EXPECT_EQ(watch().state().repaired, 1u);
  EXPECT_TRUE(a_.get(bench_.key(4), {}));
  EXPECT_TRUE(b_.get(bench_.key(4), {}));
  EXPECT_THAT(warnings(), ElementsAre(bench_.name(4) + " was in no store: archived again from pg_wal"));
}

TEST_F(ArchiveWatchTest, ACloneOrAStandbyRepairsNothing) {
  for (const auto& entry : std::filesystem::directory_iterator(bench_.state_directory)) os::remove_file(entry.path());
  lose(4);
  bench_.put(4, ".done");
  look();
  EXPECT_THAT(watch().state().gaps, ElementsAre(Gap{1, 4, 4}));
  EXPECT_FALSE(a_.get(bench_.key(4), {}));
}

TEST_F(ArchiveWatchTest, ARecycledFileIsNotArchivedUnderItsOldName) {
  lose(4);
  bench_.put(bench_.name(4), bench_.wal.segments()[2], ".done");  // holds 5
  look();
  EXPECT_THAT(watch().state().gaps, ElementsAre(Gap{1, 4, 4}));
  EXPECT_THAT(warnings(), Contains(HasSubstr("can't be archived from pg_wal")));
}

TEST_F(ArchiveWatchTest, WhatIsStillToBeArchivedIsNoGap) {
  lose(4);
  bench_.put(4, ".ready");
  look();
  EXPECT_THAT(watch().state().gaps, IsEmpty());
  EXPECT_FALSE(a_.get(bench_.key(4), {})) << "PostgreSQL will ask for it";
}

TEST_F(ArchiveWatchTest, AbsenceIsToldOnlyWhenEveryStoreWasListed) {
  a_.remove(bench_.key(4), {});
  bench_.kill("b");
  EXPECT_THAT(error_of([&] { look(); }).message(), HasSubstr("store b can't be listed"));
  EXPECT_THAT(watch().state().unlisted, ElementsAre("b"));
  EXPECT_THAT(watch().state().gaps, IsEmpty());
  bench_.heal();
  bench_.archive.clock.sleep(std::chrono::minutes(2), {});
  look();
  EXPECT_THAT(watch().state().unlisted, IsEmpty());
  EXPECT_THAT(watch().state().gaps, IsEmpty()) << "b has it";
}

TEST_F(ArchiveWatchTest, AcknowledgedItIsToldNoMore) {
  lose(4);
  acknowledge_gap(bench_.archive.stores, bench_.archive.keys,
                  {bench_.system_id, bench_.name(4), bench_.name(4), "", "db1", {1}}, bench_.archive.clock,
                  bench_.archive.random);
  look();
  EXPECT_THAT(watch().state().gaps, IsEmpty());
  EXPECT_EQ(watch().state().acknowledged_gaps, 1u);
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_THAT(warnings(), IsEmpty());
}

/// P-M8: the primary died before it had archived 5 and 6; the standby that took over has them marked `.done`, as
/// streaming leaves them, and the fork's own segment, too, of which it got only the beginning.
TEST_F(ArchiveWatchTest, AfterAFailoverTheParentsSegmentsAreArchivedUpToTheFork) {
  lose(5);
  lose(6);
  bench_.end();
  watch_.reset();  // another process, which has acknowledged nothing
  bench_.put("00000002.history", as_bytes("1\t0/680000\tno recovery target specified\n"), ".ready");
  for (const std::uint64_t number : {5u, 6u}) bench_.put(number, ".done");
  look();
  EXPECT_TRUE(a_.get(bench_.key(5), {}));
  EXPECT_FALSE(a_.get(bench_.key(6), {})) << "the child begins with a copy of it";
  EXPECT_THAT(watch().state().gaps, IsEmpty());
}

TEST_F(ArchiveWatchTest, RunLooksAsSoonAsTheServerIsPromoted) {
  options_.every = std::chrono::hours(10'000);
  std::stop_source stop;
  auto& watched = watch();  // made before there are two threads
  std::jthread runs([&] { watched.run(stop.get_token()); });
  ASSERT_TRUE(bench_.eventually([&] { return watched.state().last_look.micros > 0; }));
  const auto first = watched.state().last_look;
  bench_.put("00000002.history", as_bytes("1\t0/680000\tno recovery target specified\n"), ".ready");
  EXPECT_TRUE(bench_.eventually([&] { return watched.state().last_look > first; }));
  stop.request_stop();
}

}  // namespace
}  // namespace owl::wal
