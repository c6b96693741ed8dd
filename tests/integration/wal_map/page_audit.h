#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "wal/change_map.h"

namespace owl::wal {

/// What a stopped server's files say against a map: every page whose LSN lies behind `from`, and not behind `to`, was
/// changed in between, and must be covered. Names the pages that aren't.
struct PageAudit {
  std::uint64_t pages = 0, changed = 0;
  std::vector<std::string> missing;
};
PageAudit audit_pages(const std::filesystem::path& data_directory, const ChangedBlocks& changes, postgres::Lsn from,
                      postgres::Lsn to);

}  // namespace owl::wal
