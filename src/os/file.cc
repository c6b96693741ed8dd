#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "os/os_error.h"

namespace owl::os {
namespace {

FileType type_of_mode(mode_t mode) {
  if (S_ISREG(mode)) return FileType::regular;
  if (S_ISDIR(mode)) return FileType::folder;
  if (S_ISLNK(mode)) return FileType::symlink;
  return FileType::other;
}

Timestamp to_timestamp(const timespec& t) {
  return {std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000};
}

Error too_large(const fs::path& path, std::uint64_t limit) {
  return Error(ErrorKind::io,
               fmt::format("{} is larger than {} bytes, the most that is read at once", path.native(), limit));
}

/// Reads to the end in growing steps: the size that fstat tells is a hint only (0 in /proc, stale in a growing file).
Bytes read_to_end(const FileDescriptor& fd, const fs::path& path, std::uint64_t limit) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw_errno("stat", path.native());
  const auto told = static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
  if (S_ISREG(info.st_mode) && told > limit) throw too_large(path, limit);
  Bytes bytes;
  std::size_t step = static_cast<std::size_t>(std::min(told, limit)) + 1;  // one more than told: sees the end at once
  while (true) {
    const std::size_t before = bytes.size();
    bytes.resize(before + step);
    bytes.resize(before + read_some(fd, MutableBytes(bytes).subspan(before), path.native()));
    if (bytes.size() > limit) throw too_large(path, limit);
    if (bytes.size() < before + step) return bytes;
    step = std::max<std::size_t>(bytes.size(), 4096);
  }
}

}  // namespace

Bytes read_file(const fs::path& path, std::uint64_t limit) {
  return read_to_end(open_file(path, O_RDONLY), path, limit);
}

std::optional<Bytes> read_file_if_exists(const fs::path& path, std::uint64_t limit) {
  const auto fd = open_if_exists(path, O_RDONLY);
  if (!fd.valid()) return std::nullopt;
  return read_to_end(fd, path, limit);
}

bool remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (!means_absent(errno)) throw_errno("remove", path.native());
  return false;
}

std::optional<FileStatus> status_of(const fs::path& path, bool follow_symlink) {
  struct stat info {};
  if (::fstatat(AT_FDCWD, path.c_str(), &info, follow_symlink ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
    if (means_absent(errno)) return std::nullopt;
    throw_errno("stat", path.native());
  }
  return FileStatus{.type = type_of_mode(info.st_mode),
                    .size = static_cast<std::uint64_t>(info.st_size),
                    .mode = info.st_mode & 07777U,
                    .uid = info.st_uid,
                    .gid = info.st_gid,
                    .device = info.st_dev,
                    .inode = info.st_ino,
                    .modified = to_timestamp(info.st_mtim),
                    .changed = to_timestamp(info.st_ctim)};
}

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderStream = std::unique_ptr<DIR, CloseFolder>;

/// nullopt: the entry vanished between readdir and now.
std::optional<FileType> type_of_entry(DIR* folder, const dirent& entry, const fs::path& path) {
  switch (entry.d_type) {
    case DT_REG:
      return FileType::regular;
    case DT_DIR:
      return FileType::folder;
    case DT_LNK:
      return FileType::symlink;
    case DT_UNKNOWN:
      break;  // this file system keeps no types in its folders
    default:
      return FileType::other;
  }
  struct stat info {};
  if (::fstatat(::dirfd(folder), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) return type_of_mode(info.st_mode);
  if (errno == ENOENT) return std::nullopt;
  throw_errno("stat", (path / entry.d_name).native());
}

}  // namespace

namespace {

/// Calls `visit` with each entry but . and .. and the stream; false: the folder is not there.
template <typename Visit>
bool for_each_entry(const fs::path& path, Visit visit) {
  const FolderStream folder(::opendir(path.c_str()));
  if (!folder) {
    if (errno == ENOENT) return false;
    throw_errno("list", path.native());
  }
  while (true) {
    errno = 0;  // the only way to tell readdir's end from its failure
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") visit(folder.get(), *entry);
  }
  if (errno != 0) throw_errno("list", path.native());
  return true;
}

}  // namespace

std::optional<std::vector<FolderEntry>> list_folder(const fs::path& path) {
  std::vector<FolderEntry> entries;
  const bool is_there = for_each_entry(path, [&](DIR* folder, const dirent& entry) {
    if (const auto type = type_of_entry(folder, entry, path)) entries.push_back({entry.d_name, *type});
  });
  if (!is_there) return std::nullopt;
  std::ranges::sort(entries, {}, &FolderEntry::name);
  return entries;
}

std::optional<FolderNames> FolderNames::of(const fs::path& folder) {
  FolderNames out;
  const bool is_there = for_each_entry(folder, [&](DIR*, const dirent& entry) {
    const std::string_view name = entry.d_name;
    if (out.text_.size() > UINT32_MAX - name.size()) {
      throw Error(ErrorKind::unsupported, fmt::format("{} has more entries than can be listed", folder.native()));
    }
    out.names_.push_back({static_cast<std::uint32_t>(out.text_.size()), static_cast<std::uint32_t>(name.size())});
    out.text_ += name;
  });
  if (!is_there) return std::nullopt;
  std::ranges::sort(out.names_, {}, [&](Name name) { return out.view(name); });
  // A folder that changes while it is read may name an entry twice (readdir(3)).
  const auto same = [&](Name a, Name b) { return out.view(a) == out.view(b); };
  out.names_.erase(std::unique(out.names_.begin(), out.names_.end(), same), out.names_.end());
  return out;
}

/// O_TMPFILE, or a file that is unlinked at once where the file system has no such thing.
NamelessFile make_nameless_file(const fs::path& folder, std::string_view what) {
  std::string name = fmt::format("{}, a file without a name in {}", what, folder.native());
  make_folders(folder, 0700);
  FileDescriptor fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd.valid()) return {std::move(fd), std::move(name)};
  std::string path = folder / "nameless.XXXXXX";
  fd = FileDescriptor(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.valid()) throw_errno("make", name);
  ::unlink(path.c_str());
  return {std::move(fd), std::move(name)};
}

