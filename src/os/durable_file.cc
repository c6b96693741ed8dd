// The part of file.h that promises what is left after a crash: every order of calls here is part of the contract.

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "os/direct_write.h"
#include "os/file.h"
#include "os/os_error.h"
#include "os/system.h"

namespace owl::os {
namespace {

constexpr std::string_view temporary_prefix = ".owl-tmp-";

fs::path folder_of(const fs::path& path) {
  const auto folder = path.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

void sync_open_folder(const FileDescriptor& folder, const fs::path& path) {
  // EINVAL: this file system (some of FUSE and SMB) has no fsync for folders; then there is nothing more to ask for.
  if (retry_eintr([&] { return ::fsync(folder.get()); }) != 0 && errno != EINVAL) {
    throw_errno("sync the folder", path.native());
  }
}

/// A name in a folder that is held open. The folder is opened before anything is written, so that one which can't be
/// synced afterwards is refused while nothing has changed.
struct Place {
  explicit Place(const fs::path& file)
      : path(file),
        folder_path(folder_of(file)),
        folder(open_file(folder_path, O_RDONLY | O_DIRECTORY)),
        name(file.filename()) {
    if (name.empty())
      throw Error(ErrorKind::io, fmt::format("{} is the name of a folder, not of a file", path.native()));
  }
  void sync() const { sync_open_folder(folder, folder_path); }
  bool occupied() const {
    struct stat info {};
    return ::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  }

  fs::path path, folder_path;
  FileDescriptor folder;
  std::string name;
};

/// A new file under a temporary name, which the destructor removes: whatever fails leaves no trace.
class TemporaryFile {
 public:
  TemporaryFile(const Place& place, unsigned mode)
      : place_(place), name_(fmt::format("{}{}", temporary_prefix, to_hex(SystemRandom().array<8>()))) {
    const int fd = retry_eintr([&] {
      return ::openat(place.folder.get(), name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    });
    if (fd < 0) throw_errno("create", place.path.native());
    fd_ = FileDescriptor(fd);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { remove(); }

  void write(ByteView bytes) {
    const auto name = place_.path.native();
    const std::size_t direct = size_ == 0 ? write_direct(fd_, bytes, name) : 0;
    write_all(fd_, bytes.subspan(direct), name);
    size_ += bytes.size();
  }
  void sync() { sync_file(fd_, place_.path.native()); }
  const std::string& name() const { return name_; }
  void remove() {
    if (!name_.empty()) ::unlinkat(place_.folder.get(), name_.c_str(), 0);
    name_.clear();
  }
  void was_renamed() { name_.clear(); }

  /// Does the place's own name lead to this very file?
  bool stands_at_place() const {
    struct stat mine {
    }, there{};
    return ::fstat(fd_.get(), &mine) == 0 &&
           ::fstatat(place_.folder.get(), place_.name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
  }

 private:
  const Place& place_;
  std::string name_;
  FileDescriptor fd_;
  std::uint64_t size_ = 0;
};

/// Errors of link(2) that mean "not on this file system" (FAT, SMB, some of FUSE).
bool has_no_hard_links(int value) {
  return value == EPERM || value == EOPNOTSUPP || value == ENOSYS || value == EMLINK;
}

CreateOutcome publish_by_rename(TemporaryFile& file, const Place& place) {
  const int folder = place.folder.get();
  if (::renameat2(folder, file.name().c_str(), folder, place.name.c_str(), RENAME_NOREPLACE) == 0) {
    file.was_renamed();
    return CreateOutcome::created;
  }
  if (errno == EEXIST) return CreateOutcome::already_exists;
  if (errno != EINVAL && errno != ENOSYS) throw_errno("create", place.path.native());
  throw Error(ErrorKind::unsupported,
              fmt::format("cannot create {} safely: its file system has neither hard links nor a rename that refuses "
                          "to replace",
                          place.path.native()))
      .with_hint("Put the folder on a file system such as ext4, XFS, ZFS or NFS.");
}

/// Gives the finished file its name, if nobody else has it.
CreateOutcome publish(TemporaryFile& file, const Place& place) {
  const int folder = place.folder.get();
  if (::linkat(folder, file.name().c_str(), folder, place.name.c_str(), 0) == 0) return CreateOutcome::created;
  if (errno == EEXIST) {
    // NFS repeats a request whose answer was lost, and then refuses its own success.
    return file.stands_at_place() ? CreateOutcome::created : CreateOutcome::already_exists;
  }
  if (has_no_hard_links(errno)) return publish_by_rename(file, place);
  throw_errno("create", place.path.native());
}

}  // namespace

bool is_temporary_name(std::string_view name) {
  return name.starts_with(temporary_prefix);
}

void replace_file(const fs::path& path, ByteView bytes, unsigned mode) {
  replace_file_in_parts(
      path, [&](const AppendBytes& append) { append(bytes); }, mode);
}

void replace_file_in_parts(const fs::path& path, const std::function<void(const AppendBytes& append)>& fill,
                           unsigned mode) {
  const Place place(path);
  TemporaryFile file(place, mode);
  fill([&](ByteView bytes) { file.write(bytes); });
  file.sync();
  if (::renameat(place.folder.get(), file.name().c_str(), place.folder.get(), place.name.c_str()) != 0) {
    throw_errno("replace", path.native());
  }
  file.was_renamed();
  place.sync();
}

CreateOutcome create_file_once(const fs::path& path, std::span<const ByteView> pieces, unsigned mode) {
  const Place place(path);
  auto outcome = CreateOutcome::already_exists;
  if (!place.occupied()) {  // spares the writing; the decision is the kernel's, in publish
    TemporaryFile file(place, mode);
    for (const auto piece : pieces) file.write(piece);
    file.sync();
    outcome = publish(file, place);
  }
  // Also where another was first: it may not have come to this step, and our caller relies on what is there.
  place.sync();
  return outcome;
}

void make_folders(const fs::path& path, unsigned mode) {
  const auto there = status_of(path, true);
  if (there && there->type == FileType::folder) return;
  if (there) throw Error(ErrorKind::already_exists, fmt::format("{} is there and not a folder", path.native()));
  const auto parent = folder_of(path);
  if (parent != path) make_folders(parent, mode);
  // EEXIST: somebody else was faster, or the path ends in a slash.
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) throw_errno("create the folder", path.native());
  sync_folder(parent);
}

void sync_folder(const fs::path& path) {
  sync_open_folder(open_file(path, O_RDONLY | O_DIRECTORY), path);
}

void rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw_errno("rename", fmt::format("{} to {}", from.native(), to.native()));
  }
  sync_folder(folder_of(to));
  if (folder_of(from) != folder_of(to)) sync_folder(folder_of(from));
}

}  // namespace owl::os
