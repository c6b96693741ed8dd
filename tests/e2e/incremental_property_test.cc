#include <fmt/core.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>

#include "crash/faults.h"
#include "e2e/judges.h"
#include "e2e/random_work.h"
#include "e2e/site.h"
#include "postgres/connection.h"
#include "support/environment.h"

// Does an incremental backup hold what a backup that reads everything would? Random work between a chain of them, each
// of which reads every page that it takes over and compares it with what it was (--audit 100%); then their restores are
// given to PostgreSQL's own judges. `OWL_SEED` repeats a run; `--long` draws a seed, and prints it.

namespace owl::test {
namespace {

using testing::IsEmpty;

/// The usual run repeats one that once found something (the metapage of SP-GiST, on 13); a long one draws, once.
std::uint64_t seed() {
  constexpr std::uint64_t found_something = 1307421500;
  const char* text = std::getenv("OWL_SEED");
  if (text != nullptr) return std::strtoull(text, nullptr, 10);
  static const std::uint64_t drawn = std::random_device{}();
  return long_run() ? drawn : found_something;
}

class IncrementalProperty : public testing::TestWithParam<int> {
 protected:
  codec::Json back_up(const std::string& work) {
    const auto result = site.owl({"--json", "backup", "cluster", "--audit", "100%"});
    EXPECT_EQ(result.exit_code, 0) << work << result;
    auto json = json_of(result);
    EXPECT_EQ(json["map_fault"].text_or(""), "") << work;
    return json;
  }

  std::string conninfo_of_source(const std::string& database) { return site.server().connection(database); }

  /// A restore to the end of the archive: it starts, has the rows of `expected`, and every judge finds it clean.
  void judge_restore(const std::map<std::string, std::string>& expected, const std::string& work) {
    const auto number = std::to_string(++restores);
    const auto cold = site.target("cold" + number), warm = site.target("warm" + number);
    const auto restore = [&](const std::filesystem::path& to, std::vector<std::string> more) {
      std::vector<std::string> all{"restore",
                                   "cluster",
                                   "--to",
                                   to,
                                   "--tablespace-map",
                                   (site.folder() / "random-tablespace").string() + "=" + to.string() + "-elsewhere"};
      all.insert(all.end(), more.begin(), more.end());
      auto result = site.owl(all);
      EXPECT_EQ(result.exit_code, 0) << work << result;
      return result;
    };
    restore(cold, {});
    EXPECT_THAT(manifest_faults(cold, GetParam()), IsEmpty()) << work;
    if (GetParam() == 15) {
      const auto verified = site.as_server({site.postgres_program("pg_verifybackup"), cold});
      EXPECT_EQ(verified.exit_code, 0) << work << verified;
    }
    const auto started = restore(warm, {"--target-action", "promote", "--start"});
    const auto conninfo = Site::connection_in(started.out);
    const auto rows = RandomWork::sums([&](const std::string& database) { return conninfo + " dbname=" + database; });
    EXPECT_EQ(rows, expected) << work;
    if (GetParam() == 15) {
      const auto amcheck = site.as_server({site.postgres_program("pg_amcheck"), "--all", "--install-missing",
                                           "--heapallindexed", "--jobs=2", "--maintenance-db=" + conninfo});
      EXPECT_EQ(amcheck.exit_code, 0) << work << amcheck;
    }
    site.stop_restored(warm);
    const auto pages = check_pages(warm);
    EXPECT_GT(pages.pages, 1000u);
    EXPECT_THAT(pages.bad, IsEmpty()) << work;
  }

  /// Every record brings the page as it must be after it, masked of what may differ (bufmask.c): recovery holds what it
  /// made of a restored page against that, and ends with FATAL where they differ.
  static bool checks_replay() { return long_run() ? seed() % 2 == 0 : GetParam() == 18; }
  static std::vector<std::string> settings() {
    std::vector<std::string> settings{"max_prepared_transactions = 10", "max_wal_size = 4GB"};
    if (checks_replay()) settings.push_back("wal_consistency_checking = 'all'");
    return settings;
  }

  Site site{{.server_settings = settings(), .version = GetParam()}};
  int restores = 0;
};
INSTANTIATE_TEST_SUITE_P(Of, IncrementalProperty, testing::Values(15, 13, 18), testing::PrintToStringParamName());

TEST_P(IncrementalProperty, WhatIsNotReadIsAsItWas) {
  const auto drawn = seed();
  std::cout << "OWL_SEED=" << drawn << std::endl;
  RandomWork work(site, drawn);
  back_up("the first");
  const int rounds = long_run() ? 40 : 5;
  int incremental = 0;
  for (int round = 1; round <= rounds; ++round) {
    work.run(5);
    const auto told = fmt::format("seed {}, round {}: {}", drawn, round, work.last());
    const auto backup = back_up(told);
    EXPECT_TRUE(backup["incremental"].bool_or(false)) << told << ": " << backup["full_reason"].text_or("");
    incremental += backup["incremental"].bool_or(false) ? 1 : 0;
    if (round != rounds && round % 10 != 3) continue;
    const auto rows = RandomWork::sums([&](const std::string& database) { return conninfo_of_source(database); });
    site.archive();
    judge_restore(rows, told);
  }
  EXPECT_EQ(incremental, rounds);
}

}  // namespace
}  // namespace owl::test
