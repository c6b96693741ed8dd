#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace owl::test {

/// Where a data directory differs from its backup_manifest, by the rules of PostgreSQL's page "Backup Manifest Format"
/// and of pg_verifybackup: every file is there with size and CRC-32C, no other file is, the manifest's own checksum
/// fits, its version is 1 up to 16 and 2 with the system identifier from 17 on, and the WAL of its ranges stands in
/// pg_wal. Debian has pg_verifybackup 15 only, which knows version 1; on 13 to 16 a test asks both.
std::vector<std::string> manifest_faults(const std::filesystem::path& data_directory, int major);

struct PageCheck {
  std::size_t pages = 0;         ///< that were looked at
  std::vector<std::string> bad;  ///< "base/5/1249 block 3"
};
/// Every page of every relation of a cluster that was shut down, by its checksum. pg_checksums does the same, for
/// tablespaces of its own version only.
PageCheck check_pages(const std::filesystem::path& data_directory);

/// The files of temporary relations: t<backend>_<number>.
std::vector<std::string> temporary_files(const std::filesystem::path& data_directory);

}  // namespace owl::test
