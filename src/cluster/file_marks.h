#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/binary.h"
#include "cluster/listing.h"
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
void write_marks(const FileMarks& of, const Listing& files, const os::AppendBytes& append);

/// Asked for paths in ascending order. What is damaged or of another backup knows no file.
class EarlierMarks {
 public:
  EarlierMarks() = default;
  EarlierMarks(EarlierMarks&&) = default;
  EarlierMarks& operator=(EarlierMarks&&) = default;
  static EarlierMarks of_bytes(Bytes bytes, const FileMarks& of);
  /// Read as it is asked about, for a large cluster has millions. Knows no file where there is none.
  static EarlierMarks of_file(const std::filesystem::path& file, const FileMarks& of);

  /// Has this file the mark that it had then?
  bool same(std::string_view path, std::uint64_t mark);

 private:
  /// Fills what it is given from a place on; less only at the end.
  using Source = std::function<std::size_t(MutableBytes out, std::uint64_t offset)>;
  EarlierMarks(Source source, std::uint64_t size, const FileMarks& of);
  bool has_its_checksum();
  void look_ahead();
  void advance();

  Source source_;
  std::uint64_t end_ = 0, next_ = 0;  ///< in the source: of the entries, and of what is not in the window yet
  Bytes window_;
  std::optional<BinaryReader> in_;  ///< over the window
  std::uint64_t left_ = 0;          ///< entries behind the current one
  std::string path_;                ///< of the current one; empty: none
  std::uint64_t mark_ = 0;
};

/// Where they are kept.
std::filesystem::path marks_file(const std::filesystem::path& state_directory);
/// Of this boot of this host; empty: not known.
std::string boot_id();

}  // namespace owl::cluster
