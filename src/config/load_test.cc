#include "config/load.h"

#include <gmock/gmock.h>

#include "config/test_folder.h"
#include "observe/log.h"

namespace owl::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using LoadTest = ConfigTest;

constexpr const char* minimal = "[storage.primary]\nurl = 'file:///backups'\n[encryption]\nmode = 'none'\n";

/// The contract's own example, whole.
constexpr const char* complete = R"(
name = "renderowl"
[postgres]
connection     = "host=/var/run/postgresql user=owlbackup dbname=postgres"
data_directory = "/var/lib/postgresql/15/main"
[files.assets]
paths = ["/srv/renderowl/assets"]
exclude = ["cache/", "*.tmp"]
[storage.primary]
url = "s3://renderowl-backups-primary/production"
endpoint = "https://ACCOUNT.r2.cloudflarestorage.com"
region = "auto"
access_key_id = "env:AWS_ACCESS_KEY_ID"
secret_access_key = "file:r2"
[storage.secondary]
url = "s3://renderowl-backups-secondary/production"
[encryption]
mode = "openpgp"
recipients = ["backup@renderowl.example"]
[compression]
level = 3
[retention]
files_hourly = 24
daily = 7
weekly = 4
monthly = 12
wal_days = 14
[schedule]
files = "0 * * * *"
daily = "0 2 * * *"
weekly = "0 1 * * 0"
monthly = "0 0 1 * *"
expire = "0 3 * * *"
verify = "0 4 * * *"
restore_test = "0 6 * * 6"
daily_report = "0 7 * * *"
[objectives]
rpo = "1h"
rto = "4h"
[alerts.slack]
webhook_url = "env:SLACK_WEBHOOK_URL"
[alerts.email]
smtp_url = "smtps://mail.example"
from = "backup@renderowl.example"
to = ["ops@renderowl.example"]
[alerts.pagerduty]
routing_key = "env:PAGERDUTY_ROUTING_KEY"
[alerts.trello]
card = "dfhA3Cv7"
key = "env:TRELLO_KEY"
token = "env:TRELLO_TOKEN"
[alerts.webhook]
url = "https://hooks.example/owl"
[state]
directory = "/var/lib/owlbackup"
[metrics]
textfile = "/var/lib/node_exporter/textfile_collector/renderowl_backup.prom"
[serve]
listen = "127.0.0.1:7878"
)";

TEST_F(LoadTest, ReadsTheWholeExample) {
  write("r2", "the secret\n");
  for (const char* name :
       {"AWS_ACCESS_KEY_ID", "SLACK_WEBHOOK_URL", "PAGERDUTY_ROUTING_KEY", "TRELLO_KEY", "TRELLO_TOKEN"}) {
    set(name, std::string(name) == "SLACK_WEBHOOK_URL" ? "https://hooks.slack.com/x" : std::string("value of ") + name);
  }
  const auto settings = load_toml(complete);
  EXPECT_EQ(settings.name, "renderowl");
  EXPECT_EQ(settings.file, folder_ / "owlbackup.toml");
  EXPECT_EQ(settings.postgres.data_directory, "/var/lib/postgresql/15/main");
  ASSERT_EQ(settings.files.size(), 1u);
  EXPECT_EQ(settings.files[0].name, "assets");
  EXPECT_THAT(settings.files[0].exclude, ElementsAre("cache/", "*.tmp"));
  ASSERT_EQ(settings.storage.size(), 2u);
  EXPECT_EQ(settings.storage[0].access_key_id.reveal(), "value of AWS_ACCESS_KEY_ID");
  EXPECT_EQ(settings.storage[0].secret_access_key.reveal(), "the secret");
  EXPECT_THAT(settings.encryption.recipients, ElementsAre("backup@renderowl.example"));
  EXPECT_EQ(settings.alerts.slack.webhook_url.reveal(), "https://hooks.slack.com/x");
  EXPECT_THAT(settings.alerts.email.to, ElementsAre("ops@renderowl.example"));
  EXPECT_EQ(settings.alerts.trello.card, "dfhA3Cv7");
  EXPECT_EQ(settings.serve.listen, "127.0.0.1:7878");
}

TEST_F(LoadTest, ExampleHoldsTheDefaults) {
  const auto settings = load_toml(minimal);
  const Settings fresh;
  EXPECT_EQ(settings.retention.monthly, 12u);
  EXPECT_EQ(settings.schedule.restore_test, "0 6 * * 6");
  EXPECT_EQ(settings.objectives.rto, std::chrono::hours(4));
  EXPECT_EQ(settings.metrics.textfile, fresh.metrics.textfile);
  EXPECT_EQ(settings.storage[0].retries, fresh.storage.empty() ? StorageSettings{}.retries : 0);
}

