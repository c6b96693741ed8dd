// A store that says no: the secret, the quota, the account, the bucket. Each with one message and what to do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/s3_site.h"

namespace owl::test {
namespace {

using testing::HasSubstr;

constexpr int failed = 1, configuration = 2, unreachable = 4, fetch_failed = 200;

/// Commands that write and read, with a wrong key in their configuration.
void expect_refusal(const Environment& env, int exit_code, const std::string& why, const std::string& hint) {
  auto& s3 = S3Site::shared();
  const auto segment = s3.site().server().data_dir() / "pg_wal" / s3.newest_wal();
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"init"},
                                             {"list"},
                                             {"backup", "cluster"},
                                             {"wal", "push", segment},
                                             {"restore", "cluster", "--to", s3.site().target("refused")}}) {
    const auto run = s3.site().owl(command, env);
    EXPECT_EQ(run.exit_code, exit_code) << command[0] << run;
    EXPECT_THAT(run.err, HasSubstr(why + "\n  " + hint + "\n")) << command[0];
  }
  const auto fetched = s3.site().owl({"wal", "fetch", s3.newest_wal(), s3.site().folder() / "refused.wal"}, env);
  EXPECT_EQ(fetched.exit_code, fetch_failed) << fetched;
  EXPECT_THAT(fetched.err, HasSubstr(why));
}

TEST(Refusal, OfAWrongSecret) {
  expect_refusal(with_store("SECRET_ACCESS_KEY", "wrong"), unreachable,
                 "the secret access key does not belong to the access key id (403 SignatureDoesNotMatch)",
                 "Check secret_access_key in [storage.primary]; a letter lost in copying is the usual reason.");
}

TEST(Refusal, OfAnUnknownKey) {
  expect_refusal(
      with_store("ACCESS_KEY_ID", "nobody"), unreachable,
      "the store does not know this access key id (403 InvalidAccessKeyId)",
      "Check access_key_id in [storage.primary]; on R2 it is the API token's id, and each jurisdiction knows "
      "only its own.");
}

TEST(Refusal, OfABucketThatIsNotThere) {
  expect_refusal(
      with_store("URL", "s3://no-such-bucket/faults"), configuration,
      "the bucket no-such-bucket does not exist there (404 NoSuchBucket)",
      "Create it, or correct url and endpoint in [storage.primary]. On R2 a bucket with a jurisdiction is seen "
      "only at that jurisdiction's endpoint.");
}

TEST(Refusal, OfOneOfTwoStoresDoesNotEndBackups) {
  auto& s3 = S3Site::shared();
  const Environment second{{"OWLBACKUP_STORAGE__SECONDARY__URL", "s3://no-such-bucket/faults"},
                           {"OWLBACKUP_STORAGE__SECONDARY__RETRIES", "1"}};
  const auto backup = s3.site().owl({"backup", "cluster"}, second);
  EXPECT_EQ(backup.exit_code, 3) << backup;
  EXPECT_THAT(backup.err,
              HasSubstr("store secondary takes no further part in this run: cannot read owl.json in secondary "
                        "(s3://no-such-bucket/faults): the bucket no-such-bucket does not exist there (404 "
                        "NoSuchBucket)\n"));
  EXPECT_THAT(backup.err, HasSubstr("the backup is not in store secondary; it is whole in the others\n"));
}

TEST(Refusal, OfAClockThatIsOff) {
  auto& s3 = S3Site::shared();
  for (const auto& [shift, side] : std::map<std::string, std::string>{{"+1h", "ahead"}, {"-1h", "behind"}}) {
    const auto run = s3.site().as_server(
        {"faketime", "-f", shift, s3.site().programs() / "owlbackup", "-c", s3.site().config(), "list"});
    EXPECT_EQ(run.exit_code, unreachable) << run;
    EXPECT_THAT(run.err,
                testing::MatchesRegex("owlbackup: cannot read owl.json in primary \\(s3://[^)]*\\): this host's clock "
                                      "is too far from the store's \\(403 RequestTimeTooSkewed\\)\n"
                                      "  It is (1 h 00|59) min (5[0-9] s )?" +
                                      side + ". Synchronise it \\(timedatectl set-ntp true\\).\n"));
  }
}

TEST(Refusal, OfASuspendedUser) {
  auto& s3 = S3Site::shared();
  s3.gateway().admin({"user", "suspend", "--uid=test"});
  const auto run = s3.site().owl({"backup", "cluster"});
  const auto fetched = s3.site().owl({"wal", "fetch", s3.newest_wal(), s3.site().folder() / "suspended.wal"});
  s3.gateway().admin({"user", "enable", "--uid=test"});
  EXPECT_EQ(run.exit_code, unreachable) << run;
  EXPECT_THAT(run.err, HasSubstr("the account is suspended (403 UserSuspended)\n  Ask whoever runs the store.\n"));
  EXPECT_EQ(fetched.exit_code, fetch_failed) << fetched;
}

TEST(Refusal, OfMoreThanTheQuota) {
  auto& s3 = S3Site::shared();
  auto& site = s3.site();
  const auto backups = s3.count_backups();
  const std::vector<std::string> scope{"--quota-scope=user", "--uid=test"};
  s3.gateway().admin({"quota", "set", scope[0], scope[1], "--max-size=1M"});
  s3.gateway().admin({"quota", "enable", scope[0], scope[1]});
  s3.change_something();
  const auto backup = site.owl({"backup", "cluster"});
  const auto failures = site.psql("SELECT failed_count FROM pg_stat_archiver");
  s3.gateway().admin({"quota", "disable", scope[0], scope[1]});
  EXPECT_EQ(backup.exit_code, failed) << backup;
  EXPECT_THAT(backup.err, HasSubstr("in " + s3.where() +
                                    ": the quota is used up (403 QuotaExceeded)\n"
                                    "  Raise it, or let older backups expire.\n"));
  EXPECT_EQ(s3.count_backups(), backups);
  site.owl_ok({"backup", "cluster"});
  s3.expect_sound();
}

}  // namespace
}  // namespace owl::test
