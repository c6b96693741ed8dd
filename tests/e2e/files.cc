#include "e2e/files.h"

#include <fstream>
#include <sstream>

namespace owl::test {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::map<std::string, std::string> contents_of(const fs::path& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) contents[fs::relative(entry.path(), folder)] = read_text(entry.path());
  }
  return contents;
}

std::vector<fs::path> files_with(const fs::path& folder, const std::string& part) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().string().find(part) != std::string::npos) found.push_back(entry.path());
  }
  return found;
}

bool is_untouched(const fs::path& target) {
  return !fs::exists(target) || fs::is_empty(target);
}

}  // namespace owl::test
