#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "cluster/restore_target.h"

namespace owl::app {

/// What follows `restore cluster` on the command line, as it was typed.
struct RestoreArguments {
  std::string to = {}, backup = {}, time = {}, lsn = {}, name = {}, timeline = "latest", action = "promote", owner = {},
              fingerprint = {}, expect_head = {};
  std::optional<std::uint32_t> xid = {};
  bool immediate = false, exclusive = false, dry_run = false, start = false, ticket = false, delta = false;
  std::vector<std::string> tablespaces = {}, databases = {};
  int port = 5432;
};

/// Throws Error(usage) naming the option that can't be understood. At most one of the targets is given.
cluster::RestoreTarget target_of(const RestoreArguments& arguments, Timestamp now);
/// OLD=NEW each, by old location or oid. Throws Error(usage).
std::map<std::string, std::filesystem::path> tablespace_map(const std::vector<std::string>& mappings);

}  // namespace owl::app
