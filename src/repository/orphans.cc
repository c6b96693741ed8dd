#include "repository/orphans.h"

#include <algorithm>
#include <functional>
#include <mutex>

#include "repository/dead_runs.h"
#include "repository/pack_presence.h"
#include "repository/pack_tail.h"

namespace owl::repository {
namespace {

using Packs = std::map<PackId, PackRef>;

std::vector<std::uint32_t> months_between(std::uint32_t from, std::uint32_t to) {
  std::vector<std::uint32_t> months;
  for (auto month = from; month <= to; month += month % 100 == 12 ? 89 : 1) months.push_back(month);
  return months;
}

/// nullopt: gone, or nothing that we can read. What it names then only looks like an orphan of somebody else's.
std::optional<IndexObject> index_if_readable(StoreSet::Member& store, const crypto::HostKeys& keys,
                                             const std::string& key, const std::stop_token& stop) {
  try {
    return read_index(store, keys, key, stop);
  } catch (const Error& error) {
    if (is_store_failure(error.kind()) || error.kind() == ErrorKind::cancelled) throw;
    return std::nullopt;
  }
}

/// Every pack that any writer's index names: only listed, read and looked through where there is a dead run.
std::set<PackId> indexed_packs(const StoreView& view, const IndexObjects& own_indexes, const crypto::HostKeys& keys,
                               const std::stop_token& stop) {
  std::set<PackId> indexed;
  auto store = view.store;
  for (const auto& info : storage::list_all(*store.store, "index/", stop)) {
    const auto own = own_indexes.find(info.key);
    const bool is_other = own == own_indexes.end() && keys::parse_index(info.key);
    const auto other = is_other ? index_if_readable(store, keys, info.key, stop) : std::nullopt;
    const IndexObject* const index = own != own_indexes.end() ? &own->second : other ? &*other : nullptr;
    if (index == nullptr) continue;
    for (const auto& pack : index->packs) indexed.insert(pack.id);
  }
  return indexed;
}

/// Packs stored while the dead runs lived that no index names.
Packs unindexed_packs(const StoreView& view, const DeadRuns& dead, const std::set<PackId>& indexed, Timestamp now,
                      const std::stop_token& stop) {
  Packs packs;
  const auto consider = [&](const storage::ObjectInfo& info) {
    auto pack = keys::parse_pack(info.key);
    const bool in_time = info.modified >= dead.from && (!dead.until || info.modified < *dead.until);
    if (!pack || !in_time || indexed.contains(pack->id) || view.trash.contains(info.key)) return true;
    pack->size = info.size;
    packs.emplace(pack->id, *pack);
    return true;
  };
  for (const auto month : months_between(month_of(dead.first_started), month_of(now))) {
    for (const auto pack_class : {PackClass::data, PackClass::metadata}) {
      view.store.store->list(keys::pack_month(pack_class, month), {}, consider, stop);
    }
  }
  return packs;
}

Packs candidates_in(const StoreView& view, const std::vector<StoreView>& views, const IndexObjects& own_indexes,
                    const crypto::HostKeys& keys, const RandomId& own_lease, Clock& clock,
                    const std::stop_token& stop) {
  if (!view.trash_is_readable) return {};
  const auto dead = find_dead_runs(view, views, own_indexes, keys, own_lease, clock, stop);
  if (!dead) return {};
  return unindexed_packs(view, *dead, indexed_packs(view, own_indexes, keys, stop), clock.now(), stop);
}

bool is_ours(const PackDirectory& directory, const crypto::WriterId& writer) {
  return std::ranges::all_of(directory.contexts, [&](const PackContext& context) { return context.writer == writer; });
}

/// Takes out what this store lacks or is about to lose.
void keep_present(const StoreView& view, Packs& packs, const std::stop_token& stop) {
  std::vector<PackRef> wanted;
  for (const auto& [id, pack] : packs) wanted.push_back(pack);
  auto store = view.store;
  const auto present = present_packs(store, wanted, stop);
  std::erase_if(packs, [&](const auto& item) {
    return !view.trash_is_readable || !present.contains(item.first) || view.trash.contains(keys::pack(item.second));
  });
}

/// Runs `work` on the view of each living store, one after the other; a store that fails drops out.
void on_each_view(StoreSet& stores, const std::vector<StoreView>& views,
                  const std::function<void(const StoreView&)>& work) {
  std::mutex mutex;
  stores.on_each([&](StoreSet::Member& member) {
    const auto view = std::ranges::find(views, member.name, [](const StoreView& v) { return v.store.name; });
    const std::lock_guard lock(mutex);
    if (view != views.end()) work(*view);
  });
}

/// nullopt: nothing that we could use, be it damaged or another writer's.
std::optional<Orphan> read_orphan(StoreSet& stores, const crypto::HostKeys& keys, PackRef pack,
                                  const std::stop_token& stop) {
  std::optional<PackDirectory> directory;
  try {
    stores.on_any([&](StoreSet::Member& member) { directory = read_unknown_directory(member, keys, pack, stop); });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity && error.kind() != ErrorKind::unsupported) throw;
  }
  if (!directory || !is_ours(*directory, keys.writer)) return std::nullopt;
  return Orphan{pack, std::move(*directory)};
}

}  // namespace

std::vector<Orphan> find_orphans(StoreSet& stores, const std::vector<StoreView>& views, const IndexObjects& own_indexes,
                                 const crypto::HostKeys& keys, const RandomId& own_lease, Clock& clock,
                                 const std::stop_token& stop) {
  Packs packs;
  on_each_view(stores, views, [&](const StoreView& view) {
    packs.merge(candidates_in(view, views, own_indexes, keys, own_lease, clock, stop));
  });
  if (packs.empty()) return {};
  on_each_view(stores, views, [&](const StoreView& view) { keep_present(view, packs, stop); });
  std::vector<Orphan> orphans;
  for (const auto& [id, pack] : packs) {
    if (auto orphan = read_orphan(stores, keys, pack, stop)) orphans.push_back(std::move(*orphan));
  }
  return orphans;
}

}  // namespace owl::repository
