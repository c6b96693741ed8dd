#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "os/file_descriptor.h"

namespace owl::os {

namespace fs = std::filesystem;

/// Reads a whole small file. Refuses (Error io) one larger than `limit` bytes.
Bytes read_file(const fs::path& path, std::uint64_t limit = 64u << 20);
std::optional<Bytes> read_file_if_exists(const fs::path& path, std::uint64_t limit = 64u << 20);

/// Replaces `path` durably: temporary file in the same folder, fsync, rename, fsync of the folder. A crash leaves the
/// old file or the new one, never a mixture. `mode` is cut by the umask, as open(2) does. A failure leaves no trace.
void replace_file(const fs::path& path, ByteView bytes, unsigned mode = 0600);
/// As above, for more than should be in memory: `fill` is called once, and what it appends becomes the file.
using AppendBytes = std::function<void(ByteView)>;
void replace_file_in_parts(const fs::path& path, const std::function<void(const AppendBytes& append)>& fill,
                           unsigned mode = 0600);

enum class CreateOutcome { created, already_exists };
/// Creates `path` durably and atomically, or says that it is there already: temporary file in the same folder, fsync,
/// link(2), unlink, fsync of the folder; without hard links renameat2(RENAME_NOREPLACE). After a crash the file is
/// absent or whole. `pieces` are written one after the other. `already_exists` is durable, too: the folder is synced
/// even where another process was first. A failure leaves no trace. Throws unsupported where the file system offers
/// neither way.
CreateOutcome create_file_once(const fs::path& path, std::span<const ByteView> pieces, unsigned mode = 0644);

/// Is this the name of a file that replace_file or create_file_once were still writing? A crash can leave one behind.
bool is_temporary_name(std::string_view name);

/// mkdir -p, with fsync of each folder that got a new entry.
void make_folders(const fs::path& path, unsigned mode = 0755);
void sync_folder(const fs::path& path);
bool remove_file(const fs::path& path);  ///< false: was not there; not synced: a crash may bring it back
void rename_file(const fs::path& from, const fs::path& to);  ///< replaces `to`; durable, both folders are synced

enum class FileType : std::uint8_t { regular, folder, symlink, other };
struct FileStatus {
  FileType type;
  std::uint64_t size;  ///< bytes
  std::uint32_t mode;  ///< permission bits, 07777
  std::uint32_t uid, gid;
  std::uint64_t device, inode;
  Timestamp modified, changed;  ///< mtime, ctime
};
/// lstat(2) or stat(2); nullopt: not there.
std::optional<FileStatus> status_of(const fs::path& path, bool follow_symlink = false);

struct FolderEntry {
  std::string name;
  FileType type;
};
/// Names in one folder without . and .., sorted. nullopt: the folder is not there.
std::optional<std::vector<FolderEntry>> list_folder(const fs::path& path);

/// The names in a folder alone, sorted as bytes, each once: eight bytes and its text for each, for there may be a
/// million. Once made, many threads may read it.
class FolderNames {
 public:
  std::size_t size() const { return names_.size(); }
  bool empty() const { return names_.empty(); }
  std::string_view operator[](std::size_t i) const { return view(names_[i]); }

  /// nullopt: the folder is not there.
  static std::optional<FolderNames> of(const fs::path& folder);

 private:
  struct Name {
    std::uint32_t begin, size;
  };
  std::string_view view(Name name) const { return {text_.data() + name.begin, name.size}; }

  std::string text_;
  std::vector<Name> names_;
};

/// A file that is gone with its descriptor, whatever happens to the process: room for what is too large for memory.
/// Makes the folder if it isn't there. `what` is for messages: "the list of files".
struct NamelessFile {
  FileDescriptor file;
  std::string name;  ///< for messages
};
NamelessFile make_nameless_file(const fs::path& folder, std::string_view what);

std::string read_symlink(const fs::path& path);

/// What lies under a path: for the choice of sync method and of the visibility bound.
struct FileSystemInfo {
  std::uint64_t free_bytes, total_bytes;
  bool is_network;  ///< NFS, SMB, Ceph, FUSE …: other hosts may see changes late
};
FileSystemInfo file_system_of(const fs::path& path);

/// An advisory lock (flock) on a file that is created if need be; released by the destructor or the process's end.
class FileLock {
 public:
  /// nullopt: somebody else holds it. The file stays when the lock is released.
  static std::optional<FileLock> try_acquire(const fs::path& path);

 private:
  explicit FileLock(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

}  // namespace owl::os
