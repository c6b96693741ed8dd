#include "app/restore_arguments.h"

#include <gtest/gtest.h>

#include "storage/test_support.h"

namespace owl::app {
namespace {

using cluster::RestoreTarget;
using storage::error_of;
using Kind = RestoreTarget::Kind;

constexpr Timestamp now{1'795'003'200'000'000};  // 2026-11-18 12:00:00 UTC

TEST(RestoreTargets, WithoutOneTheNewestStateIsMeant) {
  const auto target = target_of({}, now);
  EXPECT_EQ(target.kind, Kind::latest);
  EXPECT_EQ(target.action, "promote");
  EXPECT_FALSE(target.exclusive);
  EXPECT_FALSE(target.timeline);
}

TEST(RestoreTargets, Times) {
  for (const auto* text : {"2026-11-18 11:45:00+00", "2026-11-18T12:45:00+01:00", "-15min", "2026-11-18 11:45"}) {
    const auto target = target_of({.time = text}, now);
    EXPECT_EQ(target.kind, Kind::time);
    EXPECT_EQ(target.time, now - std::chrono::minutes(15)) << text;
  }
  const auto error = error_of([] { target_of({.time = "yesterday"}, now); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.message(), "\"yesterday\" is not a time");
}

TEST(RestoreTargets, Positions) {
  const auto target = target_of({.lsn = "16/B374D848", .action = "pause", .exclusive = true}, now);
  EXPECT_EQ(target.kind, Kind::lsn);
  EXPECT_EQ(target.lsn, postgres::Lsn{0x16'B374D848});
  EXPECT_TRUE(target.exclusive);
  EXPECT_EQ(target.action, "pause");
}

TEST(RestoreTargets, TransactionsNamesAndTheFirstConsistentMoment) {
  EXPECT_EQ(target_of({.xid = 731}, now).xid, 731u);
  EXPECT_EQ(target_of({.name = "before the upgrade"}, now).name, "before the upgrade");
  EXPECT_EQ(target_of({.immediate = true}, now).kind, Kind::immediate);
}

TEST(RestoreTargets, Timelines) {
  EXPECT_FALSE(target_of({.timeline = "latest"}, now).timeline);
  EXPECT_EQ(target_of({.timeline = "12"}, now).timeline, 12u);
  EXPECT_EQ(target_of({.timeline = "0xC"}, now).timeline, 12u);
}

TEST(RestoreTargets, WhatCannotBeUnderstoodIsAMistakeInTheCommand) {
  const std::pair<RestoreArguments, std::string> cases[] = {
      {{.lsn = "16-B374D848"}, "--target-lsn 16-B374D848: write a WAL position like 16/B374D848"},
      {{.timeline = ""}, "--target-timeline : write a timeline's number, or latest"},
      {{.timeline = "0"}, "--target-timeline 0: write a timeline's number, or latest"},
      {{.timeline = "4294967296"}, "--target-timeline 4294967296: write a timeline's number, or latest"},
      {{.timeline = "2nd"}, "--target-timeline 2nd: write a timeline's number, or latest"},
  };
  for (const auto& [arguments, message] : cases) {
    const auto error = error_of([&] { target_of(arguments, now); });
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_EQ(error.message(), message);
  }
}

TEST(TablespaceMap, OldToNew) {
  const auto map = tablespace_map({"/srv/fast=/new/fast", "16391=/new/slow", "/a=/b=c"});
  EXPECT_EQ(map.at("/srv/fast"), "/new/fast");
  EXPECT_EQ(map.at("16391"), "/new/slow");
  EXPECT_EQ(map.at("/a"), "/b=c");
}

TEST(TablespaceMap, RefusesHalves) {
  for (const std::string text : {"", "/srv/fast", "/srv/fast=", "=/new", "/srv/fast=new", "="}) {
    const auto error = error_of([&] { tablespace_map({text}); });
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_EQ(error.message(), "--tablespace-map " + text + ": write OLD=NEW with an absolute NEW");
  }
}

}  // namespace
}  // namespace owl::app
