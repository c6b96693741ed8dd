#include "repository/earlier_backups.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "concurrency/guarded.h"
#include "repository/pack_presence.h"

namespace owl::repository {
namespace {

/// Of a source whose newest backups are all damaged nobody wants to read hundreds.
constexpr std::size_t most_tried = 8;

std::string describe(const BackupEntry& entry) {
  return fmt::format("backup {} of {}", short_id(entry), to_iso(entry.key.start));
}

/// Something this backup needs that doesn't stand, or won't for long.
std::optional<std::string> what_lacks(const LoadedManifest& backup, const EarlierBackups& earlier, StoreSet& stores,
                                      const std::stop_token& stop) {
  for (const auto& pack : backup.manifest.packs) {
    if (earlier.trash.contains(keys::pack(pack))) return keys::pack(pack) + " is about to be deleted";
  }
  Guarded<std::optional<std::string>> missing;
  stores.on_each([&](StoreSet::Member& member) {
    if (const auto pack = first_missing_pack(member, backup.manifest.packs, stop)) {
      *missing.lock() = fmt::format("store {} lacks {}", member.name, keys::pack(*pack));
    }
  });
  return *missing.lock();
}

/// The backup, or why it is of no use.
Result<LoadedManifest> try_one(const BackupEntry& entry, const EarlierBackups& earlier, StoreSet& stores,
                               const crypto::HostKeys& keys, const std::stop_token& stop) {
  const auto no_use = [&](const std::string& why) {
    return tl::unexpected(Error(ErrorKind::not_found, fmt::format("{}: {}", describe(entry), why)));
  };
  try {
    auto loaded = load_manifest(stores, keys, entry, stop);
    if (!loaded) return no_use("it was given up");
    if (loaded->manifest.writer != keys.writer) return no_use("another host made it");
    if (auto lack = what_lacks(*loaded, earlier, stores, stop)) return no_use(*lack);
    return std::move(*loaded);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity && error.kind() != ErrorKind::not_found) throw;
    return no_use(error.what());
  }
}

}  // namespace

EarlierBackups earlier_backups(const std::vector<StoreView>& views, const std::string& kind,
                               const std::vector<std::string>& name_ids) {
  EarlierBackups out;
  std::map<std::string, BackupEntry> found;
  bool trash_is_readable = true;
  for (const auto& view : views) {
    out.trash.insert(view.trash.begin(), view.trash.end());
    trash_is_readable &= view.trash_is_readable;
    for (const auto& listed : view.manifests) {
      const bool is_ours = listed.key.kind == kind && std::ranges::find(name_ids, listed.key.name_id) != name_ids.end();
      if (!is_ours || view.trash.contains(listed.path)) continue;
      auto& entry =
          found.try_emplace(listed.path, BackupEntry{listed.key, listed.path, {}, {}, listed.size}).first->second;
      entry.stores.push_back(view.store.name);
    }
  }
  if (found.empty()) out.why_none = "there is no earlier backup";
  std::erase_if(found, [&](const auto& item) { return item.second.stores.size() != views.size(); });
  if (out.why_none.empty() && found.empty()) out.why_none = "no earlier backup is in every store";
  if (out.why_none.empty() && !trash_is_readable) out.why_none = "what is about to be deleted in a store can't be told";
  if (!out.why_none.empty()) return out;
  for (auto& [path, entry] : found) out.entries.push_back(std::move(entry));
  std::ranges::stable_sort(out.entries, std::ranges::greater{}, [](const auto& entry) { return entry.key.start; });
  return out;
}

Result<LoadedManifest> newest_usable(const EarlierBackups& earlier, StoreSet& stores, const crypto::HostKeys& keys,
                                     const std::stop_token& stop) {
  Error why_not(ErrorKind::not_found, earlier.why_none);
  std::optional<LoadedManifest> best;
  std::size_t best_at = 0;
  for (std::size_t i = 0; i < earlier.entries.size() && i < most_tried; ++i) {
    // Of those that began in the same second the one with the highest number is the newest.
    if (best && earlier.entries[i].key.start != earlier.entries[best_at].key.start) break;
    auto one = try_one(earlier.entries[i], earlier, stores, keys, stop);
    if (!one && i == 0) why_not = one.error();
    if (!one || (best && best->manifest.sequence > one->manifest.sequence)) continue;
    best = std::move(*one);
    best_at = i;
  }
  if (best) return std::move(*best);
  return tl::unexpected(std::move(why_not));
}

}  // namespace owl::repository
