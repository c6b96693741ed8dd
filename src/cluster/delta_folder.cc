#include "cluster/delta_folder.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <vector>

#include "cluster/path_rules.h"
#include "cluster/restore_marker.h"
#include "os/file.h"
#include "postgres/types.h"
#include "postgres/wal_record.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;

/// Walks what is there beside what should be.
class Cleaning {
 public:
  Cleaning(const TargetPaths& paths, const RestoreTree& tree) : paths_(paths), tree_(tree) {}

  void clean_data_directory() {
    for (const auto& entry : entries_of(paths_.data_directory())) {
      if (entry.name == restore_marker_name || entry.name == "pg_wal") continue;
      settle(entry.name, entry);
    }
  }
  /// Other versions' folders lie beside ours there, and are live data of theirs.
  void clean_tablespace(const TargetPaths::Link& link) {
    const auto root = fmt::format("pg_tblspc/{}", link.oid);
    for (const auto& entry : entries_of(link.location)) {
      const auto relative = fmt::format("{}/{}", root, entry.name);
      if (tree_.find(relative) != nullptr) settle(relative, entry);
    }
  }

 private:
  static std::vector<os::FolderEntry> entries_of(const fs::path& folder) {
    return os::list_folder(folder).value_or(std::vector<os::FolderEntry>{});
  }

  /// Keeps, enters or removes one entry.
  void settle(const std::string& relative, const os::FolderEntry& entry) {
    if (settle_link(relative, entry)) return;  // what lies behind it is cleaned by itself
    const auto* wanted = tree_.find(relative);
    const bool folder = entry.type == os::FileType::folder;
    const bool fits =
        wanted != nullptr && (folder ? wanted->type == EntryType::folder
                                     : entry.type == os::FileType::regular && wanted->type != EntryType::folder);
    const auto path = paths_.resolve(relative);
    if (!fits) {
      fs::remove_all(path);
    } else if (folder) {
      for (const auto& inside : entries_of(path)) settle(relative + "/" + inside.name, inside);
    }
  }

  /// Is this where a tablespace's link belongs? One that leads elsewhere, or is no link, goes: `resolve` speaks of
  /// where it must lead from now on.
  bool settle_link(const std::string& relative, const os::FolderEntry& entry) const {
    for (const auto& link : paths_.links()) {
      const auto path = paths_.link_path(link);
      if (path != paths_.data_directory() / relative) continue;
      if (entry.type != os::FileType::symlink || os::read_symlink(path) != link.location) fs::remove_all(path);
      return true;
    }
    return false;
  }

  const TargetPaths& paths_;
  const RestoreTree& tree_;
};

/// Is WAL written in it, of the place that its name says? A file that was recycled, or made in advance, has none.
bool holds_its_wal(const fs::path& path, const postgres::WalFileName& name) {
  using Kind = postgres::WalFileKind;
  if (name.kind != Kind::segment && name.kind != Kind::partial_segment) return true;
  Bytes head(8192);
  const auto fd = os::open_if_exists(path, O_RDONLY);
  if (!fd.valid()) return false;
  head.resize(os::read_at(fd, head, 0, path.native()));
  const auto header = postgres::parse_segment_header(head);
  if (!header) return false;
  const auto segment = postgres::parse_segment_name(name.segment_text, header->segment_size);
  return segment && postgres::start_of(*segment, header->segment_size) == header->page_address;
}

std::vector<std::string> only_copies(const fs::path& folder,
                                     const std::function<bool(const std::string&)>& is_archived) {
  std::vector<std::string> names;
  for (const auto& entry : os::list_folder(folder).value_or(std::vector<os::FolderEntry>{})) {
    const auto name = postgres::parse_wal_file_name(entry.name);
    if (!name || entry.type != os::FileType::regular) continue;
    if (holds_its_wal(folder / entry.name, *name) && !is_archived(entry.name)) names.push_back(entry.name);
  }
  return names;
}

/// Another file of that name may be kept from before.
fs::path free_name(const fs::path& folder, const std::string& name) {
  auto path = folder / name;
  for (int n = 1; os::status_of(path); ++n) path = folder / fmt::format("{}~{}", name, n);
  return path;
}

}  // namespace

void disarm(const fs::path& data_directory) {
  if (os::remove_file(data_directory / control_path)) os::sync_folder((data_directory / control_path).parent_path());
}

void remove_unknown(const TargetPaths& paths, const RestoreTree& tree) {
  Cleaning cleaning(paths, tree);
  cleaning.clean_data_directory();
  for (const auto& link : paths.links()) cleaning.clean_tablespace(link);
}

fs::path wal_aside(const fs::path& data_directory) {
  return data_directory / "pg_wal/owlbackup-before-restore";
}

void empty_wal(const fs::path& data_directory, const std::function<bool(const std::string&)>& is_archived) {
  const auto folder = data_directory / "pg_wal";
  const auto aside = wal_aside(data_directory);
  for (const auto& name : only_copies(folder, is_archived)) {
    os::make_folders(aside, 0700);
    os::rename_file(folder / name, free_name(aside, name));
  }
  for (const auto& entry : os::list_folder(folder).value_or(std::vector<os::FolderEntry>{})) {
    if (folder / entry.name != aside) fs::remove_all(folder / entry.name);
  }
}

}  // namespace owl::cluster
