#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <regex>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "postgres/connection.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Arguments = std::vector<std::string>;

/// Where a dry run says the recovery begins.
std::string base_backup(const std::string& output) {
  static constexpr std::string_view before = "Base backup   ";
  const auto at = output.find(before);
  if (at == std::string::npos) return "none in: " + output;
  const auto begin = at + before.size();
  return output.substr(begin, output.find(' ', begin) - begin);
}

/// One history for all tests: rows 1 to 6 of a table, a way to name the moment after most of them, two backups.
class Targets : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    site = std::make_unique<Site>(SiteOptions{.server_settings = {"autovacuum = off", "track_commit_timestamp = on"}});
    early = site->now();
    site->psql("CREATE TABLE log (n int PRIMARY KEY);");
    insert(1);
    site->owl_ok({"backup", "cluster", "--label", "first"});
    first_backup = base_backup(site->owl_ok({"restore", "cluster", "--to", site->folder() / "unused", "--dry-run"}));
    insert(2);
    after_2 = moment();
    lsn_after_2 = site->psql("SELECT pg_current_wal_insert_lsn();");
    xid_of_3 = site->psql("WITH new AS (INSERT INTO log VALUES (3) RETURNING 1) SELECT pg_current_xact_id() FROM new;");
    site->psql("SELECT pg_create_restore_point('before four');");
    insert(4);
    site->archive();
    site->owl_ok({"backup", "cluster", "--label", "second"});
    insert(5);
    after_5 = moment();
    segment_of_5 = site->psql("SELECT pg_walfile_name(pg_current_wal_insert_lsn());");
    site->archive();
    insert(6);
    last_commit = site->psql("SELECT timestamp FROM pg_last_committed_xact();");
    site->archive();
  }
  static void TearDownTestSuite() { site.reset(); }

  static void insert(int n) { site->psql("INSERT INTO log VALUES (" + std::to_string(n) + ");"); }

  /// A moment with a pause on either side of it.
  static std::string moment() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto at = site->now();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return at;
  }

  static fs::path next_target() { return site->target("restored-" + std::to_string(++targets)); }

  static RunResult restore(const fs::path& to, const Arguments& target) {
    Arguments arguments{"restore", "cluster", "--to", to};
    arguments.insert(arguments.end(), target.begin(), target.end());
    return site->owl(arguments);
  }

  /// The rows that are there after a restore to `target`.
  static std::string rows_at(Arguments target) {
    const auto to = next_target();
    target.push_back("--start");
    const auto result = restore(to, target);
    if (result.exit_code != 0) return "exit code " + std::to_string(result.exit_code) + ": " + result.err;
    postgres::Connection connection(Site::connection_in(result.out));
    auto rows = connection.query_text("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log");
    connection.close();
    site->stop_restored(to, "immediate");
    return rows;
  }

  /// What is said of a target that can't be reached, for which nothing may be written.
  static std::string refusal_of(const Arguments& target) {
    const auto to = next_target();
    const auto result = restore(to, target);
    EXPECT_EQ(result.exit_code, 1) << result;
    EXPECT_TRUE(is_untouched(to));
    return result.err;
  }

  /// The server's arithmetic, in the form in which a moment is written.
  static std::string later_by(const std::string& moment, int micros) {
    return site->psql("SELECT to_char(('" + moment + "'::timestamptz + " + std::to_string(micros) +
                      " * interval '1us') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00';");
  }

  /// A refusal names one range, however many backups serve it, and it is exact to the microsecond on either side.
  static void expect_exact_range(const Arguments& side, const std::string& expected_last) {
    auto too_early = side;
    too_early.insert(too_early.end(), {"--target-time", early});
    const auto said = refusal_of(too_early);
    std::smatch range;
    ASSERT_TRUE(std::regex_search(said, range,
                                  std::regex("Moments that can be reached: (\\S+ \\S+) to (\\S+ [^;,]+); without a "
                                             "target, all that is archived. Nothing was changed.")))
        << said;
    const std::string first = range[1], last = range[2];
    EXPECT_EQ(later_by(last, 0), later_by(expected_last, 0));
    const auto exit_code = [&](const std::string& moment) {
      auto target = side;
      target.insert(target.end(), {"--target-time", moment, "--dry-run"});
      return restore(next_target(), target).exit_code;
    };
    EXPECT_EQ(exit_code(first), 0) << first;
    EXPECT_EQ(exit_code(later_by(first, -1)), 1) << first;
    EXPECT_EQ(exit_code(last), 0) << last;
    EXPECT_EQ(exit_code(later_by(last, 1)), 1) << last;
  }

  static inline std::unique_ptr<Site> site;
  static inline std::string early, first_backup, after_2, lsn_after_2, xid_of_3, after_5, segment_of_5, last_commit;
  static inline int targets = 0;
};

