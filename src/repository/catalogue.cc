#include "repository/catalogue.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "repository/manifest_list.h"
#include "repository/standing.h"

namespace owl::repository {
namespace {

/// Gathers what several stores list, by the manifest's key.
class Gathering {
 public:
  void add(const std::string& store, const ListedManifest& listed) {
    const std::lock_guard lock(mutex_);
    auto [at, is_new] = entries_.try_emplace(listed.path);
    auto& entry = at->second;
    if (is_new) entry = {listed.key, listed.path, {}, listed.modified, listed.size};
    entry.stores.push_back(store);
    entry.modified = std::min(entry.modified, listed.modified);  // a copy that came later is no younger backup
  }

  std::vector<BackupEntry> finish() {
    std::vector<BackupEntry> out;
    for (auto& [path, entry] : entries_) {
      std::ranges::sort(entry.stores);
      out.push_back(std::move(entry));
    }
    std::ranges::stable_sort(out, {}, [](const BackupEntry& entry) { return entry.key.start; });
    return out;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, BackupEntry> entries_;
};

bool is_in(const StoreSet::Member& member, const BackupEntry& entry) {
  return std::ranges::find(entry.stores, member.name) != entry.stores.end();
}

Error nowhere(const BackupEntry& entry) {
  return Error(ErrorKind::not_found, "the manifest " + entry.path + " stands in none of the stores that are left");
}

}  // namespace

std::vector<BackupEntry> list_backups(StoreSet& stores, const std::string& kind, std::stop_token stop) {
  Gathering gathering;
  stores.on_each([&](StoreSet::Member& member) {
    for (const auto& listed : list_manifests(member, kind, stop)) gathering.add(member.name, listed);
  });
  return gathering.finish();
}

std::optional<LoadedManifest> load_manifest(StoreSet& stores, const crypto::HostKeys& keys, const BackupEntry& entry,
                                            std::stop_token stop) {
  std::optional<Error> failure;
  auto holders = entry.stores;
  for (auto& member : stores.alive()) {
    if (!is_in(member, entry)) continue;
    try {
      auto standing = what_stands(member, keys, entry.path, stop);
      if (auto* found = std::get_if<StandingManifest>(&standing)) {
        return LoadedManifest{std::move(found->manifest), found->digest, entry.path, std::move(holders)};
      }
      std::erase(holders, member.name);  // fenced there; another store may have committed before its own fence came
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::no_key) throw;
      failure = Error(error).with_context("store " + member.name);
    }
  }
  if (failure) throw std::move(*failure);
  if (holders.size() == entry.stores.size()) throw nowhere(entry);
  return std::nullopt;
}

}  // namespace owl::repository
