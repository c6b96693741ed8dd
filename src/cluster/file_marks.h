#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/binary.h"
#include "cluster/file_list.h"
#include "os/file.h"

namespace owl::cluster {

/// What tells without reading whether a small file is the one that was read before: one number out of device, inode,
/// size, mtime and ctime. 0: it can't be told. Only for files of which no change map tells and that PostgreSQL changes
/// by writing to them (other forks, PG_VERSION), and only where both times lie 2 s before `listed`: a change that comes
/// after the listing then has another time, whatever the clock's grain.
std::uint64_t mark_of(std::string_view path, const os::FileStatus& status, Timestamp listed);

/// The marks of one backup's listing, kept in the state directory for the next one. They say something only of the
/// backup, and in the boot of the host, for which they were written.
struct FileMarks {
  std::string backup;  ///< its lease, in hexadecimal
  std::string boot;    ///< /proc/sys/kernel/random/boot_id
};
Bytes serialize(const FileMarks& of, std::span<const ListedFile> files);

/// Asked for paths in ascending order. What is damaged or of another backup knows no file.
class EarlierMarks {
 public:
  EarlierMarks() = default;
  EarlierMarks(EarlierMarks&&) = default;
  EarlierMarks& operator=(EarlierMarks&&) = default;
  EarlierMarks(Bytes bytes, const FileMarks& of);

  /// Has this file the mark that it had then?
  bool same(std::string_view path, std::uint64_t mark);

 private:
  void advance();

  Bytes bytes_;
  std::optional<BinaryReader> in_;
  std::uint64_t left_ = 0;  ///< entries behind the current one
  std::string path_;        ///< of the current one; empty: none
  std::uint64_t mark_ = 0;
};

/// Where they are kept.
std::filesystem::path marks_file(const std::filesystem::path& state_directory);
/// Of this boot of this host; empty: not known.
std::string boot_id();

}  // namespace owl::cluster
