#include "repository/manifest_list.h"

#include "crypto/sealed_object.h"

namespace owl::repository {
namespace {

bool is_void(StoreSet::Member& store, const storage::ObjectInfo& info, const std::stop_token& stop) {
  if (info.size > largest_void) return false;
  const auto begin = store.store->get_range(info.key, {0, crypto::sealed_header_size}, stop);
  if (!begin) return true;  // gone meanwhile: as little a backup as a void
  const auto header = crypto::parse_sealed_header(*begin);
  return header && header->type == crypto::ObjectType::void_marker;
}

}  // namespace

std::vector<ListedManifest> list_manifests(StoreSet::Member& store, const std::string& kind, std::stop_token stop) {
  std::vector<ListedManifest> out;
  const auto prefix = kind.empty() ? std::string("backups/") : "backups/" + kind + "/";
  for (const auto& info : storage::list_all(*store.store, prefix, stop)) {
    const auto key = keys::parse_manifest(info.key);
    if (!key || is_void(store, info, stop)) continue;
    out.push_back({*key, info.key, info.modified, info.size});
  }
  return out;
}

}  // namespace owl::repository