TEST_F(LoadTest, SecondStoreTakesServerAndKeysFromTheFirst) {
  const auto settings = load_toml(R"(
[storage.secondary]
url = "s3://b/second"
[storage.offsite]
url = "s3://b/third"
region = "eu-central-1"
access_key_id = "other"
secret_access_key = "other secret"
[storage.folder]
url = "file:///backups"
[storage.primary]
url = "s3://b/first"
endpoint = "https://a.example"
region = "weur"
ca_file = "/etc/ca.pem"
access_key_id = "id"
secret_access_key = "secret"
[encryption]
mode = "none"
)");
  ASSERT_EQ(settings.storage.size(), 4u);
  const auto &primary = settings.storage[0], &secondary = settings.storage[1], &offsite = settings.storage[2];
  EXPECT_EQ(primary.name, "primary");
  EXPECT_EQ(secondary.name, "secondary");
  EXPECT_EQ(secondary.endpoint, "https://a.example");
  EXPECT_EQ(secondary.region, "weur");
  EXPECT_EQ(secondary.ca_file, "/etc/ca.pem");
  EXPECT_EQ(secondary.secret_access_key.reveal(), "secret");
  EXPECT_EQ(offsite.endpoint, "");
  EXPECT_EQ(offsite.region, "eu-central-1");
  EXPECT_EQ(offsite.access_key_id.reveal(), "other");
  EXPECT_TRUE(settings.storage[3].access_key_id.empty());
}

TEST_F(LoadTest, StoresWithoutKeysTakeThoseOfTheEnvironment) {
  set("AWS_ACCESS_KEY_ID", "id");
  set("AWS_SECRET_ACCESS_KEY", "secret");
  const auto settings = load_toml("[storage.main]\nurl = 's3://b/p'\n[encryption]\nmode = 'none'\n");
  EXPECT_EQ(settings.storage[0].access_key_id.reveal(), "id");
  EXPECT_EQ(settings.storage[0].secret_access_key.reveal(), "secret");
  EXPECT_TRUE(settings.storage[0].session_token.empty());
}

TEST_F(LoadTest, EnvironmentGoesOverEnvFileOverFile) {
  inputs_.env_file = write("backup.env", "RETENTION_DAILY=8\nRETENTION_WEEKLY=5\nOWLBACKUP_NAME=from-env-file\n");
  set("OWLBACKUP_RETENTION__DAILY", "9");
  const auto settings =
      load_toml(std::string("name = 'from-file'\n[retention]\ndaily = 7\nweekly = 4\nmonthly = 3\n") + minimal);
  EXPECT_EQ(settings.name, "from-env-file");
  EXPECT_EQ(settings.retention.daily, 9u);
  EXPECT_EQ(settings.retention.weekly, 5u);
  EXPECT_EQ(settings.retention.monthly, 3u);
  EXPECT_EQ(settings.env_file, folder_ / "backup.env");
}

TEST_F(LoadTest, EnvironmentAloneIsEnough) {
  set("OWLBACKUP_STORAGE__MY_STORE__URL", "file:///backups");
  set("OWLBACKUP_ENCRYPTION__RECIPIENTS", "a@x, b@x");
  set("OWLBACKUP_FILES__ASSETS__PATHS", "/srv/a,/srv/b");
  set("OWLBACKUP_SOCKET", "not a key");
  const auto settings = load(inputs_);
  EXPECT_EQ(settings.storage[0].name, "my_store");
  EXPECT_THAT(settings.encryption.recipients, ElementsAre("a@x", "b@x"));
  EXPECT_THAT(settings.files[0].paths, ElementsAre("/srv/a", "/srv/b"));
  EXPECT_EQ(settings.file, "");
}

TEST_F(LoadTest, EnvironmentFindsSectionsWithADash) {
  set("OWLBACKUP_STORAGE__MY_STORE__RETRIES", "2");
  const auto settings = load_toml("[storage.my-store]\nurl = 'file:///b'\n[encryption]\nmode = 'none'\n");
  ASSERT_EQ(settings.storage.size(), 1u);
  EXPECT_EQ(settings.storage[0].retries, 2);
}

