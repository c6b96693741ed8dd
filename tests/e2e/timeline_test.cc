#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "postgres/connection.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// A cluster and one that was restored from it and promoted: both archive into one repository, each its own history.
class Timelines : public testing::Test {
 protected:
  void SetUp() override {
    site.psql("CREATE TABLE log (n int PRIMARY KEY); INSERT INTO log VALUES (1);");
    site.owl_ok({"backup", "cluster"});
    site.psql("INSERT INTO log VALUES (2);");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto fork = site.now();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    site.psql("INSERT INTO log VALUES (3);");
    site.archive();
    site.owl_ok({"restore", "cluster", "--to", site.target("child"), "--target-time", fork});
    make_child();
  }

  /// Started by hand, with the archive_command that its parent's configuration brought along.
  void make_child() {
    const auto config = site.folder() / "child.toml";
    const auto command =
        "OWLBACKUP_CONFIG=" + config.string() + " " + (site.programs() / "owl-wal").string() + " push %p";
    child = std::make_unique<PostgresServer>(
        PostgresOptions{.settings = {"archive_mode = on", "archive_command = '" + command + "'"},
                        .data_dir = site.folder() / "child",
                        .start = false});
    ASSERT_EQ(site.write_config({.name = "child", .connection = child->connection()}), config);
    child->start();
    for (int i = 0; i < 2400 && child->psql("SELECT pg_is_in_recovery();") == "t"; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_EQ(child->psql("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log;"), "1 2");
  }

  RunResult as_child(std::vector<std::string> arguments) {
    return site.owl(std::move(arguments), {{"OWLBACKUP_CONFIG", site.folder() / "child.toml"}});
  }

  /// The segment that it went into, archived.
  std::string insert_into_child(int n) {
    child->psql("INSERT INTO log VALUES (" + std::to_string(n) + ");");
    auto segment = child->psql("SELECT pg_walfile_name(pg_current_wal_insert_lsn() - 1);");
    child->psql("SELECT pg_switch_wal();");
    site.wait_for_archived(*child, segment);
    return segment;
  }

  std::string rows_of(std::string_view name, const std::vector<std::string>& target) {
    const auto to = site.target(name);
    std::vector<std::string> arguments{"restore", "cluster", "--to", to, "--start"};
    arguments.insert(arguments.end(), target.begin(), target.end());
    postgres::Connection connection(Site::connection_in(site.owl_ok(arguments)));
    return connection.query_text("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log");
  }

  Site site;
  std::unique_ptr<PostgresServer> child;
};

TEST_F(Timelines, NeitherHistoryRunsIntoTheOther) {
  // Not enrolled, it can't take timeline 2 from the cluster that it came from.
  const auto history = child->data_dir() / "pg_wal/00000002.history";
  ASSERT_TRUE(fs::exists(history));
  const auto refused = as_child({"wal", "push", history});
  EXPECT_EQ(refused.exit_code, 1) << refused;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("00000002.history begins a new timeline"), HasSubstr("is not enrolled"),
                                 HasSubstr("owlbackup doctor --enrol")));
  EXPECT_TRUE(site.wal_objects("00000002.history").empty());

  const auto enrolled = as_child({"doctor", "--enrol"});
  ASSERT_EQ(enrolled.exit_code, 0) << enrolled;
  const auto first = insert_into_child(10);
  insert_into_child(11);
  site.psql("INSERT INTO log VALUES (4);");
  site.archive();

  EXPECT_EQ(rows_of("along-child", {}), "1 2 10 11");
  EXPECT_EQ(rows_of("along-parent", {"--target-timeline", "1"}), "1 2 3 4");

  // The parent has a segment of the same number: it is another history, and no stopgap.
  ASSERT_EQ(first.substr(0, 8), "00000002");
  ASSERT_FALSE(site.wal_objects("00000001" + first.substr(8)).empty());
  site.lose_wal(first);
  const auto to = site.target("gap");
  const auto gap = site.owl({"restore", "cluster", "--to", to, "--start"});
  EXPECT_EQ(gap.exit_code, 1) << gap;
  EXPECT_THAT(gap.err, HasSubstr("WAL segment " + first + " is missing"));
  EXPECT_TRUE(is_untouched(to));
}

}  // namespace
}  // namespace owl::test
