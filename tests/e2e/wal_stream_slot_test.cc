#include <gmock/gmock.h>

#include <memory>

#include "e2e/stream_bench.h"
#include "e2e/wal_service.h"

// A stream that lost its replication slot, and WAL with it.

namespace owl::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

/// A slot that was dropped, and what the server wrote meanwhile is neither archived nor on it any more.
class WalStreamWithoutItsSlot : public WalStream {
 protected:
  explicit WalStreamWithoutItsSlot(SiteOptions options = streaming()) : WalStream(std::move(options)) {}

  void lose_slot_and_wal() {
    site.psql("SELECT pg_drop_replication_slot('owlbackup')");
    site.psql("ALTER SYSTEM SET archive_command = '/bin/true'; SELECT pg_reload_conf();");
    for (int n = 2; n <= 5; ++n) {
      site.psql("INSERT INTO log VALUES (" + std::to_string(n) + "); SELECT pg_switch_wal(); CHECKPOINT;");
    }
    ASSERT_TRUE(eventually([&] {
      return site.psql(
                 "SELECT count(*) FROM pg_stat_archiver WHERE last_archived_wal >= "
                 "(SELECT pg_walfile_name(pg_current_wal_insert_lsn() - 17000000))") == "1";
    }));
    site.psql("CHECKPOINT");
  }
};

TEST_F(WalStreamWithoutItsSlot, SaysWhatIsMissingAndGoesOnWhenAsked) {
  auto stream = std::make_unique<Stream>(site);
  insert_durably(1);
  stream->stop();
  lose_slot_and_wal();
  stream->start();
  EXPECT_EQ(stream->wait(), 1) << stream->log();
  EXPECT_THAT(stream->log(), AllOf(HasSubstr("the replication slot owlbackup is gone"),
                                   HasSubstr("owlbackup wal stream --create-slot")));
  Stream anew(site, {"--create-slot"});
  insert_durably(6);
  EXPECT_THAT(anew.log(), AllOf(HasSubstr("WAL is missing: segments "), HasSubstr("owlbackup backup cluster")));
  site.owl_ok({"backup", "cluster"});
  insert_durably(7);
  lose_server();
  EXPECT_EQ(rows_restored("restored"), "1 2 3 4 5 6 7");
}

class WalStreamBesideTheDaemon : public WalStreamWithoutItsSlot {
 protected:
  static SiteOptions checking() {
    auto options = streaming();
    options.wal_settings.push_back("check = \"1s\"");
    return options;
  }
  WalStreamBesideTheDaemon() : WalStreamWithoutItsSlot(checking()) {}
};

/// Nobody has to remember the new base backup: the daemon makes it, and what follows can be restored.
TEST_F(WalStreamBesideTheDaemon, AGapOfTheStreamMakesANewBaseBackup) {
  {
    const Stream stream(site);
    insert_durably(1);
  }
  lose_slot_and_wal();
  Stream anew(site, {"--create-slot"});
  insert_durably(6);
  WalService daemon(site, {.command = {"serve"}});
  daemon.start();
  site.psql("SELECT pg_switch_wal(); INSERT INTO log VALUES (7)");
  ASSERT_TRUE(eventually([&] { return daemon.log().find("moments from ") != std::string::npos; }, 120s))
      << daemon.log() << anew.log();
  EXPECT_THAT(daemon.log(), HasSubstr("a new base backup begins, since "));
  insert_durably(8);
  lose_server();
  EXPECT_EQ(rows_restored("restored"), "1 2 3 4 5 6 7 8") << daemon.log();
}

}  // namespace
}  // namespace owl::test
