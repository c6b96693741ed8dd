#include "cluster/details.h"

#include <gtest/gtest.h>

namespace owl::cluster {
namespace {

/// Every field has a value of its own, so that two that change places are noticed.
ClusterDetails sample() {
  return {.version = 150018,
          .system_id = 18'000'000'000'000'000'000u,
          .control_version = 1300,
          .catalog_version = 202209061,
          .block_size = 8192,
          .relation_segment_blocks = 131072,
          .wal_segment_size = 16 << 20,
          .wal_block_size = 4096,
          .checksums = true,
          .from_standby = false,
          .timeline = 7,
          .start = {0x1'02000028},
          .checkpoint = {0x1'02000060},
          .stop = {0x1'02000100},
          .start_time = {-5},
          .label_file = "START WAL LOCATION",
          .tablespace_map = "16390 /srv/ts\n",
          .tablespaces = {{16390, "/srv/ts"}, {16391, ""}},
          .settings = {{"port", "5433", "configuration file", "/etc/postgresql.conf"}},
          .max_connections = 101,
          .max_worker_processes = 9,
          .max_wal_senders = 11,
          .max_prepared_transactions = 3,
          .max_locks_per_transaction = 65,
          .architecture = "x86_64 little-endian",
          .collation_version = "2.36",
          .owner = "postgres",
          .superuser = "admin",
          .data_directory = "/srv/pg",
          .bad_pages = 2,
          .pages_read = 1'000'000,
          .base = "0123456789abcdef0123456789abcdef",
          .full_reason = "because",
          .pages_total = 2'000'000,
          .pages_audited = 30'000,
          .map_fault = "block 3",
          .stop_record = {{0x1'020000d0}, 0xdeadbeef}};
}

TEST(ClusterDetails, ComeBackAsTheyWere) {
  const auto back = parse_cluster_details(serialize(sample()));
  ASSERT_TRUE(back);
  EXPECT_EQ(serialize(*back), serialize(sample()));
  EXPECT_EQ(back->system_id, 18'000'000'000'000'000'000u);
  EXPECT_EQ(back->start_time.micros, -5);
  EXPECT_EQ(back->stop, postgres::Lsn{0x1'02000100});
  EXPECT_TRUE(back->checksums);
  EXPECT_FALSE(back->from_standby);
  EXPECT_EQ(back->tablespaces[1].oid, 16391u);
  EXPECT_EQ(back->settings[0].source_file, "/etc/postgresql.conf");
  EXPECT_EQ(back->max_locks_per_transaction, 65);
  EXPECT_EQ(back->superuser, "admin");
  EXPECT_EQ(back->pages_read, 1'000'000u);
  EXPECT_EQ(back->base, sample().base);
  EXPECT_EQ(back->stop_record, sample().stop_record);
}

TEST(ClusterDetails, ThoseOfVersion1AreRead) {
  auto older = sample();
  older.base = older.full_reason = older.map_fault = "";
  older.pages_total = older.pages_audited = 0;
  older.stop_record = {};
  auto bytes = serialize(older);
  bytes.resize(bytes.size() - 7);  // each of these seven fields is one zero byte now
  bytes[0] = 1;
  const auto back = parse_cluster_details(bytes);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->pages_read, 1'000'000u);
  EXPECT_EQ(back->stop_record.lsn.value, 0u);
}

TEST(ClusterDetails, NoPrefixPasses) {
  const auto bytes = serialize(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_cluster_details(ByteView(bytes).first(size))) << size;
  }
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(parse_cluster_details(longer).error().message(), "the cluster section of a manifest has 1 bytes too many");
  longer[0] = 3;
  EXPECT_EQ(parse_cluster_details(longer).error().message(), "a cluster backup of an unknown version");
}

}  // namespace
}  // namespace owl::cluster
