// Faults that pass: a whole backup, its WAL and a restore come through them, and what they leave is sound.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/s3_site.h"

namespace owl::test {
namespace {

using namespace std::chrono_literals;

struct Weather {
  const char* name;
  std::vector<FaultRule> rules;
  Environment env = {};
};
void PrintTo(const Weather& weather, std::ostream* out) {
  *out << weather.name;
}

class PassingFaults : public testing::TestWithParam<Weather> {};

TEST_P(PassingFaults, BackupWalAndRestoreComeThrough) {
  auto& s3 = S3Site::shared();
  auto& site = s3.site();
  const auto backups = s3.count_backups();
  s3.change_something();
  {
    const Faults faults(GetParam().rules);
    const auto backup = site.owl({"backup", "cluster"}, GetParam().env);
    EXPECT_EQ(backup.exit_code, 0) << backup;
    EXPECT_GT(Faults::happened(), 0);
    s3.change_something();
    site.archive();
    const auto restored = s3.restore_judged();
    EXPECT_EQ(restored.exit_code, 0) << restored;
  }
  EXPECT_EQ(s3.count_backups(), backups + 1);
  const auto verified = site.owl({"verify", "--data"});
  EXPECT_EQ(verified.exit_code, 0) << verified;
}

constexpr auto slow_down = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";

INSTANTIATE_TEST_SUITE_P(
    All, PassingFaults,
    testing::Values(
        Weather{
            "FailsNowAndThen",
            {{.fault = Fault::answer, .every = 7, .status = 500}, {.fault = Fault::answer, .every = 5, .status = 503}}},
        Weather{"AsksForPatience",
                {{.fault = Fault::answer, .every = 6, .times = 5, .status = 429, .headers = "Retry-After: 1\r\n"},
                 {.fault = Fault::answer, .every = 9, .status = 503, .body = slow_down}}},
        Weather{"IsSlow", {{.fault = Fault::late, .delay = 60ms}}},
        Weather{"IsSlowerThanTheTimeout",
                {{.fault = Fault::late, .every = 8, .times = 4, .delay = 3s}},
                with_store("REQUEST_TIMEOUT", "1s")},
        Weather{"CutsAnswers", {{.method = "GET", .fault = Fault::cut_answer, .every = 4}}},
        Weather{"CutsUploads", {{.method = "PUT", .fault = Fault::cut_request, .every = 3}}},
        Weather{"CutsBeforeTheStoreSeesIt", {{.fault = Fault::cut_before, .every = 5}}},
        Weather{"CutsAfterTheStoreDidIt", {{.fault = Fault::cut_after, .every = 4}}}),
    [](const auto& weather) { return weather.param.name; });

}  // namespace
}  // namespace owl::test
