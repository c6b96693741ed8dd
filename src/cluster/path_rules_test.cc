#include "cluster/path_rules.h"

#include <gtest/gtest.h>

namespace owl::cluster {
namespace {

struct Case {
  std::string_view path;
  bool is_folder;
  PathRule rule;
};

class RuleFor : public testing::TestWithParam<Case> {};

TEST_P(RuleFor, IsAsBasebackupHasIt) {
  EXPECT_EQ(rule_for(GetParam().path, GetParam().is_folder), GetParam().rule) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Paths, RuleFor,
    testing::Values(
        Case{"PG_VERSION", false, PathRule::copy}, Case{"base", true, PathRule::folder},
        Case{"base/5", true, PathRule::folder}, Case{"base/5/16384", false, PathRule::relation},
        Case{"base/5/16384.1", false, PathRule::relation}, Case{"base/5/16384_vm", false, PathRule::relation},
        Case{"base/5/16384_fsm.2", false, PathRule::relation}, Case{"base/5/16384_init", false, PathRule::relation},
        Case{"base/5/t3_16384", false, PathRule::skip}, Case{"base/5/t12_16384_fsm.1", false, PathRule::skip},
        Case{"base/5/pg_filenode.map", false, PathRule::copy}, Case{"base/5/PG_VERSION", false, PathRule::copy},
        Case{"base/5/pg_internal.init", false, PathRule::skip},
        Case{"base/5/pg_internal.init.1234", false, PathRule::skip}, Case{"base/pgsql_tmp", true, PathRule::skip},
        Case{"base/pgsql_tmp/pgsql_tmp1.0", false, PathRule::skip}, Case{"global/1262", false, PathRule::relation},
        Case{"global/pg_control", false, PathRule::copy}, Case{"global/pg_internal.init", false, PathRule::skip},
        Case{"pg_wal", true, PathRule::folder}, Case{"pg_wal/000000010000000000000001", false, PathRule::skip},
        Case{"pg_wal/archive_status", true, PathRule::empty_folder},
        Case{"pg_wal/summaries", true, PathRule::empty_folder}, Case{"pg_replslot", true, PathRule::empty_folder},
        Case{"pg_dynshmem", true, PathRule::empty_folder}, Case{"pg_notify", true, PathRule::empty_folder},
        Case{"pg_serial", true, PathRule::empty_folder}, Case{"pg_snapshots", true, PathRule::empty_folder},
        Case{"pg_subtrans", true, PathRule::empty_folder}, Case{"pg_stat_tmp", true, PathRule::empty_folder},
        Case{"pg_stat", true, PathRule::folder}, Case{"pg_xact/0000", false, PathRule::copy},
        Case{"pg_multixact/members/0000", false, PathRule::copy}, Case{"postmaster.pid", false, PathRule::skip},
        Case{"postmaster.opts", false, PathRule::skip}, Case{"backup_label", false, PathRule::skip},
        Case{"tablespace_map", false, PathRule::skip}, Case{"backup_manifest", false, PathRule::skip},
        Case{"recovery.signal", false, PathRule::skip}, Case{"standby.signal", false, PathRule::skip},
        Case{"postgresql.auto.conf", false, PathRule::copy}, Case{"postgresql.auto.conf.tmp", false, PathRule::skip},
        Case{"current_logfiles", false, PathRule::copy},
        Case{"pg_tblspc/16390/PG_15_202209061/5/16400", false, PathRule::relation},
        Case{"pg_tblspc/16390/PG_15_202209061/5/t4_16400", false, PathRule::skip},
        Case{"pg_tblspc/16390/PG_15_202209061/pgsql_tmp", true, PathRule::skip}));

TEST(RelationFileName, TakesForkAndSegmentApart) {
  const auto name = parse_relation_file_name("16384_vm.12");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->relation, 16384u);
  EXPECT_EQ(name->fork, "vm");
  EXPECT_EQ(name->segment, 12u);
}

TEST(RelationFileName, RefusesWhatIsNone) {
  for (auto text :
       {"", "abc", "1a", "16384_xx", "16384.", "16384.x", "16384.0", "99999999999", "_vm", "16384_vm_fsm"}) {
    EXPECT_FALSE(parse_relation_file_name(text)) << text;
  }
}

}  // namespace
}  // namespace owl::cluster
