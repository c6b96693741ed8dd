#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "repository/pack.h"

namespace owl::repository {

/// The directories that were used last: at most 256, and no more bytes of them than it is told. Thread-safe.
class DirectoryCache {
 public:
  using Entry = std::shared_ptr<const PackDirectory>;

  explicit DirectoryCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// nullptr: not there.
  Entry find(const PackId& id);
  void add(const PackId& id, Entry directory);

 private:
  struct Item {
    PackId id;
    Entry directory;
    std::size_t bytes;
  };
  void drop_oldest();

  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::list<Item> items_;  ///< used last first
  std::map<PackId, std::list<Item>::iterator> places_;
  std::size_t bytes_ = 0;
};

}  // namespace owl::repository
