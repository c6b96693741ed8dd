#pragma once

#include <chrono>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace owl::test {

struct RunOptions {
  std::map<std::string, std::string> env = {};  ///< beside the test's own environment
  std::filesystem::path cwd = {};
  std::string input = {};                                        ///< on its stdin
  std::optional<std::string> user = {};                          ///< heeded where we are root
  std::chrono::milliseconds deadline = std::chrono::minutes(5);  ///< long, for machines that are busy with others
};

struct RunResult {
  int exit_code = 0;  ///< 128 + signal when a signal ended it
  std::string out, err;
};
/// What a failed expectation shows of it.
std::ostream& operator<<(std::ostream& stream, const RunResult& result);

/// Runs a program to its end. Throws Error on one that can't be started or is over its deadline, when it is killed.
RunResult run(std::vector<std::string> argv, RunOptions options = {});
/// As run, for a program that must succeed: throws Error with its stderr where it doesn't. Returns its stdout.
std::string run_ok(std::vector<std::string> argv, RunOptions options = {});

}  // namespace owl::test
