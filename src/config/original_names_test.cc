#include <gmock/gmock.h>

#include "config/test_folder.h"

namespace owl::config {
namespace {

using ::testing::ElementsAre;

using OriginalNamesTest = ConfigTest;

const std::string enough = "GPG_RECIPIENT=backup@renderowl.example\nR2_BUCKET_PRIMARY=one\n";

TEST_F(OriginalNamesTest, AreEnoughByThemselves) {
  const auto settings = load_env_file(R"(
export PGHOST=db.example
PGPORT=5433
PGUSER=backup_user
PGPASSWORD='it'\''s a secret'
PGDATABASE=renderowl
PGDATA=/var/lib/postgresql/15/main
GPG_RECIPIENT="backup@renderowl.example"   # the key
AWS_ACCESS_KEY_ID=id
AWS_SECRET_ACCESS_KEY=secret
R2_ENDPOINT=https://account.r2.cloudflarestorage.com
R2_BUCKET_PRIMARY=renderowl-backups-primary
R2_BUCKET_SECONDARY=renderowl-backups-secondary/production
ASSET_PATHS=/srv/a:/srv/b
SLACK_WEBHOOK_URL=https://hooks.slack.com/services/x
ALERT_EMAIL_TO="ops@renderowl.example, dev@renderowl.example"
SMTP_URL=smtps://u:p@mail.example
PAGERDUTY_ROUTING_KEY=
TRELLO_KEY=key
TRELLO_TOKEN=token
TRELLO_CARD_ID=dfhA3Cv7
RETENTION_HOURLY=48
RETENTION_DAILY=8
RETENTION_WEEKLY=5
RETENTION_MONTHLY=13
SOMETHING_ELSE=ignored
)");
  EXPECT_EQ(settings.postgres.connection,
            "host=db.example port=5433 user=backup_user password='it\\'s a secret' dbname=renderowl");
  EXPECT_EQ(settings.postgres.data_directory, "/var/lib/postgresql/15/main");
  EXPECT_EQ(settings.encryption.mode, "openpgp");
  EXPECT_THAT(settings.encryption.recipients, ElementsAre("backup@renderowl.example"));
  ASSERT_EQ(settings.storage.size(), 2u);
  EXPECT_EQ(settings.storage[0].name, "primary");
  EXPECT_EQ(settings.storage[0].url, "s3://renderowl-backups-primary");
  EXPECT_EQ(settings.storage[1].name, "secondary");
  EXPECT_EQ(settings.storage[1].url, "s3://renderowl-backups-secondary/production");
  for (const auto& store : settings.storage) {
    EXPECT_EQ(store.endpoint, "https://account.r2.cloudflarestorage.com");
    EXPECT_EQ(store.region, "auto");
    EXPECT_EQ(store.access_key_id.reveal(), "id");
    EXPECT_EQ(store.secret_access_key.reveal(), "secret");
  }
  ASSERT_EQ(settings.files.size(), 1u);
  EXPECT_EQ(settings.files[0].name, "assets");
  EXPECT_THAT(settings.files[0].paths, ElementsAre("/srv/a", "/srv/b"));
  EXPECT_EQ(settings.alerts.slack.webhook_url.reveal(), "https://hooks.slack.com/services/x");
  EXPECT_THAT(settings.alerts.email.to, ElementsAre("ops@renderowl.example", "dev@renderowl.example"));
  EXPECT_EQ(settings.alerts.email.smtp_url.reveal(), "smtps://u:p@mail.example");
  EXPECT_TRUE(settings.alerts.pagerduty.routing_key.empty());
  EXPECT_EQ(settings.alerts.trello.card, "dfhA3Cv7");
  EXPECT_EQ(settings.alerts.trello.token.reveal(), "token");
  EXPECT_EQ(settings.retention.files_hourly, 48u);
  EXPECT_EQ(settings.retention.daily, 8u);
  EXPECT_EQ(settings.retention.weekly, 5u);
  EXPECT_EQ(settings.retention.monthly, 13u);
  EXPECT_EQ(settings.file, "");
}

TEST_F(OriginalNamesTest, PathsAreSplitWhereTheyBegin) {
  const auto paths = [&](const std::string& text) {
    return load_env_file(enough + "ASSET_PATHS='" + text + "'\n").files.at(0).paths;
  };
  EXPECT_THAT(paths("/a, /b c"), ElementsAre("/a", "/b c"));
  EXPECT_THAT(paths("/a:/b"), ElementsAre("/a", "/b"));
  EXPECT_THAT(paths("/a /b"), ElementsAre("/a", "/b"));
  EXPECT_THAT(paths("/srv/my assets"), ElementsAre("/srv/my assets"));
}

TEST_F(OriginalNamesTest, TakeOtherFormsOfPlaces) {
  const auto settings = load_env_file(
      "GPG_RECIPIENT='Backup <a@x>, 1234 5678 90AB'\nR2_BUCKET_PRIMARY=file:///backups\n"
      "R2_BUCKET_SECONDARY=s3://b/p\nAWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=s\n"
      "R2_ENDPOINT=account.r2.cloudflarestorage.com\nALERT_EMAIL_TO='Ops <ops@x>'\n");
  EXPECT_THAT(settings.encryption.recipients, ElementsAre("Backup <a@x>", "1234 5678 90AB"));
  EXPECT_EQ(settings.storage[0].url, "file:///backups");
  EXPECT_EQ(settings.storage[1].endpoint, "https://account.r2.cloudflarestorage.com");
  EXPECT_EQ(settings.storage[1].access_key_id.reveal(), "id");
  EXPECT_THAT(settings.alerts.email.to, ElementsAre("Ops <ops@x>"));
}

TEST_F(OriginalNamesTest, TakeReferences) {
  write("password", "p w\n");
  write("r2", "from file\n");
  const auto settings = load_env_file(enough + "PGPASSWORD=file:password\nPGHOST=db\nAWS_ACCESS_KEY_ID=id\n" +
                                      "AWS_SECRET_ACCESS_KEY=file:r2\n");
  EXPECT_EQ(settings.postgres.connection, "password='p w' host=db");
  EXPECT_EQ(settings.storage[0].secret_access_key.reveal(), "from file");
}

TEST_F(OriginalNamesTest, KeysWithoutABucketMakeNoStore) {
  write("owlbackup.toml", "[storage.main]\nurl = 's3://b'\n[encryption]\nmode = 'none'\n");
  const auto settings = load_env_file("AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=s\nR2_ENDPOINT=https://e.example\n");
  ASSERT_EQ(settings.storage.size(), 1u);
  EXPECT_EQ(settings.storage[0].access_key_id.reveal(), "id");
  EXPECT_EQ(settings.storage[0].endpoint, "");
}

TEST_F(OriginalNamesTest, NearMissesAreErrors) {
  EXPECT_EQ(env_file_failure(enough + "PG_HOST=db\n"), "backup.env:3: unknown variable PG_HOST; did you mean PGHOST?");
  EXPECT_EQ(env_file_failure("GPG_RECIPENT=a@x\n"),
            "backup.env:1: unknown variable GPG_RECIPENT; did you mean GPG_RECIPIENT?");
  EXPECT_EQ(env_file_failure("RETENTION_DAYLY=9\n"),
            "backup.env:1: unknown variable RETENTION_DAYLY; did you mean RETENTION_DAILY?");
}

/// Variables that such a file may well have, and that mean nothing to us.
TEST_F(OriginalNamesTest, OtherVariablesAreIgnored) {
  const auto settings =
      load_env_file(enough +
                    "PGAPPNAME=x\nPGSSLSNI=1\nPGTZ=UTC\nPATH=/bin\nTZ=UTC\nBACKUP_DIR=/b\nRESTIC_PASSWORD=x\n"
                    "RETENTION_DAYS=7\nSMTP_USER=u\nTRELLO_URL=x\nLOG_DIR=/var/log\nR2_ACCOUNT_ID=x\n"
                    "SMTP_PORT=25\nAWS_PROFILE=x\nPGSYSCONFDIR=/etc\nPGDATESTYLE=ISO\n");
  EXPECT_EQ(settings.storage.size(), 1u);
}

TEST_F(OriginalNamesTest, WrongValuesNameTheVariable) {
  EXPECT_EQ(env_file_failure(enough + "RETENTION_DAILY=many\n"),
            "backup.env:3 (RETENTION_DAILY): retention.daily must be a whole number from 0 to 100000, not \"many\"");
  EXPECT_EQ(env_file_failure("R2_BUCKET_PRIMARY=a//b\nGPG_RECIPIENT=a@x\n"),
            "backup.env:1 (R2_BUCKET_PRIMARY): storage.primary.url is \"s3://a//b\": the prefix has an empty part");
  EXPECT_EQ(env_file_failure("R2_BUCKET_PRIMARY=a\n"),
            "backup.env: encryption.mode is \"openpgp\", but there are no recipients");
  EXPECT_EQ(env_file_failure(enough + "AWS_ACCESS_KEY_ID=id\n"),
            "backup.env:3 (AWS_ACCESS_KEY_ID): storage.primary.access_key_id is set, but "
            "storage.primary.secret_access_key is missing");
}

}  // namespace
}  // namespace owl::config