TEST_F(LoadTest, ResolvesReferencesEverywhere) {
  write("secrets/pass", "pass phrase\r\n\n");
  inputs_.env_file = write("backup.env", "WHO=b@x\nOTHERS=c@x,d@x\n");
  set("LEVEL", "9");
  set("WHO", "a@x");
  const auto settings = load_toml(R"(
[storage.primary]
url = "file:///backups"
[encryption]
recipients = ["env:WHO", "x@x"]
gpg_program = "file:secrets/pass"
[compression]
level = "env:LEVEL"
[alerts.email]
to = "env:OTHERS"
)");
  EXPECT_EQ(settings.compression.level, 9);
  EXPECT_THAT(settings.encryption.recipients, ElementsAre("a@x", "x@x"));
  EXPECT_EQ(settings.encryption.gpg_program, "pass phrase");
  EXPECT_THAT(settings.alerts.email.to, ElementsAre("c@x", "d@x"));
}

TEST_F(LoadTest, ReferencesThatLeadNowhere) {
  EXPECT_EQ(toml_failure("[encryption]\npassphrase = 'env:NOT_SET'\n"),
            "owlbackup.toml:2: encryption.passphrase is env:NOT_SET, but NOT_SET is not set");
  EXPECT_THAT(hint_, HasSubstr("Set NOT_SET in the environment"));
  EXPECT_EQ(toml_failure("[encryption]\npassphrase = 'file:absent'\n"),
            "owlbackup.toml:2: encryption.passphrase is file:absent, but absent can't be read: "
            "No such file or directory");
  EXPECT_EQ(toml_failure("[storage.primary]\nurl = 'file:/'\n"),
            "owlbackup.toml:2: storage.primary.url is file:/, but / can't be read: Is a directory");
  EXPECT_EQ(hint_, "A folder as a store is written with three slashes: file:///path.");
}

TEST_F(LoadTest, ShowsNoValueOfAReferenceOrASecret) {
  set("HIDDEN", "hunter2");
  EXPECT_EQ(toml_failure("[compression]\nlevel = 'env:HIDDEN'\n"),
            "owlbackup.toml:2: compression.level must be a whole number from 1 to 19, not the value of env:HIDDEN");
  EXPECT_EQ(toml_failure("[storage.primary]\nurl = 'env:HIDDEN'\n"),
            "owlbackup.toml:2: storage.primary.url: the scheme must be s3 or file");
  EXPECT_EQ(toml_failure("[alerts.slack]\nwebhook_url = 'hunter2'\n"),
            "owlbackup.toml:2: alerts.slack.webhook_url: it must be a URL that begins with https://");
  EXPECT_EQ(toml_failure("[alerts.trello]\nkey = 1234\n"),
            "owlbackup.toml:2: alerts.trello.key must be a text, not a number");
  EXPECT_EQ(toml_failure("[storage.primary]\nurl = 's3://key:hunter2@bucket/x'\n"),
            "owlbackup.toml:2: storage.primary.url is \"s3://***@bucket/x\": "
            "the bucket's name may have letters, digits and . - _");
}

TEST_F(LoadTest, UnknownKeys) {
  EXPECT_EQ(toml_failure("name = 'x'\n[storage.primary]\nur = 'file:///b'\n"),
            "owlbackup.toml:3: unknown key \"storage.primary.ur\"; did you mean \"storage.primary.url\"?");
  EXPECT_EQ(hint_, "docs/configuration.md lists every key.");
  EXPECT_EQ(toml_failure("[postgress]\nconnection = 'x'\n"),
            "owlbackup.toml:1: unknown section [postgress]; did you mean [postgres]?");
  EXPECT_EQ(toml_failure("[storage]\nurl = 'file:///b'\n"),
            "owlbackup.toml:2: unknown key \"storage.url\"; did you mean \"storage.NAME.url\"?");
  EXPECT_EQ(toml_failure("weather = 'fine'\n"), "owlbackup.toml:1: unknown key \"weather\"");
  EXPECT_EQ(toml_failure("storage = 'file:///b'\n"), "owlbackup.toml:1: storage must be a section, not a text");
  EXPECT_EQ(toml_failure("[[storage]]\nurl = 'file:///b'\n"),
            "owlbackup.toml:1: storage must be a section, not a list");
  EXPECT_EQ(toml_failure("[name]\n"), "owlbackup.toml:1: name must be a text, not a section");
  EXPECT_EQ(toml_failure("[storage.Primary]\nurl = 'file:///b'\n"),
            "owlbackup.toml:1: \"Primary\" can't be the name of a section");
}

