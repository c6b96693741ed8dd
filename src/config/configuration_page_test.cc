// docs/configuration.md and config/backup.env.example, compared with the table of options.

#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "config/env_file.h"
#include "config/env_names.h"
#include "config/test_folder.h"

namespace owl::config {
namespace {

const std::filesystem::path source_folder = OWL_SOURCE_DIR;

constexpr std::string_view introduction = R"(# Configuration

<!-- Made from the table of options by config_test. To write it anew: OWL_UPDATE_GOLDEN=1 config_test -->

A set-up needs one store and the key that opens its backups; everything else has a default.

```toml
[postgres]
connection = "host=/var/run/postgresql user=owlbackup dbname=postgres"

[storage.primary]
url = "s3://renderowl-backups-primary/production"
endpoint = "https://ACCOUNT.r2.cloudflarestorage.com"
access_key_id = "env:AWS_ACCESS_KEY_ID"
secret_access_key = "file:/run/secrets/r2"

[encryption]
recipients = ["backup@renderowl.example"]
```

## Where it comes from

The configuration is one TOML file: the one that `-c` or `$OWLBACKUP_CONFIG` names, else the first there is of
`./owlbackup.toml`, `$XDG_CONFIG_HOME/owlbackup/owlbackup.toml` (`~/.config` unless set) and
`/etc/owlbackup/owlbackup.toml`. What `--env-file` names goes over the file, and the environment over both; each of the
three is enough by itself.

In the environment, a key is `OWLBACKUP_` and its parts in capitals, joined by two underscores: `[storage.primary] url`
is `OWLBACKUP_STORAGE__PRIMARY__URL`. The elements of a list are separated by commas. Where a section's name has a `-`,
the variable has a `_`.

A value may be a reference, so that no secret has to stand in the file. `env:NAME` is the value of that variable, in the
environment or in the file of `--env-file`. `file:PATH` is what that file holds, without the newlines at its end; a
relative path starts from the folder of the configuration file. `file:///path` as the URL of a store is the store itself.

An unknown key is an error. Durations are a number with ms, s, min, h, d or w (seconds without); sizes a number with B,
KiB, MiB, GiB, TiB, kB, MB, GB or TB. Schedules are cron expressions of five fields, in UTC; an empty one is never.
)";

constexpr std::string_view env_file_introduction = R"(
## The variables of backup.env

`--env-file config/backup.env` reads lines of `KEY=value` as a shell would that expands nothing: `export`, quotes, a
backslash and comments are understood, `$` is just a character. Variables without a value count as not set. The file may
also hold `OWLBACKUP_` variables. A variable that is nearly one of these is an error; others are ignored, and can be
referred to as `env:NAME`.

| variable | key | what it is |
|---|---|---|
)";

const std::map<std::string, std::string> titles{
    {"", "General"},
    {"postgres", "The server"},
    {"files.NAME", "File trees"},
    {"storage.NAME", "Stores"},
    {"encryption", "Encryption"},
    {"compression", "Compression"},
    {"wal", "WAL archiving"},
    {"backup", "Base backups"},
    {"retention", "Retention"},
    {"schedule", "Schedule"},
    {"alerts.slack", "Alerts to Slack"},
    {"alerts.email", "Alerts by mail"},
    {"alerts.pagerduty", "Alerts to PagerDuty"},
    {"alerts.trello", "Comments on a Trello card"},
    {"alerts.webhook", "Alerts to a webhook"},
    {"objectives", "Objectives"},
    {"state", "State of the host"},
    {"metrics", "Metrics"},
    {"serve", "The daemon"},
};

std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string section_of(const std::string& key) {
  const auto dot = key.rfind('.');
  return dot == std::string::npos ? "" : key.substr(0, dot);
}

std::string heading(const std::string& section) {
  const auto brackets = section.empty() ? "" : fmt::format(": `[{}]`", section);
  return fmt::format("\n## {}{}\n\n| key | type | default | what it is |\n|---|---|---|---|\n", titles.at(section),
                     brackets);
}

