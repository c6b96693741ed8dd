#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/stores.h"
#include "wal/enrolment.h"
#include "wal/wal_writer.h"

namespace owl::wal {

/// In how many of the configured stores a segment must be whole before PostgreSQL is told "archived".
struct AckPolicy {
  std::size_t needed = 1;
  /// "any", "all" or a number, of `stores` configured.
  static AckPolicy parse(std::string_view text, std::size_t stores);
};

struct PushOptions {
  AckPolicy policy;
  int zstd_level = 3;
  std::chrono::milliseconds timeout{60'000};
  std::chrono::milliseconds grace{5'000};  ///< for the slower stores, once the policy is met
};

struct PushResult {
  PushOutcome outcome = PushOutcome::stored;
  std::uint64_t plain_bytes = 0, stored_bytes = 0;
  std::vector<std::string> stores;  ///< where it is whole now
  std::vector<std::string> failed;  ///< where it is not
};

/// Archives one file that PostgreSQL hands over (archive_command's %p): reads it once, checks that it is what its name
/// says, stores it in every store, and returns only when the policy is met.
///  - The same bytes again are success; the stored object is first proven whole. Other bytes under the same name are
///    Error(conflict), naming the three real causes. A damaged stored object is reported and a copy stored beside it.
///  - The system id of the segment must be that of the data directory's pg_control.
///  - A timeline that the store does not know, and every history file, needs an enrolled data directory.
PushResult push(const std::filesystem::path& file, const std::filesystem::path& data_directory,
                repository::StoreSet& stores, const crypto::HostKeys& keys, const Enrolments& enrolments,
                const PushOptions& options, Clock& clock, Random& random, Monitor& monitor, std::stop_token stop = {});

}  // namespace owl::wal
