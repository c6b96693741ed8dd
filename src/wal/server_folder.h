#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "postgres/types.h"

namespace owl::wal {

/// Names in a folder; none where it is out of this account's sight.
std::vector<std::string> files_in(const std::filesystem::path& folder);

/// Has PostgreSQL marked this file in archive_status? `ending`: ".ready" or ".done".
bool is_marked(const std::filesystem::path& data_directory, const std::string& name, std::string_view ending);

/// What a data directory tells of its server. One that is out of sight is in no production.
struct ServerState {
  bool in_production = false;
  /// That of the newest history file in pg_wal, which the server wrote itself, or fetched before it chose a later one;
  /// without any, that of pg_control, which lags behind for a while after a promotion.
  postgres::TimelineId timeline = 0;

  friend bool operator==(const ServerState&, const ServerState&) = default;
};
ServerState server_state(const std::filesystem::path& data_directory, Clock& clock);

}  // namespace owl::wal
