#include "cluster/cluster_walk.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
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

class Walk {
 public:
  explicit Walk(ListOptions options) : options_(std::move(options)), files_(options_.room) {
    auto& configs = options_.config_files;
    std::ranges::sort(configs, std::ranges::greater(), &ListedFile::path);
    const auto same = [](const ListedFile& a, const ListedFile& b) { return a.path == b.path; };
    configs.erase(std::unique(configs.begin(), configs.end(), same), configs.end());
  }

  Listing run() {
    is_local_ = is_local(options_.data_directory);
    walk("", options_.data_directory);
    add_config_files_before(nullptr);
    if (control_) files_.add(*control_);
    return std::move(files_);
  }

 private:
  /// What is in a folder comes in the order of its path, which is that of the folder's name and a slash: behind a file
  /// whose name goes on with a lesser character.
  class Later {
   public:
    void add(std::string_view name, std::function<void()> walk) { walks_[std::string(name) + "/"] = std::move(walk); }
    void run_before(std::string_view name) {
      while (!walks_.empty() && walks_.begin()->first < name) run_first();
    }
    void run_all() {
      while (!walks_.empty()) run_first();
    }

   private:
    void run_first() {
      const auto walk = std::move(walks_.extract(walks_.begin()).mapped());
      walk();
    }

    std::map<std::string, std::function<void()>, std::less<>> walks_;
  };

  void walk(const std::string& relative, const fs::path& source) {
    const auto names = os::FolderNames::of(source);
    if (!names) return;  // dropped meanwhile: WAL says so, too
    const auto unlogged = unlogged_relations(source, *names);
    Later later;
    for (std::size_t i = 0; i < names->size(); ++i) {
      const std::string name((*names)[i]);
      later.run_before(name);
      const std::string path = relative.empty() ? name : relative + "/" + name;
      if (relative == "pg_tblspc") {
        add_tablespace(path, source / name, later);
      } else {
        add(path, source / name, unlogged, later);
      }
    }
    later.run_all();
  }

  /// Relations with an _init fork now and in the first listing: a fork that comes or goes meanwhile means that the
  /// relation is being made or dropped, and then its files are copied; recovery resets them anyway.
  static std::set<std::uint32_t> unlogged_relations(const fs::path& folder, const os::FolderNames& first) {
    std::set<std::uint32_t> found;
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (!first[i].ends_with("_init")) continue;
      const auto name = parse_relation_file_name(first[i]);
      if (name && name->fork == "init") found.insert(name->relation);
    }
    if (found.empty()) return found;
    std::erase_if(
        found, [&](std::uint32_t relation) { return !os::status_of(folder / (std::to_string(relation) + "_init")); });
    return found;
  }

  void add(const std::string& path, const fs::path& source, const std::set<std::uint32_t>& unlogged, Later& later) {
    const bool follow = path == "pg_wal" || path.find('/') == path.npos;  // pg_wal and the like may be links elsewhere
    const auto status = os::status_of(source, follow);
    if (!status) return;
    const bool is_folder = status->type == os::FileType::folder;
    if (!is_folder && status->type != os::FileType::regular) return;  // sockets and the like
    const auto rule = rule_for(path, is_folder);
    if (rule == PathRule::skip) return;
    if (rule == PathRule::relation && is_unlogged(source.filename().string(), unlogged)) return;
    enter(path, source, *status, rule);
    if (rule == PathRule::folder) later.add(source.filename().string(), [this, path, source] { walk(path, source); });
  }

  static bool is_unlogged(const std::string& file_name, const std::set<std::uint32_t>& unlogged) {
    const auto name = parse_relation_file_name(file_name);
    return name && name->fork != "init" && unlogged.contains(name->relation);
  }

  /// A link to the tablespace's place, or, for an in-place tablespace, a plain folder.
  void add_tablespace(const std::string& path, const fs::path& source, Later& later) {
    const auto status = os::status_of(source, true);
    if (!status || status->type != os::FileType::folder) return;
    enter(path, source, *status, PathRule::folder);
    later.add(source.filename().string(), [this, path, source] { walk_tablespace(path, source); });
  }

  void walk_tablespace(const std::string& path, const fs::path& source) {
    const std::string version = path + "/" + options_.tablespace_version;
    const auto version_status = os::status_of(source / options_.tablespace_version);
    if (!version_status) return;
    enter(version, source / options_.tablespace_version, *version_status, PathRule::folder);
    const bool outside = std::exchange(is_local_, is_local(source));
    walk(version, source / options_.tablespace_version);
    is_local_ = outside;
  }

  void enter(const std::string& path, const fs::path& source, const os::FileStatus& status, PathRule rule) {
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
    if (path == control_path) {
      control_ = std::move(file);
      return;
    }
    if (!add_config_files_before(&file.path)) files_.add(file);
  }

  /// True: one stands at that very path (a restored cluster has those of its origin, and may have its own by now).
  bool add_config_files_before(const std::string* path) {
    auto& configs = options_.config_files;
    bool is_same = false;
    for (; !configs.empty() && (path == nullptr || configs.back().path <= *path); configs.pop_back()) {
      is_same = path != nullptr && configs.back().path == *path;
      files_.add(configs.back());
    }
    return is_same;
  }

  ListOptions options_;
  Listing files_;
  std::optional<ListedFile> control_;
  bool is_local_ = false;  ///< where the walk is: other hosts can't change it, and its times are this host's
};

}  // namespace

Listing list_cluster(ListOptions options) {
  return Walk(std::move(options)).run();
}

}  // namespace owl::cluster
