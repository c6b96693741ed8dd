#include "os/system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

#include "os/test_support.h"

namespace owl::os {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::exit_code_in_child;

TEST(SystemClock, TellsTheTime) {
  const SystemClock clock;
  const auto expected = std::chrono::system_clock::now().time_since_epoch() / 1us;
  EXPECT_NEAR(static_cast<double>(clock.now().micros), static_cast<double>(expected), 5e6);
  const auto first = clock.monotonic();
  EXPECT_GE(clock.monotonic(), first);
}

TEST(SystemClock, SleepsForTheWholeTime) {
  SystemClock clock;
  const auto start = steady_clock::now();
  EXPECT_TRUE(clock.sleep(50ms, {}));
  EXPECT_GE(steady_clock::now() - start, 50ms);
  EXPECT_TRUE(clock.sleep(0ns, {}));
  EXPECT_TRUE(clock.sleep(-1h, {}));
}

TEST(SystemClock, AStopEndsTheSleep) {
  SystemClock clock;
  std::stop_source source;
  const auto start = steady_clock::now();
  std::jthread stopper([&] {
    std::this_thread::sleep_for(50ms);
    source.request_stop();
  });
  EXPECT_FALSE(clock.sleep(std::chrono::nanoseconds::max(), source.get_token()));
  EXPECT_LT(steady_clock::now() - start, 10s);
  EXPECT_FALSE(clock.sleep(1h, source.get_token())) << "already stopped";
}

TEST(SystemRandom, IsNeverTheSame) {
  SystemRandom random;
  std::set<ByteArray<16>> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.array<16>());
  EXPECT_EQ(seen.size(), 1000U);
  Bytes large(1 << 20);
  random.fill(large);
  EXPECT_FALSE(all_zero(ByteView(large).last(64)));
  random.fill({});
}

TEST(Environment, OfAName) {
  ASSERT_EQ(::setenv("OWL_TEST_A", "1=2", 1), 0);
  ASSERT_EQ(::setenv("OWL_TEST_B", "", 1), 0);
  EXPECT_EQ(environment("OWL_TEST_A"), "1=2");
  EXPECT_EQ(environment("OWL_TEST_B"), "") << "empty is not absent";
  EXPECT_FALSE(environment("OWL_TEST_C"));
  const std::vector<std::pair<std::string, std::string>> expected{{"OWL_TEST_A", "1=2"}, {"OWL_TEST_B", ""}};
  EXPECT_EQ(environment_with_prefix("OWL_TEST_"), expected);
  EXPECT_TRUE(environment_with_prefix("OWL_TEST_A=1").empty()) << "a prefix of names, not of entries";
}

TEST(Host, HasANameAndProcessors) {
  EXPECT_FALSE(host_name().empty());
  EXPECT_GE(processor_count(), 1U);
}

TEST(Accounts, ByNameAndNumber) {
  const auto root = account_by_name("root");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_EQ(account_by_uid(0)->name, "root");
  EXPECT_FALSE(account_by_name("owl-no-such-account"));
  EXPECT_FALSE(account_by_uid(4'000'000'000));
  EXPECT_EQ(is_root(), effective_uid() == 0);
}

/// Waits up to ten seconds for the stop.
bool stopped(const std::stop_token& token) {
  for (int i = 0; i < 1000 && !token.stop_requested(); ++i) std::this_thread::sleep_for(10ms);
  return token.stop_requested();
}

TEST(StopOnSignals, TurnsASignalIntoAStop) {
  for (const int number : {SIGINT, SIGTERM}) {
    const StopOnSignals signals;
    EXPECT_FALSE(signals.token().stop_requested());
    ASSERT_EQ(::raise(number), 0);
    EXPECT_TRUE(stopped(signals.token()));
  }
}

TEST(StopOnSignals, TheTokenOutlivesIt) {
  std::stop_token token;
  {
    const StopOnSignals signals;
    token = signals.token();
  }
  EXPECT_FALSE(token.stop_requested());
}

TEST(StopOnSignals, ASecondSignalEndsTheProcess) {
  const int code = exit_code_in_child([] {
    const StopOnSignals signals;
    ::raise(SIGTERM);
    if (!stopped(signals.token())) return 1;
    ::raise(SIGINT);
    return 2;
  });
  EXPECT_EQ(code, 130);
}

TEST(StopOnSignals, AfterwardsSignalsKillAgain) {
  const int code = exit_code_in_child([] {
    { const StopOnSignals signals; }
    ::raise(SIGTERM);
    return 0;
  });
  EXPECT_EQ(code, 128 + SIGTERM);
}

TEST(StopOnSignalsDeathTest, ThereIsOnlyOneAtATime) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // it has a thread of its own
  const StopOnSignals first;
  EXPECT_DEATH(StopOnSignals(), "a second StopOnSignals");
}

}  // namespace
}  // namespace owl::os
