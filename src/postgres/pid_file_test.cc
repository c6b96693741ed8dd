#include "postgres/pid_file.h"

#include <gtest/gtest.h>

namespace owl::postgres {
namespace {

TEST(PidFile, OfARunningServer) {
  const auto file = parse_pid_file("4711\n/srv/pg\n1790000000\n5432\n/tmp\nlocalhost\n  5432001     1234\nready   \n");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->pid, 4711);
  EXPECT_EQ(file->started, 1'790'000'000);
  EXPECT_EQ(file->shared_memory_id, 1234);
}

TEST(PidFile, MayBeWrittenHalf) {
  EXPECT_EQ(parse_pid_file("4711")->pid, 4711);
  EXPECT_EQ(parse_pid_file("4711\n/srv/pg\n")->started, 0);
  EXPECT_FALSE(parse_pid_file("4711\n/srv/pg\n1790000000\n5432\n/tmp\nlocalhost\n")->shared_memory_id);
}

TEST(PidFile, AStandAloneBackendIsNegative) {
  EXPECT_EQ(parse_pid_file("-4711\n")->pid, 4711);
}

TEST(PidFile, NumbersThatNoServerWrites) {
  for (const auto* text :
       {"", "\n", "0\n", "x\n", "4711x\n", "2147483648\n", "-9223372036854775808\n", "9223372036854775808\n"}) {
    EXPECT_FALSE(parse_pid_file(text)) << text;
  }
  EXPECT_EQ(parse_pid_file("1\n/\n9223372036854775807\n")->started, 0);
  EXPECT_EQ(parse_pid_file("1\n/\n-5\n")->started, 0);
}

}  // namespace
}  // namespace owl::postgres
