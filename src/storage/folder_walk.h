#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "storage/object_store.h"

namespace owl::storage {

/// What to visit of the tree below `root`: keys that begin with `prefix` and come after `start_after`.
struct WalkOptions {
  std::filesystem::path root;
  std::string prefix = {};
  std::string start_after = {};
};

/// Visits the objects below a folder in byte order of their whole keys, which is not the order of a plain walk: "a-b"
/// stands before "a/c", though folder "a" sorts before file "a-b". Temporary files, names that are no keys and whatever
/// is no regular file are left out; what vanishes meanwhile is skipped. `each` returns false to end.
void walk(const WalkOptions& options, const std::function<bool(const ObjectInfo&)>& each, const std::stop_token& stop);

}  // namespace owl::storage
