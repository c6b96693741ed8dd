// A command line that makes no sense: one message, a way on, and an exit code that PostgreSQL can't misread.

#include <gtest/gtest.h>

#include "support/environment.h"
#include "support/run.h"

namespace owl::test {
namespace {

constexpr int usage = 2, stops_recovery = 200;

RunResult owl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program("owlbackup"));
  return run(std::move(arguments), {.cwd = "/"});
}

void expect(std::vector<std::string> arguments, const std::string& err) {
  const auto result = owl(std::move(arguments));
  EXPECT_EQ(result.exit_code, usage) << result;
  EXPECT_EQ(result.err, "owlbackup: " + err + "\n");
  EXPECT_EQ(result.out, "");
}

TEST(WrongUsage, UnknownCommands) {
  expect({"statsu"},
         "there is no command \"statsu\"; did you mean \"status\"?\n  `owlbackup --help` shows what there is.");
  expect({"-q", "--store", "primary", "bakcup", "cluster"},
         "there is no command \"bakcup\"; did you mean \"backup\"?\n  `owlbackup --help` shows what there is.");
  expect({"xyzzy"}, "there is no command \"xyzzy\"\n  `owlbackup --help` shows what there is.");
}

TEST(WrongUsage, NoCommandAtAll) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{}, {"-q"}, {"backup"}}) {
    EXPECT_EQ(owl(arguments).exit_code, usage);
  }
}

TEST(WrongUsage, UnknownOptions) {
  const auto result = owl({"status", "--foo"});
  EXPECT_EQ(result.exit_code, usage) << result;
  EXPECT_NE(result.err.find("--foo"), std::string::npos) << result;
  EXPECT_NE(result.err.find("\n  `owlbackup status --help` shows what there is.\n"), std::string::npos) << result;
}

TEST(WrongUsage, WhatIsMissingIsNamed) {
  const auto result = owl({"restore", "cluster"});
  EXPECT_EQ(result.exit_code, usage) << result;
  EXPECT_NE(result.err.find("--to"), std::string::npos) << result;
}

TEST(WrongUsage, InRestoreCommandIsNotTheEndOfTheArchive) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"wal", "fetch", "--tikcet", "/x", "000000010000000000000001", "/tmp/x"},
           {"wal", "fetch", "000000010000000000000001"},
           {"-c", "/nonexistent.toml", "wal", "fetch", "000000010000000000000001", "/tmp/x"},
           {"wal", "fetch", "--ticket", "/nonexistent", "000000010000000000000001", "/tmp/x"}}) {
    const auto result = owl(arguments);
    EXPECT_EQ(result.exit_code, stops_recovery) << result;
    EXPECT_NE(result.err, "");
  }
}

TEST(WrongUsage, AsJson) {
  const auto result = owl({"--json", "statsu"});
  EXPECT_EQ(result.exit_code, usage) << result;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out,
            R"({"error":{"kind":"usage","message":"there is no command \"statsu\"; did you mean \"status\"?",)"
            R"("hint":"`owlbackup --help` shows what there is."}})"
            "\n");
}

}  // namespace
}  // namespace owl::test
