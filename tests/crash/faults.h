#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "codec/json.h"
#include "e2e/files.h"
#include "e2e/site.h"

namespace owl::test {

inline constexpr int killed = 128 + 9;

/// The variable that makes the primary store of a run fail as src/storage/fault.h says.
inline std::map<std::string, std::string> with_fault(const std::string& specification) {
  return {{"OWLBACKUP_STORAGE__PRIMARY__FAULT", specification}};
}

/// How many store operations a command makes, by making them.
inline unsigned count_operations(Site& site, const std::vector<std::string>& command) {
  const auto folder = site.make("operations");
  const auto path = folder / "count";
  const auto result = site.owl(command, with_fault("count=" + path.string()));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return static_cast<unsigned>(std::stoul(read_text(path)));
}

/// The JSON result of a command that is its one document or its last line.
inline codec::Json json_of(const RunResult& result) {
  auto text = result.out;
  while (text.ends_with('\n')) text.pop_back();
  const auto last = text.rfind('\n');
  return value_or_throw(codec::Json::parse(last == text.npos ? text : text.substr(last + 1)));
}

inline std::size_t count_backups(Site& site) {
  const auto result = site.owl({"--json", "list"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto json = json_of(result);
  return json.as_array() == nullptr ? 0 : json.as_array()->size();
}

}  // namespace owl::test
