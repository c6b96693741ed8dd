#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace owl::test {

std::string read_text(const std::filesystem::path& path);
/// Every file below a folder with what it holds: equal maps are folders equal to the byte.
std::map<std::string, std::string> contents_of(const std::filesystem::path& folder);
/// The files below a folder whose path has `part` in it.
std::vector<std::filesystem::path> files_with(const std::filesystem::path& folder, const std::string& part);
bool is_untouched(const std::filesystem::path& target);  ///< not there, or an empty folder

}  // namespace owl::test
