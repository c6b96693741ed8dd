#include "wal/spool.h"

#include "os/file.h"
#include "repository/object_keys.h"
#include "storage/folder_store.h"

namespace owl::wal {

Spool::Spool(const std::filesystem::path& folder, std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {
  os::make_folders(folder, 0700);
  member_ = {"spool", std::make_shared<storage::FolderStore>("spool", folder), nullptr};
  for (const auto& object : storage::list_all(*member_.store, "wal/")) {
    objects_[object.key] = object.size;
    bytes_ += object.size;
  }
}

bool Spool::take(WalWriter& writer, std::stop_token stop) {
  const auto& info = writer.file().info;
  const auto key = repository::keys::wal_object(std::to_string(info.system_id), info.file_name);
  const auto size = writer.object_bytes();
  {
    const std::lock_guard lock(mutex_);
    const bool is_new = !objects_.contains(key);
    if (is_new && bytes_ + size > limit_bytes_) return false;
    if (is_new) bytes_ += objects_[key] = size;
  }
  try {
    writer.write(member_, std::move(stop));
  } catch (...) {
    forget(key);
    throw;
  }
  return true;
}

Spool::State Spool::state() const {
  const std::lock_guard lock(mutex_);
  return {objects_.size(), bytes_, limit_bytes_};
}

std::vector<std::string> Spool::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [key, size] : objects_) out.push_back(key);
  return out;
}

void Spool::remove(const std::string& key, std::stop_token stop) {
  member_.store->remove(key, std::move(stop));
  forget(key);
}

void Spool::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  bytes_ -= found->second;
  objects_.erase(found);
}

}  // namespace owl::wal
