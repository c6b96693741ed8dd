#include <gmock/gmock.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e/files.h"
#include "e2e/site.h"
#include "postgres/connection.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Owner {
  uid_t uid;
  mode_t mode;
};
Owner owner_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return {status.st_uid, status.st_mode & 07777u};
}
uid_t uid_of(const char* account) {
  const auto* entry = ::getpwnam(account);
  return entry == nullptr ? static_cast<uid_t>(-1) : entry->pw_uid;
}

/// Who restores, and whose the restored cluster is then.
class Accounts : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "being several accounts needs root";
    site = std::make_unique<Site>();
    place = site->make("tablespace");
    site->psql("CREATE TABLESPACE apart LOCATION '" + place.string() + "';");
    site->psql("CREATE TABLE log (n int); INSERT INTO log VALUES (1); CREATE TABLE far (n int) TABLESPACE apart;");
    site->owl_ok({"backup", "cluster"});
    site->archive();
  }

  void TearDown() override {
    if (!site || config.empty()) return;
    owl_as(restorer, {"restore", "finish", "--to", to});
    if (!fs::exists(to / "postmaster.pid")) return;
    run({site->postgres_program("pg_ctl"), "-D", to, "-m", "immediate", "-w", "stop"},
        {.cwd = "/", .user = ::getpwuid(owner_of(to).uid)->pw_name});
  }

  /// Everything of one run that an account needs for itself, and the run.
  RunResult restore_as(const char* account, std::vector<std::string> more = {}) {
    const std::string name = account;
    restorer = account;
    const auto home = own_folder(account, "gpg-" + name), state = own_folder(account, "state-" + name);
    run_ok({"cp", "-r", GpgHome::shared().path().string() + "/.", home}, {.cwd = "/"});
    run_ok({"chown", "-R", account, home}, {.cwd = "/"});
    fs::permissions(own_folder(account, "for-" + name), fs::perms(0755));
    to = site->folder() / ("for-" + name) / "data";
    config = site->write_config(
        {.name = "as-" + name, .connection = site->server().connection(), .state = state, .gpg_home = home});
    fs::permissions(config, fs::perms(0644));
    fs::permissions(site->folder(), fs::perms(0755));
    run_ok({"chmod", "-R", "a+rX", site->store()}, {.cwd = "/"});
    std::vector<std::string> argv{
        "restore", "cluster", "--to", to, "--tablespace-map", place.string() + "=" + mapped().string(), "--start"};
    argv.insert(argv.end(), more.begin(), more.end());
    return owl_as(account, argv);
  }
  RunResult owl_as(const char* account, std::vector<std::string> arguments) {
    std::vector<std::string> argv{site->programs() / "owlbackup", "--no-progress", "-c", config};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(std::move(argv), {.cwd = "/", .user = std::string(account)});
  }
  static std::string server_account(const char* account) {
    return account == std::string("root") ? "postgres" : account;
  }
  fs::path mapped() const { return to.parent_path() / "apart"; }

  fs::path own_folder(const char* account, const std::string& name) {
    const auto path = site->make(name);
    EXPECT_EQ(::chown(path.c_str(), uid_of(account), static_cast<gid_t>(-1)), 0);
    return path;
  }

  void expect_owned_by(const char* account) {
    const auto uid = uid_of(account);
    EXPECT_EQ(owner_of(to).mode, 0700u);
    for (const auto& root : {to, mapped()}) {
      EXPECT_EQ(owner_of(root).uid, uid) << root;
      for (const auto& entry : fs::recursive_directory_iterator(root)) {
        ASSERT_EQ(owner_of(entry.path()).uid, uid) << entry.path();
      }
    }
  }

  /// The server runs as that account, which alone may connect: over the socket.
  static void expect_served_to(const char* account, const std::string& output) {
    const auto conninfo = Site::connection_in(output);
    const auto asked = run({"/usr/lib/postgresql/15/bin/psql", "-AtXc", "SELECT sum(n) FROM log", conninfo},
                           {.cwd = "/", .user = server_account(account)});
    EXPECT_EQ(asked.out, "1\n") << asked;
  }

  std::unique_ptr<Site> site;
  fs::path place, to, config;
  const char* restorer = nullptr;
};

TEST_F(Accounts, RootGivesEverythingToTheAccountOfTheBackup) {
  const auto result = restore_as("root");
  ASSERT_EQ(result.exit_code, 0) << result;
  expect_owned_by("postgres");
  expect_served_to("root", result.out);
}

TEST_F(Accounts, RootGivesEverythingToTheAccountThatIsNamed) {
  const auto result = restore_as("root", {"--owner", "daemon", "--port", "5433"});
  ASSERT_EQ(result.exit_code, 0) << result;
  expect_owned_by("daemon");
  expect_served_to("daemon", result.out);
}

TEST_F(Accounts, RootIsToldOfAnAccountThatIsNotThere) {
  const auto result = restore_as("root", {"--owner", "nobody-at-all"});
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_THAT(result.err, HasSubstr("there is no account \"nobody-at-all\" on this host to own the restored files"));
  EXPECT_TRUE(is_untouched(to));
}

TEST_F(Accounts, AnotherAccountKeepsWhatItRestores) {
  const auto result = restore_as("daemon");
  ASSERT_EQ(result.exit_code, 0) << result;
  expect_owned_by("daemon");
  expect_served_to("daemon", result.out);
}

/// What an account is told of a place that is not its own, before anything is written.
class AccountsElsewhere : public Accounts {
 protected:
  std::string refusal_at(const fs::path& there) {
    restore_as("daemon", {"--dry-run"});
    to = there;
    const auto result = owl_as("daemon", {"restore", "cluster", "--to", to, "--tablespace-map",
                                          place.string() + "=" + (site->folder() / "for-daemon/apart").string()});
    EXPECT_EQ(result.exit_code, 1) << result;
    return result.err;
  }
};

TEST_F(AccountsElsewhere, AFolderClosedToTheAccountIsNamed) {
  const auto closed = site->make("closed");
  fs::permissions(closed, fs::perms(0755));
  EXPECT_THAT(refusal_at(closed / "data"), HasSubstr("can't write into " + closed.string() + " as daemon"));
  EXPECT_FALSE(fs::exists(to));
}

TEST_F(AccountsElsewhere, AnEmptyFolderOfAnotherAccountIsNamed) {
  const auto open = site->make("open");
  fs::permissions(open, fs::perms(0777));
  EXPECT_THAT(refusal_at(open),
              HasSubstr(open.string() + " belongs to postgres: PostgreSQL runs only on a data directory "
                                        "of its own account's, here daemon"));
  EXPECT_TRUE(is_untouched(open));
}

}  // namespace
}  // namespace owl::test
