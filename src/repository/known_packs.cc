#include "repository/known_packs.h"

#include <algorithm>
#include <iterator>

#include "concurrency/guarded.h"
#include "repository/pack_presence.h"

namespace owl::repository {
namespace {

/// The index objects that count in one store: those it lists, but for what another one it lists has replaced.
std::vector<const IndexObject*> that_count(const StoreView& view, const IndexObjects& indexes) {
  std::set<std::string> superseded;
  for (const auto& key : view.indexes) {
    const auto found = indexes.find(key);
    if (found != indexes.end()) superseded.insert(found->second.supersedes.begin(), found->second.supersedes.end());
  }
  std::vector<const IndexObject*> out;
  for (const auto& key : view.indexes) {
    const auto found = indexes.find(key);
    if (found != indexes.end() && !superseded.contains(key)) out.push_back(&found->second);
  }
  return out;
}

std::set<PackId> usable_in(StoreView view, const IndexObjects& indexes, const std::stop_token& stop) {
  std::set<PackId> usable;
  if (!view.trash_is_readable) return usable;
  std::vector<PackRef> unproven;
  for (const auto* index : that_count(view, indexes)) {
    const bool committed = view.is_committed(index->owner);
    for (const auto& pack : index->packs) {
      if (view.trash.contains(keys::pack(pack))) continue;
      if (committed) {
        usable.insert(pack.id);
      } else {
        unproven.push_back(pack);
      }
    }
  }
  std::erase_if(unproven, [&](const PackRef& pack) { return usable.contains(pack.id); });
  usable.merge(present_packs(view.store, unproven, stop));
  return usable;
}

std::set<PackId> in_both(const std::set<PackId>& a, const std::set<PackId>& b) {
  std::set<PackId> out;
  std::ranges::set_intersection(a, b, std::inserter(out, out.end()));
  return out;
}

}  // namespace

std::set<PackId> usable_packs(StoreSet& stores, const std::vector<StoreView>& views, const IndexObjects& indexes,
                              const std::stop_token& stop) {
  Guarded<std::vector<std::set<PackId>>> by_store;
  stores.on_each([&](StoreSet::Member& member) {
    const auto view = std::ranges::find(views, member.name, [](const StoreView& v) { return v.store.name; });
    if (view == views.end()) return;
    auto usable = usable_in(*view, indexes, stop);
    by_store.lock()->push_back(std::move(usable));
  });
  const auto sets = std::move(*by_store.lock());
  if (sets.empty()) return {};
  auto usable = sets.front();
  for (const auto& other : sets) usable = in_both(usable, other);
  return usable;
}

void exclude_others(const IndexObjects& indexes, const std::set<PackId>& usable, PackTable& packs, DedupIndex& known) {
  for (const auto& [key, index] : indexes) {
    for (const auto& pack : index.packs) {
      if (!usable.contains(pack.id)) known.exclude(packs.add(pack));
    }
  }
}

}  // namespace owl::repository
