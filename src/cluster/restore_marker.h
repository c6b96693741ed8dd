#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace owl::cluster {

/// Stands in a directory while a restore writes it, so that an interrupted restore can be run again into the same
/// place, and only there. Removed at the very end, after pg_control.
inline constexpr std::string_view restore_marker_name = "owlbackup.restore-in-progress";

void write_marker(const std::filesystem::path& directory, const std::string& backup_key);
std::optional<std::string> read_marker(const std::filesystem::path& directory);
void remove_marker(const std::filesystem::path& directory);
/// Removes everything in a directory but the marker. Symbolic links are removed, not followed.
void clear_interrupted(const std::filesystem::path& directory);

}  // namespace owl::cluster