TEST_F(Targets, LatestHasEverything) {
  EXPECT_EQ(rows_at({}), "1 2 3 4 5 6");
}

TEST_F(Targets, Time) {
  EXPECT_EQ(rows_at({"--target-time", after_5}), "1 2 3 4 5");
}

TEST_F(Targets, TimeBeforeTheSecondBackup) {
  EXPECT_EQ(rows_at({"--target-time", after_2}), "1 2");
}

TEST_F(Targets, Lsn) {
  EXPECT_EQ(rows_at({"--target-lsn", lsn_after_2}), "1 2");
}

TEST_F(Targets, Xid) {
  EXPECT_EQ(rows_at({"--target-xid", xid_of_3}), "1 2 3");
}

TEST_F(Targets, JustBeforeAnXid) {
  EXPECT_EQ(rows_at({"--target-xid", xid_of_3, "--target-exclusive"}), "1 2");
}

TEST_F(Targets, Name) {
  EXPECT_EQ(rows_at({"--target-name", "before four"}), "1 2 3");
}

TEST_F(Targets, ImmediateIsTheNewestBackupItself) {
  EXPECT_EQ(rows_at({"--immediate"}), "1 2 3 4");
}

TEST_F(Targets, ImmediateOfAChosenBackup) {
  const auto id = site->owl_ok({"list"});
  ASSERT_THAT(id, HasSubstr("first"));
  const auto lease = first_backup.substr(first_backup.rfind('-') + 1);
  EXPECT_EQ(rows_at({"--immediate", "--backup", lease.substr(0, 8)}), "1");
}

TEST_F(Targets, TheNewestBackupThatFitsIsTaken) {
  const auto to = next_target();
  const auto early_plan = restore(to, {"--target-time", after_2, "--dry-run"});
  const auto late_plan = restore(to, {"--target-time", after_5, "--dry-run"});
  EXPECT_EQ(base_backup(early_plan.out), first_backup);
  EXPECT_EQ(late_plan.exit_code, 0) << late_plan;
  EXPECT_NE(base_backup(late_plan.out), first_backup);
  EXPECT_TRUE(is_untouched(to));
}

TEST_F(Targets, ATimeAfterEverythingNamesTheLastTransaction) {
  EXPECT_THAT(refusal_of({"--target-time", "2099-01-01 00:00:00+00"}),
              HasSubstr("the last transaction in the archive ended at 20"));
}

TEST_F(Targets, ATimeBeforeTheFirstBackupNamesWhatCanBeReached) {
  const auto said = refusal_of({"--target-time", early});
  EXPECT_THAT(said, HasSubstr(", after that moment; the backup of "));
  EXPECT_THAT(said, HasSubstr("Moments that can be reached: 20"));
}

TEST_F(Targets, TheMomentsThatCanBeReachedAreExactWhereTheTargetIsIncluded) {
  expect_exact_range({}, later_by(last_commit, -1));
}

TEST_F(Targets, TheMomentsThatCanBeReachedAreExactWhereTheTargetIsExcluded) {
  expect_exact_range({"--target-exclusive"}, last_commit);
}

TEST_F(Targets, ARestorePointThatIsNowhereIsRefused) {
  EXPECT_THAT(refusal_of({"--target-name", "never made"}),
              HasSubstr("restore point \"never made\" is not in the WAL archived since"));
}

TEST_F(Targets, AMissingSegmentIsNamedInAdvance) {
  const auto objects = site->wal_objects(segment_of_5);
  ASSERT_EQ(objects.size(), 1u) << segment_of_5;
  const auto aside = site->folder() / "aside";
  fs::rename(objects[0], aside);
  const auto said = refusal_of({});
  const auto before_it = restore(next_target(), {"--target-time", after_2, "--dry-run"});
  fs::rename(aside, objects[0]);
  EXPECT_THAT(said, HasSubstr("WAL segment " + segment_of_5 + " is missing"));
  EXPECT_EQ(before_it.exit_code, 0) << before_it;
}

TEST_F(Targets, AFolderThatIsNotEmptyIsLeftAsItIs) {
  const auto to = site->make("occupied");
  fs::create_directory(to / "somebody's");
  const auto result = restore(to, {});
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_THAT(result.err, HasSubstr("is not empty"));
  EXPECT_EQ(std::distance(fs::directory_iterator(to), {}), 1);
}

}  // namespace
}  // namespace owl::test
