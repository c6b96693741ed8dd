#include "wal/server_folder.h"

#include <algorithm>

#include "os/file.h"
#include "postgres/control_file.h"

namespace owl::wal {

std::vector<std::string> files_in(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  try {
    const auto entries = os::list_folder(folder);
    if (!entries) return out;
    for (const auto& entry : *entries) out.push_back(entry.name);
  } catch (const Error&) {
    // Out of sight.
  }
  return out;
}

bool is_marked(const std::filesystem::path& data_directory, const std::string& name, std::string_view ending) {
  try {
    return os::status_of(data_directory / "pg_wal" / "archive_status" / (name + std::string(ending))).has_value();
  } catch (const Error&) {
    return false;
  }
}

ServerState server_state(const std::filesystem::path& data_directory, Clock& clock) {
  ServerState out;
  try {
    const auto control = postgres::read_control_file(data_directory, clock).parsed;
    out = {control.state == postgres::ClusterState::in_production, control.timeline};
  } catch (const Error&) {
    return out;
  }
  for (const auto& name : files_in(data_directory / "pg_wal")) {
    const auto parsed = postgres::parse_wal_file_name(name);
    if (parsed && parsed->kind == postgres::WalFileKind::history)
      out.timeline = std::max(out.timeline, parsed->timeline);
  }
  return out;
}

}  // namespace owl::wal
