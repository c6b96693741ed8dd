#include "repository/pack_presence.h"

#include <algorithm>
#include <map>

namespace owl::repository {
namespace {

/// A listing of up to a thousand names costs as much as twelve single questions (class A and B of R2 and S3).
constexpr std::size_t few = 12;

using Sizes = std::map<std::string, std::uint64_t>;  // by key

Sizes ask_each(StoreSet::Member& store, const std::vector<PackRef>& packs, const std::stop_token& stop) {
  Sizes sizes;
  for (const auto& pack : packs) {
    if (const auto info = store.store->stat(keys::pack(pack), stop)) sizes.emplace(info->key, info->size);
  }
  return sizes;
}

Sizes ask_month(StoreSet::Member& store, const std::string& folder, const std::stop_token& stop) {
  Sizes sizes;
  const auto note = [&](const storage::ObjectInfo& info) {
    sizes.emplace(info.key, info.size);
    return true;
  };
  store.store->list(folder, {}, note, stop);
  return sizes;
}

std::map<std::string, std::vector<PackRef>> by_month(const std::vector<PackRef>& packs) {
  std::map<std::string, std::vector<PackRef>> months;
  for (const auto& pack : packs) months[keys::pack_month(pack.pack_class, pack.month)].push_back(pack);
  return months;
}

}  // namespace

std::set<PackId> present_packs(StoreSet::Member& store, const std::vector<PackRef>& packs, std::stop_token stop) {
  std::set<PackId> present;
  for (const auto& [folder, wanted] : by_month(packs)) {
    const auto sizes = wanted.size() <= few ? ask_each(store, wanted, stop) : ask_month(store, folder, stop);
    for (const auto& pack : wanted) {
      const auto found = sizes.find(keys::pack(pack));
      if (found != sizes.end() && found->second == pack.size) present.insert(pack.id);
    }
  }
  return present;
}

std::optional<PackRef> first_missing_pack(StoreSet::Member& store, const std::vector<PackRef>& packs,
                                          std::stop_token stop) {
  const auto present = present_packs(store, packs, std::move(stop));
  const auto missing = std::ranges::find_if(packs, [&](const PackRef& pack) { return !present.contains(pack.id); });
  if (missing == packs.end()) return std::nullopt;
  return *missing;
}

}  // namespace owl::repository
