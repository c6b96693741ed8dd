#include "os/tree_sync.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "os/file.h"

namespace owl::os {
namespace {

bool kernel_reports_errors() {
  utsname name{};
  int major = 0, minor = 0;
  if (uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 8);
}

bool can_trust_syncfs(const FileDescriptor& folder) {
  struct statfs info {};
  if (fstatfs(folder.get(), &info) != 0) return false;
  switch (static_cast<unsigned long>(info.f_type)) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case TMPFS_MAGIC:
      return kernel_reports_errors();
    default:
      return false;
  }
}

void sync_each(const std::filesystem::path& root) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.is_symlink() || !entry.is_regular_file()) continue;
    sync_file(open_file(entry.path(), O_RDONLY), entry.path().string());
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_symlink() && entry.is_directory()) sync_folder(entry.path());
  }
  sync_folder(root);
}

}  // namespace

void TreeSync::begin(const std::filesystem::path& folder) {
  const auto status = status_of(folder, true);
  if (!status) throw Error(ErrorKind::not_found, "the folder " + folder.string() + " is not there");
  Root root{open_file(folder, O_RDONLY | O_DIRECTORY), folder, false};
  root.by_file = method_ == Method::each_file || !can_trust_syncfs(root.folder);
  if (!root.by_file && roots_.contains(status->device)) return;
  roots_.emplace(status->device, std::move(root));
}

void TreeSync::finish() {
  for (const auto& [device, root] : roots_) {
    if (root.by_file) {
      sync_each(root.path);
    } else if (syncfs(root.folder.get()) != 0) {
      const int error = errno;
      throw Error(kind_of_errno(error), "can't make " + root.path.string() + " durable").with_errno(error);
    }
  }
  roots_.clear();
}

}  // namespace owl::os
