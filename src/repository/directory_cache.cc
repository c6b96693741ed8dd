#include "repository/directory_cache.h"

namespace owl::repository {
namespace {

constexpr std::size_t most_items = 256;

std::size_t bytes_of(const PackDirectory& directory) {
  std::size_t bytes = directory.entries.size() * sizeof(PackEntry);
  for (const auto& entry : directory.entries) bytes += entry.checks.size() * sizeof(PageCheck);
  return bytes;
}

}  // namespace

DirectoryCache::Entry DirectoryCache::find(const PackId& id) {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(id);
  if (place == places_.end()) return nullptr;
  items_.splice(items_.begin(), items_, place->second);
  return place->second->directory;
}

void DirectoryCache::add(const PackId& id, Entry directory) {
  const std::lock_guard lock(mutex_);
  if (places_.contains(id)) return;  // another thread was as fast
  const auto bytes = bytes_of(*directory);
  items_.push_front({id, std::move(directory), bytes});
  places_[id] = items_.begin();
  bytes_ += bytes;
  while (items_.size() > 1 && (items_.size() > most_items || bytes_ > most_bytes_)) drop_oldest();
}

void DirectoryCache::drop_oldest() {
  bytes_ -= items_.back().bytes;
  places_.erase(items_.back().id);
  items_.pop_back();
}

}  // namespace owl::repository
