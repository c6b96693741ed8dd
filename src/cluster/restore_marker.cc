#include "cluster/restore_marker.h"

#include "os/file.h"

namespace owl::cluster {

void write_marker(const std::filesystem::path& directory, const std::string& backup_key) {
  os::replace_file(directory / restore_marker_name, as_bytes(backup_key + "\n"));
}

std::optional<std::string> read_marker(const std::filesystem::path& directory) {
  const auto bytes = os::read_file_if_exists(directory / restore_marker_name, 4096);
  if (!bytes) return std::nullopt;
  std::string text(as_text(*bytes));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

void remove_marker(const std::filesystem::path& directory) {
  if (os::remove_file(directory / restore_marker_name)) os::sync_folder(directory);
}

void clear_interrupted(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename() != restore_marker_name) std::filesystem::remove_all(entry.path());
  }
}

}  // namespace owl::cluster