std::string read_symlink(const fs::path& path) {
  std::string target(256, '\0');
  while (true) {
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    if (size < 0) throw_errno("read the link", path.native());
    if (static_cast<std::size_t>(size) < target.size()) {
      target.resize(static_cast<std::size_t>(size));
      return target;
    }
    target.resize(target.size() * 2);  // a full buffer may be a cut-off target
  }
}

namespace {

/// File systems whose other clients may see a change late. Numbers without a name in linux/magic.h have it beside them.
bool is_network_magic(std::uint32_t magic) {
  static constexpr std::array<std::uint32_t, 16> network{
      NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, SMB2_SUPER_MAGIC, CIFS_SUPER_MAGIC, CEPH_SUPER_MAGIC, FUSE_SUPER_MAGIC,
      V9FS_MAGIC,      AFS_SUPER_MAGIC, AFS_FS_MAGIC,     CODA_SUPER_MAGIC, NCP_SUPER_MAGIC,  OCFS2_SUPER_MAGIC,
      0x01161970,  // GFS2
      0x0bd00bd0,  // Lustre
      0x47504653,  // GPFS
      0x19830326,  // BeeGFS
  };
  return std::ranges::find(network, magic) != network.end();
}

}  // namespace

FileSystemInfo file_system_of(const fs::path& path) {
  struct statfs info {};
  if (retry_eintr([&] { return ::statfs(path.c_str(), &info); }) != 0)
    throw_errno("stat the file system of", path.native());
  const auto block = static_cast<std::uint64_t>(info.f_frsize != 0 ? info.f_frsize : info.f_bsize);
  return {.free_bytes = info.f_bavail * block,
          .total_bytes = info.f_blocks * block,
          .is_network = is_network_magic(static_cast<std::uint32_t>(info.f_type))};
}

std::optional<FileLock> FileLock::try_acquire(const fs::path& path) {
  // The file is never removed: whoever removed it could take a new file's lock beside somebody who holds the old one's.
  auto fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (retry_eintr([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) == 0) return FileLock(std::move(fd));
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw_errno("lock", path.native());
}

}  // namespace owl::os