TEST_F(LoadTest, UnknownVariables) {
  write("owlbackup.toml", minimal);
  set("OWLBACKUP_STORAGE__PRIMARY__UR", "file:///b");
  EXPECT_EQ(failure(),
            "environment variable OWLBACKUP_STORAGE__PRIMARY__UR: unknown key \"storage.primary.ur\"; did you mean "
            "\"storage.primary.url\"?");
  inputs_.environment = {{"OWLBACKUP_STORAGE_PRIMARY_URL", "file:///b"}, {"HOME", "/home/owl"}};
  EXPECT_EQ(failure(),
            "environment: unknown variable OWLBACKUP_STORAGE_PRIMARY_URL; did you mean "
            "OWLBACKUP_STORAGE__PRIMARY__URL?");
  inputs_.environment = {{"OWLBACKUP_CONFG", "x"}, {"HOME", "/home/owl"}};
  EXPECT_EQ(failure(), "environment: unknown variable OWLBACKUP_CONFG; did you mean OWLBACKUP_CONFIG?");
}

TEST_F(LoadTest, WrongTypes) {
  EXPECT_EQ(toml_failure("name = 12\n"), "owlbackup.toml:1: name must be a text, not 12");
  EXPECT_EQ(toml_failure("[compression]\nlevel = 40\n"),
            "owlbackup.toml:2: compression.level must be a whole number from 1 to 19, not 40");
  EXPECT_EQ(toml_failure("[compression]\nlevel = '3'\n"),
            "owlbackup.toml:2: compression.level must be a whole number from 1 to 19, not \"3\"");
  EXPECT_EQ(toml_failure("[encryption]\nrecipients = 'a@x'\n"),
            "owlbackup.toml:2: encryption.recipients must be a list of texts, not \"a@x\"");
  EXPECT_EQ(toml_failure("[encryption]\nrecipients = ['a@x', 3]\n"),
            "owlbackup.toml:2: encryption.recipients must be a list of texts, not a list");
  EXPECT_EQ(toml_failure("[encryption]\nmode = 'gpg'\n"),
            "owlbackup.toml:2: encryption.mode must be one of openpgp, passphrase, none, not \"gpg\"");
  EXPECT_EQ(toml_failure("[backup]\nfast_checkpoint = 'yes'\n"),
            "owlbackup.toml:2: backup.fast_checkpoint must be true or false, not \"yes\"");
  EXPECT_EQ(toml_failure("[backup]\nmemory = '12 parsecs'\n"),
            "owlbackup.toml:2: backup.memory must be a size of 16MiB or more, not \"12 parsecs\"");
  EXPECT_EQ(hint_, "Write a number with B, KiB, MiB, GiB, TiB, kB, MB, GB or TB: 64MiB.");
  EXPECT_EQ(toml_failure("[objectives]\nrpo = 'soon'\n"),
            "owlbackup.toml:2: objectives.rpo must be a duration, not \"soon\"");
  EXPECT_EQ(hint_, "Write a number with ms, s, min, h, d or w: 90s, 4h, 7d.");
  EXPECT_EQ(toml_failure("[objectives]\nrpo = '0s'\n"),
            "owlbackup.toml:2: objectives.rpo must be a duration, not \"0s\"");
  EXPECT_EQ(toml_failure("[objectives]\nrpo = 2026-11-22\n"),
            "owlbackup.toml:2: objectives.rpo must be a duration, not 2026-11-22");
  EXPECT_EQ(toml_failure("[state]\ndirectory = 'state'\n"),
            "owlbackup.toml:2: state.directory is \"state\": the path must be absolute");
  EXPECT_EQ(toml_failure("name = \"a\\u0000b\"\n"), "owlbackup.toml:1: name must not hold a NUL byte");
  EXPECT_EQ(toml_failure("[schedule]\ndaily = '0 2 * *'\n"),
            "owlbackup.toml:2: schedule.daily is \"0 2 * *\": a cron expression has 5 fields, this has 4");
  EXPECT_EQ(toml_failure("[files.a]\npaths = ['/srv', 'assets']\n"),
            "owlbackup.toml:2: files.a.paths is \"assets\": the path must be absolute");
}

TEST_F(LoadTest, WrongValuesOfTheEnvironment) {
  write("owlbackup.toml", minimal);
  set("OWLBACKUP_COMPRESSION__LEVEL", "high");
  EXPECT_EQ(failure(),
            "environment variable OWLBACKUP_COMPRESSION__LEVEL: compression.level must be a whole number from 1 to 19, "
            "not \"high\"");
}

