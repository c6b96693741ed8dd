#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "concurrency/guarded.h"

namespace owl::storage {

/// fsync of a folder; one that another's `remove` has taken away meanwhile holds nothing that must last.
void sync_if_there(const std::filesystem::path& folder);

/// Makes sure that the folders on the way to a new file are as durable as the file itself. os::make_folders syncs those
/// that it makes; but a folder that another process made a moment ago may not be synced yet, and would take our file
/// with it. Each fsync costs a flush of the disk, even where there is nothing to do, so what was synced is remembered,
/// by the folder's identity: one that was removed and made anew meanwhile is another. Thread-safe.
class DurableFolders {
 public:
  /// Syncs the entries of `folder` and of those above it, up to `root`, as far as that is not known to be done.
  void ensure(const std::filesystem::path& folder, const std::filesystem::path& root);
  std::size_t syncs() const { return syncs_; }  ///< for tests: how many were needed

 private:
  struct Identity {
    std::uint64_t device = 0, inode = 0;
    std::int64_t born_s = 0, born_ns = 0;  ///< inode numbers are used again; with the time of birth they are not
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  static std::optional<Identity> identity_of(const std::filesystem::path& folder);
  static bool is_of_age(const Identity& identity);

  Guarded<std::map<std::string, Identity>> synced_;
  std::atomic<std::size_t> syncs_{0};
};

}  // namespace owl::storage
