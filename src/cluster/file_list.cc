#include "cluster/file_list.h"

#include <algorithm>
#include <set>
#include <utility>

#include "cluster/file_marks.h"
#include "os/file.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;

bool is_local(const fs::path& folder) {
  try {
    return !os::file_system_of(folder).is_network;
  } catch (const Error&) {
    return false;
  }
}

class Lister {
 public:
  explicit Lister(const ListOptions& options) : options_(options) {}

  std::vector<ListedFile> run() {
    is_local_ = is_local(options_.data_directory);
    walk("", options_.data_directory);
    sort_listing(files_);
    return std::move(files_);
  }

 private:
  void walk(const std::string& relative, const fs::path& source) {
    const auto entries = os::list_folder(source);
    if (!entries) return;  // dropped meanwhile: WAL says so, too
    const auto unlogged = unlogged_relations(source, *entries);
    for (const auto& entry : *entries) {
      const std::string path = relative.empty() ? entry.name : relative + "/" + entry.name;
      if (relative == "pg_tblspc") {
        add_tablespace(path, source / entry.name);
      } else {
        add(path, source / entry.name, unlogged);
      }
    }
  }

  /// Relations with an _init fork now and in the first listing: a fork that comes or goes meanwhile means that the
  /// relation is being made or dropped, and then its files are copied; recovery resets them anyway.
  static std::set<std::uint32_t> unlogged_relations(const fs::path& folder, const std::vector<os::FolderEntry>& first) {
    std::set<std::uint32_t> found;
    for (const auto& entry : first) {
      const auto name = parse_relation_file_name(entry.name);
      if (name && name->fork == "init") found.insert(name->relation);
    }
    if (found.empty()) return found;
    std::erase_if(
        found, [&](std::uint32_t relation) { return !os::status_of(folder / (std::to_string(relation) + "_init")); });
    return found;
  }

  void add(const std::string& path, const fs::path& source, const std::set<std::uint32_t>& unlogged) {
    const bool follow = path == "pg_wal" || path.find('/') == path.npos;  // pg_wal and the like may be links elsewhere
    const auto status = os::status_of(source, follow);
    if (!status) return;
    const bool is_folder = status->type == os::FileType::folder;
    if (!is_folder && status->type != os::FileType::regular) return;  // sockets and the like
    const auto rule = rule_for(path, is_folder);
    if (rule == PathRule::skip) return;
    if (rule == PathRule::relation && is_unlogged(source.filename().string(), unlogged)) return;
    push(path, source, *status, rule);
    if (rule == PathRule::folder) walk(path, source);
  }

  static bool is_unlogged(const std::string& file_name, const std::set<std::uint32_t>& unlogged) {
    const auto name = parse_relation_file_name(file_name);
    return name && name->fork != "init" && unlogged.contains(name->relation);
  }

  /// A link to the tablespace's place, or, for an in-place tablespace, a plain folder.
  void add_tablespace(const std::string& path, const fs::path& source) {
    const auto status = os::status_of(source, true);
    if (!status || status->type != os::FileType::folder) return;
    push(path, source, *status, PathRule::folder);
    const std::string version = path + "/" + options_.tablespace_version;
    const auto version_status = os::status_of(source / options_.tablespace_version);
    if (!version_status) return;
    push(version, source / options_.tablespace_version, *version_status, PathRule::folder);
    const bool outside = std::exchange(is_local_, is_local(source));
    walk(version, source / options_.tablespace_version);
    is_local_ = outside;
  }

  void push(const std::string& path, const fs::path& source, const os::FileStatus& status, PathRule rule) {
    const bool is_folder = status.type == os::FileType::folder;
    ListedFile file{path,           is_folder, rule == PathRule::relation, status.mode, is_folder ? 0 : status.size,
                    status.modified};
    if (file.is_relation) {
      file.is_ragged = file.size % options_.block_size != 0;
      file.size -= file.size % options_.block_size;  // a page that is just being added; mdnblocks ignores it, too
      const auto name = parse_relation_file_name(source.filename().string());
      file.first_block = name->segment * options_.relation_segment_blocks;
    }
    if (!is_folder && is_local_) file.mark = mark_of(path, status, options_.now);
    files_.push_back(std::move(file));
  }

  const ListOptions& options_;
  std::vector<ListedFile> files_;
  bool is_local_ = false;  ///< where the walk is: other hosts can't change it, and its times are this host's
};

}  // namespace

fs::path source_of(const ListedFile& file, const fs::path& data_directory) {
  if (file.path.starts_with(config_prefix)) return file.path.substr(config_prefix.size());
  return data_directory / file.path;
}

void sort_listing(std::vector<ListedFile>& files) {
  std::ranges::sort(files, [](const ListedFile& a, const ListedFile& b) {
    const bool a_last = a.path == control_path, b_last = b.path == control_path;
    return a_last != b_last ? b_last : a.path < b.path;
  });
}

std::vector<ListedFile> list_cluster(const ListOptions& options) {
  return Lister(options).run();
}

}  // namespace owl::cluster