TEST_F(LoadTest, FindsTheFileInOrder) {
  const auto file = [&] { return without_folder(load(inputs_).file); };
  set("XDG_CONFIG_HOME", (folder_ / "xdg").native());
  write("etc/owlbackup.toml", minimal);
  EXPECT_EQ(file(), "etc/owlbackup.toml");
  write("xdg/owlbackup/owlbackup.toml", minimal);
  EXPECT_EQ(file(), "xdg/owlbackup/owlbackup.toml");
  write("owlbackup.toml", minimal);
  EXPECT_EQ(file(), "owlbackup.toml");
  write("named.toml", minimal);
  set("OWLBACKUP_CONFIG", "named.toml");
  EXPECT_EQ(file(), "named.toml");
  inputs_.file = write("given.toml", minimal);
  EXPECT_EQ(file(), "given.toml");
}

TEST_F(LoadTest, FindsTheFileUnderHome) {
  inputs_.environment = {{"HOME", folder_.native()}};
  write(".config/owlbackup/owlbackup.toml", minimal);
  EXPECT_EQ(without_folder(load(inputs_).file), ".config/owlbackup/owlbackup.toml");
}

TEST_F(LoadTest, MissingFiles) {
  EXPECT_EQ(failure(),
            "no configuration found; looked for owlbackup.toml, /home/owl/.config/owlbackup/owlbackup.toml, "
            "etc/owlbackup.toml");
  EXPECT_EQ(hint_, "Name a file by -c, OWLBACKUP_CONFIG or --env-file; docs/configuration.md shows one to begin with.");
  set("OWLBACKUP_CONFIG", "named.toml");
  EXPECT_EQ(failure(), "configuration file named.toml, named by OWLBACKUP_CONFIG, does not exist");
  inputs_.file = "given.toml";
  EXPECT_EQ(failure(), "configuration file given.toml, named by -c, does not exist");
  inputs_.file.reset();
  inputs_.environment = {};
  inputs_.env_file = "backup.env";
  EXPECT_EQ(failure(), "environment file backup.env can't be read: No such file or directory");
}

TEST_F(LoadTest, UnreadableFiles) {
  std::filesystem::create_directory(folder_ / "folder.toml");
  inputs_.file = "folder.toml";
  EXPECT_EQ(failure(), "configuration file folder.toml can't be read: Is a directory");
  inputs_.file = write("large.toml", std::string(300'000, '#'));
  EXPECT_THAT(failure(), HasSubstr("can't be read: large.toml is larger than 262144 bytes"));
  inputs_.file = write("broken.toml", "[storage\n");
  EXPECT_EQ(failure(), "broken.toml:1:9: not valid TOML: parsing table header: expected ']', saw '\\n'");
}

TEST_F(LoadTest, NothingIsNeededWhereNothingIsRequired) {
  inputs_.required = false;
  EXPECT_EQ(load(inputs_).name, "owlbackup");
  EXPECT_EQ(load_toml("name = 'x'\n").name, "x");
  EXPECT_EQ(toml_failure("nam = 'x'\n"), "owlbackup.toml:1: unknown key \"nam\"; did you mean \"name\"?");
}

TEST_F(LoadTest, SecretsDoNotReachTheLog) {
  set("HIDDEN", "from-environment");
  load_toml(std::string("[postgres]\nconnection = 'host=db password=in-connection'\n"
                        "[alerts.trello]\ntoken = 'in-file'\nkey = 'env:HIDDEN'\n") +
            minimal);
  const auto log = folder_ / "log";
  configure_log(LogLevel::info, LogFormat::text, log.native());
  log_info("in-connection in-file from-environment visible");
  configure_log(LogLevel::info, LogFormat::text);
  EXPECT_THAT(read_text(log), HasSubstr("*** *** *** visible"));
}

TEST_F(LoadTest, StateDirectory) {
  write("owlbackup.toml", minimal);
  EXPECT_EQ(load(inputs_).state.directory, "/home/owl/.local/state/owlbackup");
  set("XDG_STATE_HOME", "/state");
  EXPECT_EQ(load(inputs_).state.directory, "/state/owlbackup");
  inputs_.root = true;
  EXPECT_EQ(load(inputs_).state.directory, "/var/lib/owlbackup");
  set("OWLBACKUP_STATE__DIRECTORY", "/elsewhere");
  EXPECT_EQ(load(inputs_).state.directory, "/elsewhere");
  inputs_.root = false;
  inputs_.environment = {};
  EXPECT_EQ(failure(), "state.directory is not set, and there is no home folder for its default");
}

}  // namespace
}  // namespace owl::config