/// Words of a default are told from values by their blanks.
std::string default_cell(const OptionDoc& row) {
  const bool words = row.default_text.find(' ') != std::string::npos && row.type != "a cron expression";
  if (row.default_text.empty() || words || row.default_text == "required" || row.default_text == "searched") {
    return cell(row.default_text);
  }
  return fmt::format("`{}`", cell(row.default_text));
}

std::string page() {
  std::string out(introduction), section = "none yet";
  for (const auto& row : describe_options()) {
    if (section_of(row.key) != section) {
      section = section_of(row.key);
      out += heading(section);
    }
    const auto name = row.key.substr(section.empty() ? 0 : section.size() + 1);
    out += fmt::format("| `{}` | {} | {} | {} |\n", name, row.type, default_cell(row), cell(row.help));
  }
  out += env_file_introduction;
  for (const auto& row : describe_env_file()) {
    out += fmt::format("| `{}` | `{}` | {} |\n", row.variable, row.key, cell(row.help));
  }
  return out;
}

TEST(ConfigurationPage, IsWhatTheTableOfOptionsSays) {
  const auto file = source_folder / "docs/configuration.md";
  const auto made = page();
  if (std::getenv("OWL_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file, std::ios::binary) << made;
    FAIL() << file << " was written anew; a run that writes it does not count";
  }
  EXPECT_EQ(read_text(file), made) << "run OWL_UPDATE_GOLDEN=1 config_test, and look at what changed";
}

using EnvExampleTest = ConfigTest;

TEST_F(EnvExampleTest, IsAConfiguration) {
  inputs_.env_file = source_folder / "config/backup.env.example";
  const auto settings = load(inputs_);
  EXPECT_EQ(settings.storage.size(), 2u);
  EXPECT_EQ(settings.encryption.mode, "openpgp");
  EXPECT_EQ(settings.retention.daily, Settings{}.retention.daily);
}

/// Every variable in it, commented out or not, means something; and the usual ones are all there.
TEST_F(EnvExampleTest, HasTheUsualNamesAndNoOthers) {
  auto text = read_text(source_folder / "config/backup.env.example");
  for (auto at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
    const auto word = text.substr(at + 2, text.find_first_of("= \n", at + 2) - at - 2);
    if (is_variable_name(word)) text.erase(at + 1, 1);
  }
  const auto variables = parse_env_file(text, "backup.env.example");
  ASSERT_TRUE(variables) << variables.error().what();
  std::vector<std::string> present, known;
  for (const auto& row : describe_env_file()) known.push_back(row.variable);
  for (const auto& variable : *variables) {
    present.push_back(variable.name);
    const bool is_ours = key_of_variable(variable.name).has_value();
    EXPECT_TRUE(is_ours || std::ranges::find(known, variable.name) != known.end()) << variable.name;
  }
  for (const char* usual : {"PGHOST",
                            "PGPORT",
                            "PGUSER",
                            "PGPASSWORD",
                            "PGDATABASE",
                            "PGDATA",
                            "GPG_RECIPIENT",
                            "AWS_ACCESS_KEY_ID",
                            "AWS_SECRET_ACCESS_KEY",
                            "R2_ENDPOINT",
                            "R2_BUCKET_PRIMARY",
                            "R2_BUCKET_SECONDARY",
                            "ASSET_PATHS",
                            "SLACK_WEBHOOK_URL",
                            "ALERT_EMAIL_TO",
                            "SMTP_URL",
                            "PAGERDUTY_ROUTING_KEY",
                            "TRELLO_KEY",
                            "TRELLO_TOKEN",
                            "TRELLO_CARD_ID",
                            "RETENTION_HOURLY",
                            "RETENTION_DAILY",
                            "RETENTION_WEEKLY",
                            "RETENTION_MONTHLY"}) {
    EXPECT_THAT(present, ::testing::Contains(usual));
  }
}

}  // namespace
}  // namespace owl::config
