#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wal/archiver.h"

namespace owl::wal {

struct LookAheadOptions {
  std::filesystem::path data_directory;
  unsigned files = 16;  ///< begun before they are asked for
  std::chrono::milliseconds every{250};
};

/// Names of the files that wait to be archived (archive_status/NAME.ready), in the order in which PostgreSQL will ask
/// for them: history files first, then by name (pgarch.c). nullopt: the folder can't be read.
std::optional<std::vector<std::string>> ready_files(const std::filesystem::path& data_directory);

/// Begins archiving what waits in archive_status until it is stopped. A file that is marked `.ready` is complete,
/// durable and will not change (xlogarchive.c); once it is `.done` it may be recycled under another name, so it is
/// opened and read only while it is `.ready`, and that is looked at again afterwards.
void look_ahead(Archiver& archiver, const LookAheadOptions& options, Clock& clock, std::stop_token stop);

}  // namespace owl::wal
