#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "postgres/types.h"

namespace owl::cluster {

/// PostgreSQL's own manifest of a base backup (backup_manifest.c; versions 1 and, from 17 on, 2), so that stock
/// pg_verifybackup can judge what a restore wrote. The checksums are those of the bytes that were read when the backup
/// was made, so a wrong extent map is caught, too.
struct ManifestFile {
  std::string path;
  std::uint64_t size = 0;  ///< bytes
  Timestamp modified;
  std::uint32_t crc32c = 0;
};
struct ManifestWalRange {
  postgres::TimelineId timeline = 0;
  postgres::Lsn start, end;
};
std::string render_backup_manifest(int major, postgres::SystemId system_id, const std::vector<ManifestFile>& files,
                                   const std::vector<ManifestWalRange>& wal);

}  // namespace owl::cluster
