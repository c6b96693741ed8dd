#include <gmock/gmock.h>

#include <set>

#include "config/entries.h"
#include "config/env_names.h"
#include "config/load.h"
#include "config/option.h"

namespace owl::config {
namespace {

Settings from_text(const std::string& key, const std::string& text) {
  Entries entries;
  entries.add({Given{.key = key, .value = loose(text), .place = "test", .folder = {}}});
  entries.resolve(Variables({}, {}));
  return entries.settings();
}

TEST(Options, EachIsDeclaredOnceAndSaysWhatItIs) {
  std::set<std::string> keys;
  for (const auto& option : options()) {
    EXPECT_TRUE(keys.insert(option.key).second) << option.key;
    EXPECT_FALSE(option.type.empty()) << option.key;
    EXPECT_THAT(option.help, ::testing::EndsWith(".")) << option.key;
    EXPECT_TRUE(option.set) << option.key;
  }
}

TEST(Options, EachCanComeFromTheEnvironment) {
  for (const auto& option : options()) {
    auto key = option.key;
    if (const auto at = key.find("NAME"); at != std::string::npos) key.replace(at, 4, "primary");
    EXPECT_EQ(key_of_variable(variable_of_key(key)), key);
    EXPECT_NE(find_option(key), std::nullopt) << key;
  }
  EXPECT_EQ(key_of_variable("OWLBACKUP_STORAGE__PRIMARY__URL"), "storage.primary.url");
  EXPECT_EQ(key_of_variable("OWLBACKUP_NAME"), "name");
  EXPECT_EQ(key_of_variable("OWLBACKUP_CONFIG"), std::nullopt);
  EXPECT_EQ(key_of_variable("OWLBACKUP_SOCKET"), std::nullopt);
  EXPECT_EQ(key_of_variable("PGHOST"), std::nullopt);
}

/// A default that is printed is a value that can be written.
TEST(Options, DefaultsReadBack) {
  for (const auto& option : options()) {
    const bool constant = option.type != "a text" && option.type != "a URL" && option.type != "an absolute path" &&
                          option.type != "a list of texts";
    auto key = option.key;
    if (const auto at = key.find("NAME"); at != std::string::npos) key.replace(at, 4, "primary");
    if (!constant) continue;
    EXPECT_NO_THROW(from_text(key, option.default_text)) << key;
  }
}

TEST(Options, DescribesDefaultsAsTheSettingsHaveThem) {
  std::map<std::string, std::string> defaults;
  for (const auto& row : describe_options()) defaults[row.key] = row.default_text;
  EXPECT_EQ(defaults["name"], "owlbackup");
  EXPECT_EQ(defaults["storage.NAME.url"], "required");
  EXPECT_EQ(defaults["storage.NAME.tls_min"], "1.3");
  EXPECT_EQ(defaults["storage.NAME.request_timeout"], "2min");
  EXPECT_EQ(defaults["backup.memory"], "256MiB");
  EXPECT_EQ(defaults["backup.fast_checkpoint"], "true");
  EXPECT_EQ(defaults["retention.files_hourly"], "24");
  EXPECT_EQ(defaults["retention.wal_days"], "14");
  EXPECT_EQ(defaults["schedule.weekly"], "0 1 * * 0");
  EXPECT_EQ(defaults["objectives.rto"], "4h");
  EXPECT_EQ(defaults["serve.listen"], "127.0.0.1:7878");
}

TEST(Options, ReadEachTypeFromText) {
  EXPECT_EQ(from_text("compression.level", " 7 ").compression.level, 7);
  EXPECT_FALSE(from_text("backup.fast_checkpoint", "No").backup.fast_checkpoint);
  EXPECT_EQ(from_text("backup.memory", "1GiB").backup.memory, 1u << 30);
  EXPECT_EQ(from_text("wal.push_timeout", "90").wal.push_timeout, std::chrono::seconds(90));
  EXPECT_EQ(from_text("objectives.rpo", "15min").objectives.rpo, std::chrono::minutes(15));
  EXPECT_THAT(from_text("encryption.recipients", "a@x, b@x,").encryption.recipients,
              ::testing::ElementsAre("a@x", "b@x"));
  EXPECT_EQ(from_text("wal.acknowledge", "2").wal.acknowledge, "2");
  EXPECT_EQ(from_text("metrics.textfile", "").metrics.textfile, "");
}

TEST(Options, FindTheNearestKey) {
  EXPECT_EQ(nearest_key("storage.primary.ur"), "storage.primary.url");
  EXPECT_EQ(nearest_key("storge.eu.endpoint"), "storage.eu.endpoint");
  EXPECT_EQ(nearest_key("storage.url"), "storage.NAME.url");
  EXPECT_EQ(nearest_key("retention.dayly"), "retention.daily");
  EXPECT_EQ(nearest_key("weather"), "");
  EXPECT_EQ(nearest_section("postgress"), "postgres");
  EXPECT_EQ(nearest_section("alerts.slac"), "alerts.slack");
}

}  // namespace
}  // namespace owl::config
