// Keys that are absent, wrong, or open to others.

#include <gmock/gmock.h>

#include <fstream>

#include "e2e/site.h"
#include "support/environment.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::MatchesRegex;

constexpr int failed = 1, configuration = 2, integrity = 5;

class WrongKeys : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    site = std::make_unique<Site>();
    site->owl_ok({"backup", "cluster"});
  }
  static void TearDownTestSuite() { site.reset(); }

  static fs::path key_file() { return site->state() / "host.key"; }
  static void expect(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& env,
                     int exit_code, const std::string& err) {
    const auto result = site->owl(arguments, env);
    EXPECT_EQ(result.exit_code, exit_code) << result;
    EXPECT_EQ(result.err, "owlbackup: " + err + "\n");
  }

  static inline std::unique_ptr<Site> site;
};

TEST_F(WrongKeys, AHostWithoutAKeyFileIsToldBothWays) {
  const auto state = site->make("no-state");
  const std::map<std::string, std::string> env{{"OWLBACKUP_STATE__DIRECTORY", state}};
  expect({"backup", "cluster"}, env, failed,
         "this host has no key file (" + (state / "host.key").string() +
             ")\n  For a new repository: `owlbackup init`. For one that exists: `owlbackup keys enroll`, with the "
             "private key "
             "at hand or --host-key FILE from another host.");
  expect(
      {"init"}, env, failed,
      "primary (file://" + site->store().string() + ") holds a repository already, and this host has no keys for it (" +
          (state / "host.key").string() +
          " is not there)\n  To use it from this host: `owlbackup keys enroll --from-private-key`. init never replaces "
          "keys.");
}

TEST_F(WrongKeys, AKeyFileThatOthersReadIsRefused) {
  fs::permissions(key_file(),
                  fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read);
  expect(
      {"list"}, {}, failed,
      "the key file " + key_file().string() + " can be read by others (mode 644)\n  chmod 600 " + key_file().string());
  fs::permissions(key_file(), fs::perms::none);
  expect({"list"}, {}, failed,
         "the key file " + key_file().string() +
             " cannot be read by this account\n  Run owlbackup as the account that owns it; archive_command runs as "
             "PostgreSQL's.");
  fs::permissions(key_file(), fs::perms::owner_read | fs::perms::owner_write);
  site->owl_ok({"list"});
}

TEST_F(WrongKeys, ADamagedKeyFileCanBeMadeAgain) {
  const auto state = site->make("damaged");
  std::ofstream(state / "host.key") << "x\n";
  fs::permissions(state / "host.key", fs::perms::owner_read | fs::perms::owner_write);
  give_to_server_user(state);
  const std::map<std::string, std::string> env{{"OWLBACKUP_STATE__DIRECTORY", state}};
  expect({"list"}, env, integrity,
         "the key file " + (state / "host.key").string() +
             ": host keys: not JSON: unexpected text at byte 1\n  It can be made again: move it away, then `owlbackup "
             "keys "
             "enroll --from-private-key`.");
  fs::remove(state / "host.key");
  EXPECT_EQ(site->owl({"keys", "enroll", "--from-private-key"}, env).exit_code, 0);
  EXPECT_EQ(site->owl({"list"}, env).exit_code, 0);
}

TEST_F(WrongKeys, ARestoreNeedsThePrivateKey) {
  const auto home = site->make("empty-gnupg");
  const auto to = site->target("unopened");
  const auto result = site->owl({"restore", "cluster", "--to", to}, {{"OWLBACKUP_ENCRYPTION__GPG_HOME", home}});
  site->as_server({"gpgconf", "--homedir", home, "--kill", "all"});
  EXPECT_EQ(result.exit_code, failed) << result;
  EXPECT_THAT(result.err,
              MatchesRegex("owlbackup: while opening keys/0001/000001.pgp: this keyring has none of the private "
                           "keys that would open it: [0-9A-F]{16}\n  Import one of them \\(gpg --import\\), insert "
                           "its smartcard, or restore on the machine that has it.\n"));
  EXPECT_FALSE(fs::exists(to));
}

TEST_F(WrongKeys, ARecipientMustBeInTheKeyring) {
  const auto state = site->make("state-of-nobody"), other = site->make("store-of-nobody");
  const auto result = site->owl({"init"}, {{"OWLBACKUP_ENCRYPTION__RECIPIENTS", "nobody@owlbackup.example"},
                                           {"OWLBACKUP_STATE__DIRECTORY", state},
                                           {"OWLBACKUP_STORAGE__PRIMARY__URL", "file://" + other.string()}});
  EXPECT_EQ(result.exit_code, configuration) << result;
  EXPECT_THAT(result.err,
              MatchesRegex("owlbackup: gpg's keyring has no key for \"nobody@owlbackup.example\" \\(error reading "
                           "key: No public key\\); it holds [0-9A-F]{40} \\(e2e@owlbackup.example\\)\n"
                           "  Import the recipient's public key here: gpg --homedir .* --import key.asc\n"));
}

TEST_F(WrongKeys, AWrongPassphraseOpensNothing) {
  const auto state = site->make("state-of-passphrase"), other = site->make("store-of-passphrase");
  const auto config = site->folder() / "passphrase.toml";
  std::ofstream(config) << "[storage.primary]\nurl = \"file://" << other.string()
                        << "\"\n[encryption]\nmode = \"passphrase\"\n[state]\ndirectory = \"" << state.string()
                        << "\"\n";
  give_to_server_user(config);
  const auto owl = [&](const std::vector<std::string>& arguments, const std::string& passphrase) {
    std::map<std::string, std::string> env{{"OWLBACKUP_CONFIG", config}};
    if (!passphrase.empty()) env["OWLBACKUP_ENCRYPTION__PASSPHRASE"] = passphrase;
    return site->owl(arguments, env);
  };
  ASSERT_EQ(owl({"init"}, "right").exit_code, 0);
  const auto wrong = owl({"verify", "--data"}, "wrong");
  EXPECT_EQ(wrong.exit_code, failed) << wrong;
  EXPECT_EQ(
      wrong.err,
      "owlbackup: while opening keys/0001/000001.pass: the passphrase is wrong\n"
      "  It is the one that was given to init: in [encryption] passphrase, in the file that file: names there, or "
      "typed.\n");
  const auto right = owl({"verify", "--data"}, "right");
  EXPECT_EQ(right.exit_code, 0) << right;
  // The test itself may have a terminal to be asked on; a process of its own session has none.
  const auto none =
      site->as_server({"setsid", "--wait", site->programs() / "owlbackup", "-c", config, "verify", "--data"});
  EXPECT_EQ(none.exit_code, failed) << none;
  EXPECT_EQ(
      none.err,
      "owlbackup: while opening keys/0001/000001.pass: a passphrase is needed and there is no terminal to ask on\n"
      "  Set [encryption] passphrase = \"file:PATH\" or OWLBACKUP_ENCRYPTION__PASSPHRASE.\n");
}

}  // namespace
}  // namespace owl::test
