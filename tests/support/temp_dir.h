#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace owl::test {

/// An empty folder in $TMPDIR or /tmp, open to be entered by every user (mode 0755), gone with its contents at the end
/// unless OWL_KEEP=1. A forked copy of the process, such as a death test, doesn't remove it.
class TempDir {
 public:
  TempDir();
  /// For sockets, whose paths may be 107 letters long: `parent` is not $TMPDIR then.
  explicit TempDir(const std::filesystem::path& parent);
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
  pid_t owner_;
};

}  // namespace owl::test
