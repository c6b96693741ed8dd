#include "storage/folder_walk.h"

#include <algorithm>

#include "concurrency/task_group.h"
#include "os/file.h"

namespace owl::storage {
namespace {

/// A name as it takes part in the order of whole keys: what follows a folder's name in a key is a slash.
std::string in_key(const os::FolderEntry& entry) {
  return entry.type == os::FileType::folder ? entry.name + '/' : entry.name;
}

bool can_hold_keys(const os::FolderEntry& entry) {
  const bool right_type = entry.type == os::FileType::folder || entry.type == os::FileType::regular;
  return right_type && is_key(entry.name) && !os::is_temporary_name(entry.name);
}

class Walk {
 public:
  Walk(const WalkOptions& options, const std::function<bool(const ObjectInfo&)>& each, const std::stop_token& stop)
      : options_(options), each_(each), stop_(stop) {}

  /// `folder` is empty or ends in a slash. False: `each` has seen enough.
  bool visit_folder(const std::string& folder) {
    for (const auto& name : names_in(folder)) {
      throw_if_stopped(stop_);
      const auto path = folder + name;
      if (name.back() == '/') {
        if (may_hold_wanted(path) && !visit_folder(path)) return false;
      } else if (is_wanted(path) && !visit_object(path)) {
        return false;
      }
    }
    return true;
  }

 private:
  std::vector<std::string> names_in(const std::string& folder) const {
    std::vector<std::string> names;
    const auto path = options_.root / folder;
    const auto status = os::status_of(path, true);
    if (!status || status->type != os::FileType::folder) return names;
    for (const auto& entry : os::list_folder(path).value_or(std::vector<os::FolderEntry>{})) {
      if (can_hold_keys(entry)) names.push_back(in_key(entry));
    }
    std::ranges::sort(names);
    return names;
  }
  bool is_wanted(const std::string& key) const {
    return key.starts_with(options_.prefix) && key > options_.start_after;
  }
  bool may_hold_wanted(const std::string& folder) const {
    const bool on_the_way = folder.starts_with(options_.prefix) || options_.prefix.starts_with(folder);
    const bool all_before = folder < options_.start_after && !options_.start_after.starts_with(folder);
    return on_the_way && !all_before;
  }
  bool visit_object(const std::string& key) const {
    const auto status = os::status_of(options_.root / key);
    if (!status || status->type != os::FileType::regular) return true;
    return each_({key, status->size, status->modified});
  }

  const WalkOptions& options_;
  const std::function<bool(const ObjectInfo&)>& each_;
  const std::stop_token& stop_;
};

/// The deepest folder that every key with that prefix lies in.
std::string folder_of(const std::string& prefix) {
  return prefix.substr(0, prefix.rfind('/') + 1);
}

}  // namespace

void walk(const WalkOptions& options, const std::function<bool(const ObjectInfo&)>& each, const std::stop_token& stop) {
  const auto start = folder_of(options.prefix);
  if (!start.empty() && !is_key(std::string_view(start).substr(0, start.size() - 1))) return;  // no key begins so
  Walk(options, each, stop).visit_folder(start);
}

}  // namespace owl::storage
