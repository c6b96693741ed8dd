#include "observe/monitor.h"

#include <gtest/gtest.h>

#include <thread>

namespace owl {
namespace {

TEST(RecordingMonitor, KeepsWhatManyThreadsReport) {
  RecordingMonitor recording;
  Monitor& monitor = recording;
  monitor.phase("reading pages", 0);
  monitor.total(8000);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) monitor.advance(1);
        monitor.warning("a page is broken");
        monitor.note("skipped");
      });
    }
  }
  EXPECT_EQ(recording.advanced(), 8000U);
  EXPECT_EQ(recording.warnings(), std::vector<std::string>(8, "a page is broken"));
  EXPECT_EQ(recording.notes(), std::vector<std::string>(8, "skipped"));
}

TEST(SilentMonitor, TakesEverything) {
  SilentMonitor monitor;
  monitor.phase("a", 1, "items");
  monitor.total(2);
  monitor.advance(3);
  monitor.warning("b");
  monitor.note("c");
}

}  // namespace
}  // namespace owl
