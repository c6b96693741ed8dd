#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "e2e/site.h"

namespace owl::test {

/// Stands between a site's PostgreSQL and owl-wal, and remembers by itself what was to be archived and what PostgreSQL
/// was told is: a copy of each file is made before owl-wal is asked, a mark after it said yes.
class ArchiveWitness {
 public:
  /// Becomes the server's archive_command.
  explicit ArchiveWitness(Site& site);

  /// Files that PostgreSQL was told are archived since then, by our marks and by its own (.done).
  std::set<std::string> acknowledged() const;
  /// Files that were offered again with other bytes, which PostgreSQL never does.
  std::vector<std::string> changed() const;
  std::filesystem::path copy_of(const std::string& name) const { return folder_ / "copies" / name; }

 private:
  Site& site_;
  std::filesystem::path folder_;
};

}  // namespace owl::test
