#include "storage/memory_store.h"

#include <fmt/core.h>

#include <algorithm>

#include "codec/hash.h"
#include "concurrency/task_group.h"
#include "storage/attempt.h"
#include "storage/byte_range.h"

namespace owl::storage {

PutOutcome MemoryStore::put_once(const std::string& key, std::span<const ByteView> pieces,
                                 const std::optional<ByteArray<32>>& sha256, std::stop_token stop) {
  check_key(key);
  throw_if_stopped(stop);
  Bytes whole;
  for (const auto piece : pieces) append(whole, piece);
  if (sha256 && codec::sha256(whole) != *sha256) {
    throw Error(ErrorKind::integrity, fmt::format("{}: the bytes are not those of the SHA-256 that was announced",
                                                  attempt("store", key, description())));
  }
  const bool added = objects_.lock()->try_emplace(key, Object{std::move(whole), clock_.now()}).second;
  return added ? PutOutcome::stored : PutOutcome::already_exists;
}

std::optional<Bytes> MemoryStore::get(const std::string& key, std::stop_token stop) {
  check_key(key);
  throw_if_stopped(stop);
  auto objects = objects_.lock();
  const auto found = objects->find(key);
  if (found == objects->end()) return std::nullopt;
  return found->second.bytes;
}

std::optional<Bytes> MemoryStore::get_range(const std::string& key, ByteRange range, std::stop_token stop) {
  const auto whole = get(key, std::move(stop));
  if (!whole) return std::nullopt;
  const auto [begin, end] = within(range, whole->size());
  return to_bytes(ByteView(*whole).subspan(begin, end - begin));
}

std::optional<ObjectInfo> MemoryStore::stat(const std::string& key, std::stop_token stop) {
  check_key(key);
  throw_if_stopped(stop);
  auto objects = objects_.lock();
  const auto found = objects->find(key);
  if (found == objects->end()) return std::nullopt;
  return ObjectInfo{key, found->second.bytes.size(), found->second.modified};
}

std::vector<ObjectInfo> MemoryStore::matching(const std::string& prefix, const std::string& start_after) {
  std::vector<ObjectInfo> infos;
  auto objects = objects_.lock();
  auto next = start_after < prefix ? objects->lower_bound(prefix) : objects->upper_bound(start_after);
  for (; next != objects->end() && next->first.starts_with(prefix); ++next) {
    infos.push_back({next->first, next->second.bytes.size(), next->second.modified});
  }
  return infos;
}

void MemoryStore::list(const std::string& prefix, const std::string& start_after,
                       const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) {
  throw_if_stopped(stop);
  for (const auto& info : matching(prefix, start_after)) {  // a copy: `each` may call back into the store
    throw_if_stopped(stop);
    if (!each(info)) return;
  }
}

std::vector<std::string> MemoryStore::list_folders(const std::string& prefix, std::stop_token stop) {
  throw_if_stopped(stop);
  std::vector<std::string> folders;
  for (const auto& info : matching(prefix, {})) {
    const auto slash = info.key.find('/', prefix.size());
    if (slash == std::string::npos) continue;
    auto folder = info.key.substr(prefix.size(), slash - prefix.size());
    if (folders.empty() || folders.back() != folder) folders.push_back(std::move(folder));
  }
  std::ranges::sort(folders);
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  return folders;
}

void MemoryStore::remove(const std::string& key, std::stop_token stop) {
  check_key(key);
  throw_if_stopped(stop);
  objects_.lock()->erase(key);
}

std::optional<Timestamp> MemoryStore::server_time(std::stop_token stop) {
  throw_if_stopped(stop);
  return clock_.now();
}

void MemoryStore::overwrite(const std::string& key, Bytes bytes) {
  (*objects_.lock())[key] = {std::move(bytes), clock_.now()};
}

}  // namespace owl::storage
