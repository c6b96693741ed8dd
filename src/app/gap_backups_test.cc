#include "app/gap_backups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

#include "base/error.h"
#include "storage/test_support.h"

namespace owl::app {
namespace {

using wal::Gap;

class GapBackupsTest : public testing::Test {
 protected:
  storage::FakeClock clock_;
  RecordingMonitor monitor_;
};

TEST_F(GapBackupsTest, MakesOneForEachGapAndNeverTwoAtOnce) {
  std::atomic<int> running = 0, most = 0;
  std::counting_semaphore<8> done(0), go(0);
  std::vector<std::vector<Gap>> asked;
  GapBackups backups(
      [&](const std::vector<Gap>& gaps, std::stop_token) {
        most = std::max<int>(most, ++running);
        asked.push_back(gaps);
        go.acquire();
        --running;
        done.release();
      },
      clock_, monitor_);
  backups.note({{1, 4, 5}});
  while (running == 0) std::this_thread::yield();
  backups.note({{1, 4, 5}, {1, 9, 9}});  // while the first runs
  go.release();
  done.acquire();
  go.release();
  done.acquire();
  backups.note({{1, 4, 5}, {1, 9, 9}});  // nothing new
  EXPECT_EQ(most, 1);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_THAT(asked[0], testing::ElementsAre(Gap{1, 4, 5}));
  EXPECT_THAT(asked[1], testing::ElementsAre(Gap{1, 9, 9}));
}

TEST_F(GapBackupsTest, OneThatFailsIsTriedAgain) {
  std::counting_semaphore<8> done(0);
  std::atomic<int> tries = 0;
  GapBackups backups(
      [&](const std::vector<Gap>&, std::stop_token) {
        if (++tries == 1) throw Error(ErrorKind::unreachable, "no server");
        done.release();
      },
      clock_, monitor_);
  backups.note({{1, 4, 5}});
  done.acquire();
  EXPECT_EQ(tries, 2);
  EXPECT_THAT(monitor_.warnings(), testing::ElementsAre(testing::HasSubstr("tried again in 10 minutes: no server")));
}

TEST_F(GapBackupsTest, AGapThatClosedAsksForNoneAnyMore) {
  std::atomic<int> tries = 0;
  std::counting_semaphore<8> first(0), go(0);
  {
    GapBackups backups(
        [&](const std::vector<Gap>&, std::stop_token) {
          ++tries;
          first.release();
          go.acquire();
          throw Error(ErrorKind::unreachable, "no server");
        },
        clock_, monitor_);
    backups.note({{1, 4, 5}});
    first.acquire();
    backups.note({});
    go.release();
  }
  EXPECT_EQ(tries, 1);
}

}  // namespace
}  // namespace owl::app
