// What a person meets who wrote something wrong into the configuration: one message, to the letter, and exit code 2.

#include <gtest/gtest.h>

#include <fstream>

#include "support/environment.h"
#include "support/run.h"
#include "support/temp_dir.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;

constexpr int configuration = 2;

class WrongConfiguration : public testing::Test {
 protected:
  WrongConfiguration() { give_to_server_user(folder_.path()); }

  fs::path write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    give_to_server_user(path);
    return path;
  }
  RunResult owl(std::vector<std::string> arguments, std::map<std::string, std::string> env = {}) {
    env["HOME"] = env["XDG_CONFIG_HOME"] = env["XDG_STATE_HOME"] = folder_.path();
    arguments.insert(arguments.begin(), program("owlbackup"));
    return run(std::move(arguments), {.env = std::move(env), .cwd = folder_.path(), .user = user_});
  }
  /// `message` without the file's name and colon, which stand before it.
  void expect(const std::string& text, const std::string& message, const std::string& hint) {
    const auto file = write("owlbackup.toml", text);
    const auto result = owl({"-c", file, "list"});
    EXPECT_EQ(result.exit_code, configuration) << text << result;
    EXPECT_EQ(result.err,
              "owlbackup: " + file.string() + ":" + message + "\n" + (hint.empty() ? "" : "  " + hint + "\n"));
    EXPECT_EQ(result.out, "");
  }

  TempDir folder_{"/tmp"};
  /// As the account that can be refused a file, where the programs can be reached by it.
  std::optional<std::string> user_ = {};
};

const std::string store = "[storage.primary]\nurl = \"file:///tmp/none\"\n",
                  no_keys = "[encryption]\nmode = \"none\"\n";

TEST_F(WrongConfiguration, UnknownKeysNameTheNearest) {
  const std::string hint = "docs/configuration.md lists every key.";
  expect(store + no_keys + "[postgres]\nconection = \"host=/tmp\"\n",
         "6: unknown key \"postgres.conection\"; did you mean \"postgres.connection\"?", hint);
  expect(store + "endpiont = \"https://x.example\"\n" + no_keys,
         "3: unknown key \"storage.primary.endpiont\"; did you mean \"storage.primary.endpoint\"?", hint);
  expect(store + no_keys + "[colour]\nred = 1\n", "5: unknown section [colour]", hint);
}

TEST_F(WrongConfiguration, NoStore) {
  const std::string hint = "Add [storage.primary] with url = \"s3://bucket/prefix\" or url = \"file:///path\".";
  expect(no_keys, " no storage is configured", hint);
  expect("[storage.primary]\n" + no_keys, "1: [storage.primary] has no url",
         "Write url = \"s3://bucket/prefix\" or url = \"file:///path\".");
}

TEST_F(WrongConfiguration, UrlsThatAreNone) {
  const std::string hint = "Write s3://bucket/prefix, or file:///path with three slashes.";
  for (const auto& [url, why] :
       std::map<std::string, std::string>{{"", "the scheme must be s3 or file"},
                                          {"/srv/backup", "the scheme must be s3 or file"},
                                          {"gs://bucket", "the scheme must be s3 or file"},
                                          {"https://x.r2.cloudflarestorage.com/b", "the scheme must be s3 or file"},
                                          {"file://srv/x", "the path must be absolute: file:///path"},
                                          {"s3://", "the bucket is missing"},
                                          {"s3:///x", "the bucket is missing"},
                                          {"s3://bucket/../x", "the prefix must not have a part \"..\""}}) {
    expect("[storage.primary]\nurl = \"" + url + "\"\n" + no_keys, "2: storage.primary.url is \"" + url + "\": " + why,
           hint);
  }
}

TEST_F(WrongConfiguration, EndpointsThatAreNone) {
  const std::string s3 =
      "[storage.primary]\nurl = \"s3://bucket/p\"\naccess_key_id = \"a\"\nsecret_access_key = \"b\"\n";
  const std::string example = "Write https://ACCOUNT.r2.cloudflarestorage.com, for instance.";
  const auto with = [&](const std::string& url) { return s3 + "endpoint = \"" + url + "\"\n" + no_keys; };
  const auto is = [](const std::string& url) { return "5: storage.primary.endpoint is \"" + url + "\": "; };
  expect(with("r2.example"), is("r2.example") + "it must begin with https://", example);
  expect(with("https://r2.example/bucket"),
         is("https://r2.example/bucket") + "it must end after the host; the bucket belongs into url", example);
  expect(with("https://:1"), is("https://:1") + "the host is missing or has a character that no host has", example);
  expect(
      with("http://r2.example"), is("http://r2.example") + "http to another host is refused",
      "Write https://, or set allow_plain_http = true in [storage.primary] if everybody on the way may see names and "
      "sizes.");
}

