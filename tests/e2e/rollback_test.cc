#include <gmock/gmock.h>

#include "codec/json.h"
#include "crash/faults.h"
#include "e2e/files.h"
#include "e2e/site.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Whoever can write to a store can delete the newest backups or bring back yesterday's state, and every object that is
/// left will open. The host's memory, and the other store, tell.
class Rollback : public testing::Test {
 protected:
  void make_site(SiteOptions options) {
    site = std::make_unique<Site>(std::move(options));
    back_up();
  }
  void back_up(int expected = 0) {
    const auto result = site->owl({"backup", "cluster"});
    ASSERT_EQ(result.exit_code, expected) << result;
  }

  /// Each command that reads tells of it, and how it ends.
  void expect_told(const std::string& message, int list, int status, int verify, int restore) {
    const std::vector<std::pair<std::vector<std::string>, int>> commands{
        {{"list"}, list},
        {{"status"}, status},
        {{"verify"}, verify},
        {{"restore", "cluster", "--to", (site->folder() / "unused").string(), "--dry-run"}, restore}};
    for (const auto& [command, code] : commands) {
      const auto result = site->owl(command);
      EXPECT_EQ(result.exit_code, code) << command[0] << result;
      if (code == 5) continue;
      EXPECT_THAT(result.err, HasSubstr((code == 3 ? "warning: " : "") + message + "\n")) << command[0];
    }
  }

  /// With owners and modes, so that the server's account can go on.
  void copy(const fs::path& from, const fs::path& to) {
    const auto result = site->as_server({"cp", "-a", (from / ".").string(), to.string()});
    ASSERT_EQ(result.exit_code, 0) << result;
  }

  codec::Json status() { return json_of(site->owl({"--json", "status"})); }
  std::vector<fs::path> manifests(const std::string& store = "primary") {
    return files_with(site->store(store), "/backups/cluster/");
  }
  std::string key_of(const fs::path& object) { return fs::relative(object, site->store()).string(); }
  /// The one that was stored last.
  fs::path newest_manifest() {
    return std::ranges::max(manifests(), {}, [](const fs::path& path) { return fs::last_write_time(path); });
  }

  std::unique_ptr<Site> site;
};

TEST_F(Rollback, TheNewestManifestIsDeleted) {
  make_site({});
  back_up();
  const auto before = status();
  EXPECT_EQ((*before["heads"].as_array())[0]["name"].text_or(""), "e2e");
  EXPECT_EQ(before["divergences"].as_array()->size(), 0U);
  const auto key = key_of(newest_manifest());
  fs::remove(newest_manifest());

  const std::string message =
      "store primary has lost 1 backup of cluster e2e that this host put there: number 2; the newest there is number 1";
  expect_told(message, 3, 3, 5, 3);
  EXPECT_THAT(
      site->owl({"verify"}).out,
      HasSubstr(
          "DAMAGED " + key +
          " in primary: backup number 2 of cluster e2e is gone, which this host put there. "
          "No store has it. If it was removed on purpose, remove heads.json from this host's state directory.\n"));
  const auto after = status();
  const auto& divergence = after["divergences"].as_array()->at(0);
  EXPECT_EQ(divergence["kind"].text_or(""), "lost");
  EXPECT_EQ(divergence["store"].text_or(""), "primary");
  EXPECT_EQ(divergence["source"].text_or(""), "cluster e2e");
  EXPECT_EQ(divergence["lost"].as_array()->at(0)["number"].unsigned_or(0), 2U);
  EXPECT_EQ(divergence["lost"].as_array()->at(0)["manifest"].text_or(""), key);
  EXPECT_EQ(divergence["message"].text_or(""), message);

  back_up(3);
  const auto again = status();
  const auto head = (*(*again["heads"].as_array())[0]["stores"].as_array())[0]["head"].text_or("");
  EXPECT_TRUE(head.starts_with("3/")) << head << ": a number is never used twice";
  expect_told(
      "store primary has lost 1 backup of cluster e2e that this host put there: number 2; the newest there is number 3",
      3, 3, 5, 3);
  fs::remove(site->state() / "heads.json");
  EXPECT_EQ(site->owl({"verify"}).exit_code, 0) << "on purpose";
}

TEST_F(Rollback, AWholeStoreIsRolledBackToAnEarlierCopy) {
  make_site({});
  const auto saved = site->make("yesterday");
  copy(site->store(), saved);
  back_up();
  back_up();
  const auto head = (*status()["backups"].as_array())[0]["head"].text_or("");
  EXPECT_TRUE(head.starts_with("3/")) << head;
  for (const auto& entry : fs::directory_iterator(site->store())) fs::remove_all(entry);
  copy(saved, site->store());

  expect_told(
      "store primary has lost 2 backups of cluster e2e that this host put there: numbers 2 and 3; the newest there is "
      "number 1",
      3, 3, 5, 3);
  const auto refused =
      site->owl({"restore", "cluster", "--to", (site->folder() / "unused").string(), "--expect-head", head});
  EXPECT_EQ(refused.exit_code, 5) << refused;
  EXPECT_THAT(refused.err, HasSubstr("not " + head + " as expected: backups were lost or withheld"));
}

TEST_F(Rollback, ASecondStoreThatWasDownIsBehindAndNotDamaged) {
  make_site({.stores = {"primary", "secondary"}, .acknowledge = "any", .server_settings = {}});
  fs::permissions(site->store("secondary"), fs::perms::none);
  back_up(3);
  fs::permissions(site->store("secondary"), fs::perms::owner_all);
  expect_told(
      "store secondary is 1 backup behind in cluster e2e: the newest there is number 1, store primary has number 2", 3,
      3, 3, 0);
  const auto document = status();
  const auto& divergence = document["divergences"].as_array()->at(0);
  EXPECT_EQ(divergence["kind"].text_or(""), "behind");
  EXPECT_EQ(divergence["behind"].unsigned_or(0), 1U);
  EXPECT_EQ(site->owl({"--store", "primary", "status"}).exit_code, 0);

  fs::remove(newest_manifest());
  EXPECT_THAT(site->owl({"verify"}).out,
              HasSubstr(" in primary: backup number 2 of cluster e2e is gone, which this host put there. "
                        "No store has it."));
}

}  // namespace
}  // namespace owl::test
