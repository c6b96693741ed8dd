#include "storage/durable_folders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <chrono>

#include "os/file.h"

namespace owl::storage {

void sync_if_there(const std::filesystem::path& folder) {
  try {
    os::sync_folder(folder);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
}

std::optional<DurableFolders::Identity> DurableFolders::identity_of(const std::filesystem::path& folder) {
  struct statx info {};
  if (::statx(AT_FDCWD, folder.c_str(), 0, STATX_INO | STATX_BTIME, &info) != 0) return std::nullopt;
  if ((info.stx_mask & STATX_BTIME) == 0) return std::nullopt;  // this file system can't tell: synced every time
  return Identity{gnu_dev_makedev(info.stx_dev_major, info.stx_dev_minor), info.stx_ino, info.stx_btime.tv_sec,
                  info.stx_btime.tv_nsec};
}

// The time of birth has a resolution of some milliseconds: two folders of one tick can share it, and the inode number.
// One that is born after this moment can't be taken for one that is older than a second now.
bool DurableFolders::is_of_age(const Identity& identity) {
  constexpr std::chrono::seconds enough{1};
  const auto born = std::chrono::seconds(identity.born_s) + std::chrono::nanoseconds(identity.born_ns);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return now - born > enough;
}

void DurableFolders::ensure(const std::filesystem::path& folder, const std::filesystem::path& root) {
  for (auto at = folder; at != root; at = at.parent_path()) {
    const auto identity = identity_of(at);
    if (identity) {
      auto synced = synced_.lock();
      const auto known = synced->find(at.native());
      if (known != synced->end() && known->second == *identity) continue;
    }
    sync_if_there(at.parent_path());
    ++syncs_;
    if (identity && is_of_age(*identity)) (*synced_.lock())[at.native()] = *identity;
  }
}

}  // namespace owl::storage