TEST_F(WrongConfiguration, ReferencesThatLeadNowhere) {
  const std::string s3 = "[storage.primary]\nurl = \"s3://bucket/p\"\n";
  expect(s3 + "access_key_id = \"env:OWL_TEST_NOT_SET\"\n",
         "3: storage.primary.access_key_id is env:OWL_TEST_NOT_SET, but OWL_TEST_NOT_SET is not set",
         "Set OWL_TEST_NOT_SET in the environment of owlbackup, or in the file that --env-file names.");
  const std::string accounts =
      "The account that runs owlbackup must be able to read it; archive_command runs as PostgreSQL's.";
  expect(
      s3 + "secret_access_key = \"file:/nonexistent/r2\"\n",
      "3: storage.primary.secret_access_key is file:/nonexistent/r2, but /nonexistent/r2 can't be read: No such file "
      "or directory",
      accounts);
  expect(s3 + "access_key_id = \"a\"\n" + no_keys,
         "3: storage.primary.access_key_id is set, but storage.primary.secret_access_key is missing",
         "An S3 key has both parts; leave both out for a store that needs none.");
}

TEST_F(WrongConfiguration, NoToml) {
  expect("x = \n", "1:5: not valid TOML: parsing key-value pair: expected value, saw '\\n'", "");
}

TEST_F(WrongConfiguration, NoRecipients) {
  expect(store, " encryption.mode is \"openpgp\", but there are no recipients",
         "Set encryption.recipients (GPG_RECIPIENT in backup.env) to the key that opens the backups, or choose mode "
         "\"passphrase\" or \"none\".");
}

TEST_F(WrongConfiguration, NoFile) {
  const auto named = owl({"-c", "nope.toml", "list"});
  EXPECT_EQ(named.exit_code, configuration) << named;
  EXPECT_EQ(named.err, "owlbackup: configuration file " + (folder_ / "nope.toml").string() +
                           ", named by -c, does not exist\n"
                           "  Check the path; docs/configuration.md shows a file to begin with.\n");
  const auto found = owl({"list"}, {{"OWLBACKUP_CONFIG", ""}});
  EXPECT_EQ(found.exit_code, configuration) << found;
  EXPECT_EQ(found.err, "owlbackup: no configuration found; looked for " + (folder_ / "owlbackup.toml").string() + ", " +
                           (folder_ / "owlbackup/owlbackup.toml").string() +
                           ", /etc/owlbackup/owlbackup.toml\n  Name a file by -c, OWLBACKUP_CONFIG or --env-file; "
                           "docs/configuration.md shows one to begin with.\n");
}

TEST_F(WrongConfiguration, FilesThatMayNotBeRead) {
  user_ = server_user();
  fs::copy_file(program("owlbackup"), folder_ / "owlbackup");
  const auto owl_of_all = [&](const fs::path& file) {
    return run({folder_ / "owlbackup", "-c", file, "list"}, {.cwd = folder_.path(), .user = user_});
  };
  const std::string accounts =
      "  The account that runs owlbackup must be able to read it; archive_command runs as PostgreSQL's.\n";
  const auto secret = write("secret", "s3cr3t\n");
  const auto file =
      write("owlbackup.toml", "[storage.primary]\nurl = \"s3://bucket/p\"\nsecret_access_key = \"file:secret\"\n");
  fs::permissions(secret, fs::perms::none);
  const auto no_secret = owl_of_all(file);
  EXPECT_EQ(no_secret.exit_code, configuration) << no_secret;
  EXPECT_EQ(no_secret.err, "owlbackup: " + file.string() +
                               ":3: storage.primary.secret_access_key is file:secret, but " + secret.string() +
                               " can't be read: Permission denied\n" + accounts);
  fs::permissions(file, fs::perms::none);
  const auto no_file = owl_of_all(file);
  EXPECT_EQ(no_file.exit_code, configuration) << no_file;
  EXPECT_EQ(no_file.err,
            "owlbackup: configuration file " + file.string() + " can't be read: Permission denied\n" + accounts);
}

TEST_F(WrongConfiguration, AsJson) {
  const auto file = write("owlbackup.toml", store + "ulr = \"x\"\n");
  const auto result = owl({"--json", "-c", file, "list"});
  EXPECT_EQ(result.exit_code, configuration) << result;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, R"({"error":{"kind":"config","message":")" + file.string() +
                            R"(:3: unknown key \"storage.primary.ulr\"; did you mean \"storage.primary.url\"?",)" +
                            R"("hint":"docs/configuration.md lists every key."}})" + "\n");
}

}  // namespace
}  // namespace owl::test
