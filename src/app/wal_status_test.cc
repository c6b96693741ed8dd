#include "app/wal_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace owl::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

postgres::ArchiveProgress server(std::uint64_t written) {
  postgres::ArchiveProgress out;
  out.timeline = 1;
  out.segment_size = 16 << 20;
  out.written = postgres::Lsn{written};
  out.now = {100'000'000};
  return out;
}

TEST(MeasureLag, IsWhatNoRestoreCanReach) {
  const WalReach reach{{0x5000000}, Timestamp{97'000'000}, {}};
  const auto lag = measure_lag(reach, server(0x7000100));
  EXPECT_EQ(lag.bytes, 0x2000100u);
  EXPECT_EQ(lag.segments, 2u);
  EXPECT_EQ(lag.rpo, 3s);
  EXPECT_EQ(lag.unknown, "");
}

TEST(MeasureLag, IsNothingWhereAllThatWasWrittenIsArchived) {
  const auto lag = measure_lag(WalReach{{0x5000000}, {}, {}}, server(0x5000000));
  EXPECT_EQ(lag.bytes, 0u);
  EXPECT_EQ(lag.rpo, 0s);
}

TEST(MeasureLag, TakesTheLaterOfCommitAndStream) {
  const auto rpo = [](std::optional<Timestamp> commit, std::optional<Timestamp> streamed) {
    return measure_lag(WalReach{{0x5000000}, commit, streamed}, server(0x5000100)).rpo;
  };
  EXPECT_EQ(rpo(Timestamp{40'000'000}, Timestamp{95'000'000}), 5s);
  EXPECT_EQ(rpo(Timestamp{97'000'000}, Timestamp{95'000'000}), 3s);
  EXPECT_EQ(rpo(std::nullopt, Timestamp{95'000'000}), 5s);
}

TEST(MeasureLag, NeverTakesTheUnknownForGood) {
  auto standby = server(0);
  standby.in_recovery = true;
  standby.written.reset();
  const WalReach reach{{0x5000000}, Timestamp{97'000'000}, {}};
  EXPECT_FALSE(measure_lag(reach, standby).rpo);
  EXPECT_THAT(measure_lag(reach, standby).unknown, HasSubstr("standby"));
  EXPECT_FALSE(measure_lag(std::nullopt, server(0x6000000)).bytes);
  EXPECT_THAT(measure_lag(std::nullopt, server(0x6000000)).unknown, HasSubstr("no backup"));
  const auto without_commit = measure_lag(WalReach{{0x5000000}, {}, {}}, server(0x6000000));
  EXPECT_EQ(without_commit.bytes, 0x1000000u);
  EXPECT_FALSE(without_commit.rpo);
}

WalStatus status_with_a_gap() {
  WalStatus status;
  auto& system = status.systems.emplace_back();
  system.report.system_id = 7;
  system.report.graph.segment_size = 16 << 20;
  system.report.gaps.push_back({{1, 4, 6}, {0x4000000}, {0x7000000}, Timestamp{1'000'000}, {}, {}});
  return status;
}

TEST(WalWarnings, NameAGapUntilItIsAcknowledged) {
  auto status = status_with_a_gap();
  EXPECT_THAT(
      wal_warnings(status, 1h),
      ElementsAre("WAL is missing: 000000010000000000000004..000000010000000000000006 (3 segments, 0/4000000 to "
                  "0/7000000, after 1970-01-01T00:00:01Z). No restore can pass it; a backup made since then can "
                  "be restored. `owlbackup wal acknowledge-gap 000000010000000000000004.."
                  "000000010000000000000006` ends this warning"));
  status.systems[0].report.gaps[0].known.emplace_back();
  EXPECT_THAT(wal_warnings(status, 1h), IsEmpty());
}

TEST(WalWarnings, TellOfABreachedObjective) {
  WalStatus status;
  status.systems.emplace_back().lag.rpo = 2h;
  EXPECT_THAT(wal_warnings(status, 1h), ElementsAre(HasSubstr("RPO: up to 2 h 00 min of work would be lost now")));
  EXPECT_THAT(wal_warnings(status, 3h), IsEmpty());
}

TEST(WalWarnings, TellOfWhatTheServiceKnows) {
  WalStatus status;
  status.service = value_or_throw(
      codec::Json::parse(R"({"stores":[{"store":"a","answers":true},{"store":"b","answers":false,"missed":4}],)"
                         R"("spool":{"files":2},"disk":{"used_percent":91}})"));
  EXPECT_THAT(wal_warnings(status, 1h),
              ElementsAre(HasSubstr("can't reach store b: 4 files"),
                          HasSubstr("2 WAL files lie in the local spool alone"), HasSubstr("91 % full")));
}

TEST(WalStatusJson, SaysUnknownAsNull) {
  const auto json = to_json(status_with_a_gap(), 1h);
  const auto& system = json["systems"].as_array()->at(0);
  EXPECT_TRUE(system["lag"]["rpo_seconds"].is_null());
  EXPECT_TRUE(system["lag"]["rpo_met"].is_null());
  EXPECT_EQ(system["gaps"].as_array()->at(0)["first"].text_or(""), "000000010000000000000004");
  EXPECT_EQ(system["unacknowledged_gaps"].integer_or(0), 1);
  EXPECT_TRUE(json["service"].is_null());
}

}  // namespace
}  // namespace owl::app
