#include "support/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/environment.h"
#include "support/temp_dir.h"

namespace owl::test {
namespace {

using namespace std::chrono_literals;

TEST(Run, GivesBothOutputsAndTheExitCode) {
  const auto result = run({"sh", "-c", "cat; echo bad >&2; exit 3"}, {.input = "good"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "good");
  EXPECT_EQ(result.err, "bad\n");
}

TEST(Run, TakesEnvironmentAndFolder) {
  const TempDir folder;
  const auto out =
      run_ok({"sh", "-c", "echo $OWL_TEST_WORD; pwd"}, {.env = {{"OWL_TEST_WORD", "w"}}, .cwd = folder.path()});
  EXPECT_EQ(out, "w\n" + folder.path().string() + "\n");
}

TEST(Run, KillsWhatIsOverItsDeadline) {
  try {
    run({"sleep", "60"}, {.deadline = 50ms});
    FAIL() << "sleep ended";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
  }
}

TEST(Run, OkTellsWhatTheProgramSaid) {
  try {
    run_ok({"sh", "-c", "echo because >&2; exit 1"});
    FAIL() << "a failure was taken for success";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("because"));
  }
}

TEST(Run, BecomesTheServersUserWhereWeAreRoot) {
  const auto user = server_user();
  if (!user) GTEST_SKIP() << "we aren't root";
  EXPECT_EQ(run_ok({"id", "-un"}, {.user = user}), "postgres\n");
}

}  // namespace
}  // namespace owl::test
