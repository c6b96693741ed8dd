#include "cluster/check_space.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <map>

#include "base/units.h"
#include "cluster/restore_marker.h"
#include "os/file.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;

/// Bytes on disk of what a restore left behind in a folder that it had marked as its own, or will write over.
std::uint64_t reclaimable(const fs::path& folder, RestoreWriter::Onto onto) {
  const bool ours = read_marker(folder) || (onto == RestoreWriter::Onto::existing && fs::is_directory(folder));
  if (!ours) return 0;
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return bytes;
}

struct Need {
  fs::path place;  ///< one folder on that file system, for messages
  std::uint64_t needed = 0, reclaimed = 0;
};

class Needs {
 public:
  void add_folder(const fs::path& folder, RestoreWriter::Onto onto) {
    auto& need = at(folder);
    need.reclaimed += reclaimable(folder, onto);
  }
  void add(const fs::path& folder, std::uint64_t bytes) { at(folder).needed += bytes; }

  void check() const {
    for (const auto& [device, need] : by_device_) {
      const auto free = os::file_system_of(need.place).free_bytes + need.reclaimed;
      if (free >= need.needed) continue;
      throw Error(ErrorKind::disk_full, fmt::format("{} has {} free, the restore needs {}", need.place.string(),
                                                    format_bytes(free), format_bytes(need.needed)))
          .with_hint("Free space or restore elsewhere. Nothing was changed.");
    }
  }

 private:
  Need& at(const fs::path& folder) {
    const auto place = nearest_existing(folder);
    auto& need = by_device_[os::status_of(place, true)->device];
    if (need.place.empty()) need.place = place;
    return need;
  }

  std::map<std::uint64_t, Need> by_device_;
};

}  // namespace

fs::path nearest_existing(fs::path path) {
  while (!path.empty() && !os::status_of(path, true) && path != path.parent_path()) path = path.parent_path();
  return path.empty() ? fs::path(".") : path;
}

void check_space(const TargetPaths& paths, const RestoreTree& tree, const RestoreScope& scope, std::uint64_t wal_bytes,
                 RestoreWriter::Onto onto) {
  // A folder for each prefix of paths: the tablespaces', and all else.
  std::map<fs::path, std::uint64_t> bytes{{paths.data_directory(), wal_bytes}};
  for (const auto& link : paths.links()) bytes.emplace(link.location, 0);
  for (const auto& file : tree.files) {
    const bool has_bytes = file.type != EntryType::folder && !written_apart(file.path) && scope.wants(file.path);
    if (has_bytes) bytes[paths.root_of(file.path)] += file.size;
  }
  Needs needs;
  for (const auto& [folder, size] : bytes) {
    needs.add_folder(folder, onto);
    needs.add(folder, size);
  }
  needs.check();
}

}  // namespace owl::cluster
