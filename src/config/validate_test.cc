#include <gmock/gmock.h>

#include "config/test_folder.h"

namespace owl::config {
namespace {

using ValidateTest = ConfigTest;

const std::string unsealed = "[encryption]\nmode = 'none'\n";
const std::string one_store = "[storage.primary]\nurl = 'file:///a'\n";

TEST_F(ValidateTest, NeedsStores) {
  EXPECT_EQ(toml_failure(unsealed), "owlbackup.toml: no storage is configured");
  EXPECT_EQ(hint_, "Add [storage.primary] with url = \"s3://bucket/prefix\" or url = \"file:///path\".");
  EXPECT_EQ(toml_failure(unsealed + "[storage]\n"), "owlbackup.toml:3: no storage is configured");
  EXPECT_EQ(toml_failure(unsealed + "[storage.primary]\nretries = 3\n"),
            "owlbackup.toml:3: [storage.primary] has no url");
  set("OWLBACKUP_STORAGE__PRIMARY__RETRIES", "3");
  EXPECT_EQ(toml_failure(unsealed),
            "environment variable OWLBACKUP_STORAGE__PRIMARY__RETRIES: [storage.primary] has no url");
}

TEST_F(ValidateTest, StoreUrls) {
  EXPECT_EQ(toml_failure(unsealed + "[storage.primary]\nurl = 'ftp://host/x'\n"),
            "owlbackup.toml:4: storage.primary.url is \"ftp://host/x\": the scheme must be s3 or file");
  EXPECT_EQ(hint_, "Write s3://bucket/prefix, or file:///path with three slashes.");
  EXPECT_EQ(toml_failure(unsealed + "[storage.primary]\nurl = 's3:///x'\n"),
            "owlbackup.toml:4: storage.primary.url is \"s3:///x\": the bucket is missing");
  EXPECT_EQ(toml_failure(unsealed + "[storage.primary]\nurl = 'file://backups'\n"),
            "owlbackup.toml:4: storage.primary.url is \"file://backups\": the path must be absolute: file:///path");
  EXPECT_EQ(toml_failure(unsealed + one_store + "[storage.b]\nurl = 'file:///a/'\n"),
            "owlbackup.toml:6: storage.b.url is \"file:///a/\", the same as storage.primary.url");
  EXPECT_EQ(hint_, "Two stores must be two places: another bucket, prefix or folder.");
}

TEST_F(ValidateTest, OneBucketNameOnTwoServersIsTwoStores) {
  const auto settings = load_toml(unsealed + "[storage.a]\nurl = 's3://b'\nendpoint = 'https://one.example'\n" +
                                  "[storage.b]\nurl = 's3://b'\nendpoint = 'https://two.example'\n");
  EXPECT_EQ(settings.storage.size(), 2u);
}

TEST_F(ValidateTest, Endpoints) {
  const std::string store = unsealed + "[storage.primary]\nurl = 's3://b'\n";
  EXPECT_EQ(toml_failure(store + "endpoint = 'minio:9000'\n"),
            "owlbackup.toml:5: storage.primary.endpoint is \"minio:9000\": it must begin with https://");
  EXPECT_EQ(toml_failure(store + "endpoint = 'http://minio:9000'\n"),
            "owlbackup.toml:5: storage.primary.endpoint is \"http://minio:9000\": http to another host is refused");
  EXPECT_EQ(hint_,
            "Write https://, or set allow_plain_http = true in [storage.primary] if everybody on the way may see names "
            "and sizes.");
  EXPECT_EQ(load_toml(store + "endpoint = 'http://minio:9000'\nallow_plain_http = true\n").storage[0].endpoint,
            "http://minio:9000");
  EXPECT_EQ(load_toml(store + "endpoint = 'http://127.0.0.1:9000'\n").storage[0].endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(toml_failure(store + "access_key_id = 'id'\n"),
            "owlbackup.toml:5: storage.primary.access_key_id is set, but storage.primary.secret_access_key is missing");
  EXPECT_EQ(toml_failure(store + "secret_access_key = 's'\n"),
            "owlbackup.toml:5: storage.primary.secret_access_key is set, but storage.primary.access_key_id is missing");
}

TEST_F(ValidateTest, Encryption) {
  EXPECT_EQ(toml_failure(one_store), "owlbackup.toml: encryption.mode is \"openpgp\", but there are no recipients");
  EXPECT_EQ(toml_failure(one_store + "[encryption]\nmode = 'openpgp'\n"),
            "owlbackup.toml:4: encryption.mode is \"openpgp\", but there are no recipients");
  EXPECT_EQ(hint_,
            "Set encryption.recipients (GPG_RECIPIENT in backup.env) to the key that opens the backups, or choose mode "
            "\"passphrase\" or \"none\".");
  EXPECT_EQ(toml_failure(one_store + unsealed + "recipients = ['a@x']\n"),
            "owlbackup.toml:5: encryption.recipients is set, but encryption.mode is \"none\"");
  EXPECT_EQ(hint_, "Nothing would be sealed to them: set mode = \"openpgp\", or remove the recipients.");
  EXPECT_EQ(toml_failure(one_store + unsealed + "passphrase = 'x'\n"),
            "owlbackup.toml:5: encryption.passphrase is set, but encryption.mode is \"none\"");
  EXPECT_EQ(load_toml(one_store + "[encryption]\nmode = 'passphrase'\npassphrase = 'x'\n").encryption.mode,
            "passphrase");
}

TEST_F(ValidateTest, Acknowledge) {
  EXPECT_EQ(toml_failure(one_store + unsealed + "[wal]\nacknowledge = 2\n"),
            "owlbackup.toml:6: wal.acknowledge is 2, but there is 1 store");
  EXPECT_EQ(toml_failure(one_store + "[storage.b]\nurl = 'file:///b'\n" + unsealed + "[wal]\nacknowledge = '3'\n"),
            "owlbackup.toml:8: wal.acknowledge is 3, but there are 2 stores");
  EXPECT_EQ(toml_failure(one_store + unsealed + "[wal]\nacknowledge = 'most'\n"),
            "owlbackup.toml:6: wal.acknowledge is \"most\": it must be any, all or a number of stores from 1");
  EXPECT_EQ(toml_failure(one_store + unsealed + "[wal]\nacknowledge = 0\n"),
            "owlbackup.toml:6: wal.acknowledge is \"0\": it must be any, all or a number of stores from 1");
  EXPECT_EQ(load_toml(one_store + unsealed + "[wal]\nacknowledge = 1\n").wal.acknowledge, "1");
}

TEST_F(ValidateTest, FilesNeedPaths) {
  EXPECT_EQ(toml_failure(one_store + unsealed + "[files.assets]\nexclude = ['*.tmp']\n"),
            "owlbackup.toml:5: [files.assets] has no paths");
}

}  // namespace
}  // namespace owl::config
