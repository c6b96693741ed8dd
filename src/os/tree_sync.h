#pragma once

#include <filesystem>
#include <map>

#include "os/file_descriptor.h"

namespace owl::os {

/// Makes large trees of new files durable: one syncfs(2) for each file system instead of an fsync for each file.
///
/// syncfs reports write-back errors since Linux 5.8, and only those that happen after the descriptor was opened: so
/// `begin` is called for a folder before the first write beneath it. On older kernels and on file systems whose syncfs
/// can't be trusted (network, FUSE, overlay) every file and folder is fsynced instead. One thread.
class TreeSync {
 public:
  enum class Method { best, each_file };  ///< each_file: as where syncfs can't be trusted
  explicit TreeSync(Method method = Method::best) : method_(method) {}

  void begin(const std::filesystem::path& folder);
  /// Throws Error(io) when anything written beneath a begun folder may not be on disk.
  void finish();

 private:
  struct Root {
    FileDescriptor folder;
    std::filesystem::path path;
    bool by_file = false;
  };
  const Method method_;
  std::multimap<std::uint64_t, Root> roots_;  ///< by st_dev; by-file roots are all walked, others synced once
};

}  // namespace owl::os
