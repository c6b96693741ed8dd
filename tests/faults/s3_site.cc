#include "faults/s3_site.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "codec/json.h"

namespace owl::test {

namespace fs = std::filesystem;

namespace {

std::string store_lines(const S3Server& gateway, const std::string& bucket, const std::string& endpoint) {
  return "url = \"s3://" + bucket + "/faults\"\nendpoint = \"" + endpoint + "\"\nregion = \"" + gateway.region() +
         "\"\naccess_key_id = \"" + gateway.access_key() + "\"\nsecret_access_key = \"" + gateway.secret_key() +
         "\"\nretries = 4";
}

}  // namespace

S3Site& S3Site::shared() {
  static S3Site site;
  return site;
}

S3Site::S3Site()
    : gateway_(S3Server::shared(S3Kind::ceph)),
      bucket_(gateway_.make_bucket()),
      proxy_(gateway_.endpoint()),
      site_({.store_lines = {{"primary", store_lines(gateway_, bucket_, proxy_.url())}},
             .server_settings = {"wal_keep_size = 1GB"}}) {
  site_.psql("CREATE TABLE t (v text)");
  change_something();
  site_.owl_ok({"backup", "cluster"});
  site_.archive();
}

void S3Site::change_something() {
  site_.psql("INSERT INTO t SELECT md5(random()::text) FROM generate_series(1, 20000)");
}

std::size_t S3Site::count_backups() {
  const auto json = value_or_throw(codec::Json::parse(site_.owl_ok({"--json", "list"})));
  return json.as_array() == nullptr ? 0 : json.as_array()->size();
}

std::string S3Site::newest_wal() {
  return site_.psql("SELECT left(max(name), 24) FROM pg_ls_archive_statusdir() WHERE name ~ '^[0-9A-F]{24}.done$'");
}

void S3Site::expect_sound() {
  const auto verified = site_.owl({"verify", "--data"});
  EXPECT_EQ(verified.exit_code, 0) << verified;
  const auto restored = restore_judged();
  EXPECT_EQ(restored.exit_code, 0) << restored;
}

RunResult S3Site::restore_judged() {
  const auto to = site_.target("restored-" + std::to_string(++restored_));
  auto restored = site_.owl({"restore", "cluster", "--to", to, "--immediate", "--recovery-ticket"});
  if (restored.exit_code == 0 || restored.exit_code == 3) {
    const auto judged = site_.as_server({site_.postgres_program("pg_verifybackup"), to});
    EXPECT_EQ(judged.exit_code, 0) << judged;
  } else {
    EXPECT_FALSE(fs::exists(to / "global/pg_control")) << restored;
  }
  fs::remove_all(to);
  return restored;
}

}  // namespace owl::test
