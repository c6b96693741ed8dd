// A store that is dead, or dies and comes back: one clear error and the right exit code, or patience that pays.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "faults/s3_site.h"

namespace owl::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int unreachable = 4, fetch_failed = 200;

/// The real gateway is dead for as long as this lives. Behind the proxy a connection that is cut is seen, so what is to
/// meet a closed port goes there directly.
class DeadGateway {
 public:
  DeadGateway() { S3Site::shared().gateway().kill_gateway(); }
  ~DeadGateway() { S3Site::shared().gateway().start_gateways(); }
  DeadGateway(const DeadGateway&) = delete;
  DeadGateway& operator=(const DeadGateway&) = delete;
};

Environment directly() {
  return with_store("ENDPOINT", S3Site::shared().gateway().endpoint());
}

TEST(DeadStore, EveryCommandSaysSoAndWhat) {
  auto& s3 = S3Site::shared();
  auto& site = s3.site();
  const auto to = site.target("never");
  const auto segment = site.server().data_dir() / "pg_wal" / s3.newest_wal();
  const DeadGateway dead;
  const auto why = s3.where() + ": no connection to " + s3.gateway().endpoint() +
                   ": Connection refused\n  Check that it is up, and that no firewall or proxy stands between.\n";
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"backup", "cluster"},
                                             {"restore", "cluster", "--to", to},
                                             {"list"},
                                             {"status"},
                                             {"verify"},
                                             {"wal", "push", segment}}) {
    const auto run = site.owl(command, directly());
    EXPECT_EQ(run.exit_code, unreachable) << command[0] << run;
    EXPECT_THAT(run.err, HasSubstr(why)) << command[0];
  }
  EXPECT_FALSE(std::filesystem::exists(to));
  const auto fetched = site.owl({"wal", "fetch", s3.newest_wal(), to.string() + ".wal"}, directly());
  EXPECT_EQ(fetched.exit_code, fetch_failed) << fetched;
  EXPECT_THAT(fetched.err, HasSubstr(why));
  const auto json = site.owl({"--json", "list"}, directly());
  EXPECT_EQ(json.exit_code, unreachable) << json;
  EXPECT_THAT(json.out, HasSubstr("{\"error\":{\"kind\":\"unreachable\",\"message\":\""));
}

TEST(DeadStore, KeepsWalUntilItIsBackAndThenGetsIt) {
  auto& s3 = S3Site::shared();
  auto& site = s3.site();
  s3.change_something();
  const auto failed_before = site.psql("SELECT failed_count FROM pg_stat_archiver");
  std::string segment;
  {
    const DeadGateway dead;
    segment = site.psql("SELECT pg_walfile_name(pg_switch_wal())");
    for (int i = 0; i < 1200 && site.psql("SELECT failed_count FROM pg_stat_archiver") == failed_before; ++i) {
      std::this_thread::sleep_for(50ms);
    }
    EXPECT_NE(site.psql("SELECT failed_count FROM pg_stat_archiver"), failed_before);
    const auto status = site.server().data_dir() / "pg_wal/archive_status";
    EXPECT_TRUE(std::filesystem::exists(status / (segment + ".ready")));
    EXPECT_FALSE(std::filesystem::exists(status / (segment + ".done")));
  }
  // The archiver sleeps for a minute after three failures; the next segment wakes it, and it goes by age.
  site.archive();
  const auto again = site.owl({"wal", "push", site.server().data_dir() / "pg_wal" / segment});
  EXPECT_EQ(again.exit_code, 0) << again;
  s3.expect_sound();
}

TEST(DyingStore, IsOutlastedByABackup) {
  auto& s3 = S3Site::shared();
  s3.change_something();
  const Faults marker(std::vector<FaultRule>{{.method = "PUT", .part = "/faults/packs/"}});
  std::jthread outage([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && Faults::happened() == 0) std::this_thread::sleep_for(1ms);
    const DeadGateway dead;
  });
  const auto backup = s3.site().owl({"backup", "cluster"}, with_store("RETRIES", "12"));
  outage.request_stop();
  outage.join();
  EXPECT_EQ(backup.exit_code, 0) << backup;
  EXPECT_GT(Faults::happened(), 0);
  s3.expect_sound();
}

TEST(SlowStore, SlowerThanTheTimeoutIsToldWithTheRemedy) {
  auto& s3 = S3Site::shared();
  const Faults faults({{.fault = Fault::late, .delay = 3s}});
  auto env = with_store("REQUEST_TIMEOUT", "300ms");
  env.merge(with_store("RETRIES", "1"));
  const auto run = s3.site().owl({"list"}, env);
  EXPECT_EQ(run.exit_code, unreachable) << run;
  EXPECT_THAT(run.err, testing::MatchesRegex("owlbackup: after 2 tries: cannot (list|read) [^ ]* in primary "
                                             "\\(s3://[^)]*\\): http://127.0.0.1:[0-9]+ took too long to answer\n"
                                             "  If it is only slow, give it more time: request_timeout.\n"));
}

TEST(FailingStore, IsToldOnceItsTriesAreUsedUp) {
  auto& s3 = S3Site::shared();
  const auto to = s3.site().target("failing");
  for (const auto& [status, why] : std::map<int, std::string>{{500, "the store failed (500)"},
                                                              {503, "the store failed (503)"},
                                                              {429, "the store asks for fewer requests (429)"}}) {
    const Faults faults({{.fault = Fault::answer, .status = status}});
    const auto run = s3.site().owl({"restore", "cluster", "--to", to}, with_store("RETRIES", "1"));
    EXPECT_EQ(run.exit_code, unreachable) << run;
    EXPECT_THAT(run.err, HasSubstr("owlbackup: after 2 tries: cannot ")) << run;
    EXPECT_THAT(run.err, HasSubstr(" in " + s3.where() + ": " + why + "\n")) << run;
    EXPECT_FALSE(std::filesystem::exists(to));
    const auto fetched =
        s3.site().owl({"wal", "fetch", s3.newest_wal(), to.string() + ".wal"}, with_store("RETRIES", "0"));
    EXPECT_EQ(fetched.exit_code, fetch_failed) << fetched;
  }
}

TEST(FailingStore, AnErrorPageInItsPlaceIsNoProofThatWalIsAbsent) {
  auto& s3 = S3Site::shared();
  const auto to = s3.site().folder() / "page.wal";
  const Faults faults({{.method = "GET",
                        .part = "/faults/wal/",
                        .fault = Fault::answer,
                        .status = 404,
                        .headers = "Content-Type: text/html\r\n",
                        .body = "<html><h1>404 Not Found</h1></html>"}});
  const auto fetched = s3.site().owl({"wal", "fetch", s3.newest_wal(), to});
  EXPECT_GT(Faults::happened(), 0);
  EXPECT_EQ(fetched.exit_code, fetch_failed) << fetched;
  EXPECT_THAT(fetched.err, HasSubstr("what answers there is no S3 store, or not this one (404)"));
}

}  // namespace
}  // namespace owl::test
