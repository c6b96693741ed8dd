#include "wal/service_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"
#include "wal/service_bench.h"

namespace owl::wal {
namespace {

using testing::HasSubstr;
using testing::Not;

ServiceSnapshot snapshot() {
  ServiceSnapshot s;
  s.now = {1'795'000'000'500'000};
  s.archiver.archived = 12;
  s.archiver.failed = 1;
  s.archiver.last_archived = "000000010000000000000003";
  s.archiver.last_time = {1'795'000'000'000'000};
  s.lanes = {{"primary", {{false, 0, ""}, 0, 0}}, {"second\"ary", {{true, 3, "connection refused"}, 2, 5}}};
  s.spool = Spool::State{2, 1000, 1u << 30};
  s.disk = {76, 75, std::chrono::seconds(3600), 4096};
  s.disk_seen = true;
  s.watch.gaps = {{1, 4, 6}};
  s.watch.acknowledged_gaps = 2;
  s.watch.last_look = {1'794'999'999'000'000};
  s.segment_size = 16 << 20;
  s.stream = StreamState{true, 2, {0x2000100}, {0x2000000}, 7, 4096, 1, {1'794'999'998'000'000}, ""};
  s.waiting = ServiceSnapshot::Waiting{3, {1'794'999'990'500'000}};
  return s;
}

TEST(ServiceMetrics, TellWhatTheServiceDoes) {
  const auto text = to_metrics(snapshot(), "renderowl");
  for (const auto* line : {
           "owlbackup_wal_archived_files_total{name=\"renderowl\"} 12\n",
           "owlbackup_wal_failures_total{name=\"renderowl\"} 1\n",
           "owlbackup_wal_last_archived_timestamp_seconds{name=\"renderowl\"} 1795000000\n",
           "owlbackup_wal_ready_files{name=\"renderowl\"} 3\n",
           "owlbackup_wal_lag_bytes{name=\"renderowl\"} 50331648\n",
           "owlbackup_wal_lag_seconds{name=\"renderowl\"} 10\n",
           "owlbackup_wal_store_up{name=\"renderowl\",store=\"primary\"} 1\n",
           "owlbackup_wal_store_up{name=\"renderowl\",store=\"second\\\"ary\"} 0\n",
           "owlbackup_wal_store_missed_files{name=\"renderowl\",store=\"second\\\"ary\"} 5\n",
           "owlbackup_wal_spool_files{name=\"renderowl\"} 2\n",
           "owlbackup_wal_disk_used_ratio{name=\"renderowl\"} 0.76\n",
           "owlbackup_wal_disk_threshold_ratio{name=\"renderowl\"} 0.75\n",
           "owlbackup_wal_disk_seconds_until_full{name=\"renderowl\"} 3600\n",
           "owlbackup_wal_gaps{name=\"renderowl\"} 1\n",
           "owlbackup_wal_gap_segments{name=\"renderowl\"} 3\n",
           "owlbackup_wal_acknowledged_gaps{name=\"renderowl\"} 2\n",
           "owlbackup_wal_stream_up{name=\"renderowl\"} 1\n",
           "owlbackup_wal_stream_pieces_total{name=\"renderowl\"} 7\n",
           "owlbackup_wal_stream_undurable_bytes{name=\"renderowl\"} 256\n",
           "owlbackup_wal_stream_last_piece_timestamp_seconds{name=\"renderowl\"} 1794999998\n",
           "owlbackup_wal_last_check_timestamp_seconds{name=\"renderowl\"} 1794999999\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(ServiceMetrics, LeaveOutWhatIsNotKnown) {
  auto s = snapshot();
  s.spool.reset();
  s.waiting.reset();
  s.stream.reset();
  s.disk_seen = false;
  s.archiver.last_time = {};
  s.watch.last_look = {};
  const auto text = to_metrics(s, "x");
  for (const auto* name : {"spool", "ready", "lag", "disk", "last_archived", "last_check", "stream"}) {
    EXPECT_THAT(text, Not(HasSubstr(std::string("owlbackup_wal_") + name))) << name;
  }
  s = snapshot();
  s.disk.time_left.reset();
  EXPECT_THAT(to_metrics(s, "x"), Not(HasSubstr("seconds_until_full")));
}

TEST(ServiceMetrics, StatusIsJson) {
  const auto json = value_or_throw(codec::Json::parse(to_json_text(snapshot())));
  EXPECT_EQ(json["archived"].integer_or(0), 12);
  EXPECT_EQ(json["ready"].integer_or(0), 3);
  EXPECT_EQ((*json["stores"].as_array())[1]["missed"].integer_or(0), 5);
  const auto& gap = json["check"]["gaps"].as_array()->at(0);
  EXPECT_EQ(gap["first"].text_or(""), "000000010000000000000004");
  EXPECT_EQ(gap["last"].text_or(""), "000000010000000000000006");
  EXPECT_EQ(json["spool"]["files"].integer_or(0), 2);
  EXPECT_EQ(json["stream"]["durable_lsn"].text_or(""), "0/2000000");
  EXPECT_EQ(json["stream"]["last_piece"].text_or(""), to_iso({1'794'999'998'000'000}));
}

TEST(WaitingFiles, AreThoseMarkedReady) {
  test::ServiceBench bench;
  EXPECT_EQ(waiting_files(bench.data_directory)->files, 0u);
  bench.put(3, ".ready");
  bench.put(4, ".done");
  bench.put(5, ".ready");
  EXPECT_EQ(waiting_files(bench.data_directory)->files, 2u);
  EXPECT_FALSE(waiting_files(bench.folder / "elsewhere"));
}

}  // namespace
}  // namespace owl::wal
