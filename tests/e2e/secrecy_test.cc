#include <gmock/gmock.h>

#include "base/text.h"
#include "e2e/files.h"
#include "e2e/site.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// All that this host keeps, and the whole repository: nothing of it opens a backup.
class Secrecy : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    site = std::make_unique<Site>();
    site->psql("CREATE DATABASE needle_database;");
    site->server().psql(
        "CREATE TABLE needle_table (what text); INSERT INTO needle_table SELECT 'needle content ' || i FROM "
        "generate_series(1, 1000) i;",
        "needle_database");
    site->owl_ok({"backup", "cluster", "--label", "needle-label"});
    site->archive();
    const auto empty = site->make("gnupg-empty");
    config = site->write_config(
        {.name = "without-private-key", .connection = site->server().connection(), .gpg_home = empty});
  }
  static void TearDownTestSuite() {
    run({"gpgconf", "--homedir", site->folder() / "gnupg-empty", "--kill", "all"});
    site.reset();
  }

  static RunResult without_private_key(std::vector<std::string> arguments) {
    return site->owl(std::move(arguments), {{"OWLBACKUP_CONFIG", config}});
  }

  /// The id of the subkey that backups are sealed to: the fifth field of its line.
  static std::string encryption_key() {
    const auto listed =
        site->as_server({"gpg", "--homedir", GpgHome::shared().path(), "--list-keys", "--with-colons"}).out;
    const auto line = split(std::string_view(listed).substr(listed.find("\nsub:") + 1), '\n').front();
    return std::string(split(line, ':').at(4));
  }

  static inline std::unique_ptr<Site> site;
  static inline fs::path config;
};

TEST_F(Secrecy, CatNeedsThePrivateKey) {
  EXPECT_EQ(site->owl_ok({"cat", "latest", "PG_VERSION"}), "15\n");
  const auto result = without_private_key({"cat", "latest", "PG_VERSION"});
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("none of the private keys that would open it: " + encryption_key()));
}

TEST_F(Secrecy, RestoreNeedsThePrivateKey) {
  const auto to = site->target("restored");
  const auto result = without_private_key({"restore", "cluster", "--to", to});
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_THAT(result.err, HasSubstr("none of the private keys that would open it: " + encryption_key()));
  EXPECT_TRUE(is_untouched(to));
}

TEST_F(Secrecy, TheRepositoryShowsNothing) {
  const auto contents = contents_of(site->store());
  ASSERT_GT(contents.size(), 5u);
  for (const std::string needle : {"needle", "pg_control", "PG_VERSION", "base/", "backup_label", "pg_default"}) {
    for (const auto& [path, text] : contents) {
      EXPECT_EQ(text.find(needle), std::string::npos) << needle << " stands in " << path;
      EXPECT_EQ(path.find(needle), std::string::npos) << path;
    }
  }
}

}  // namespace
}  // namespace owl::test
