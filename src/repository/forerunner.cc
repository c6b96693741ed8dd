#include "repository/forerunner.h"

#include <fmt/core.h>

#include <algorithm>

#include "repository/head_survey.h"
#include "repository/source_id.h"

namespace owl::repository {
namespace {

/// A store that fails now will drop out at its next use: it is not what a backup is for to find that out here.
Shown look_at(const StoreView& view, const Source& source, const crypto::HostKeys& keys, Monitor& monitor,
              const std::stop_token& stop) {
  auto store = view.store;
  try {
    return shown_by(store, source, view.manifests, keys, monitor, stop);
  } catch (const Error& error) {
    if (!is_store_failure(error.kind())) throw;
    monitor.warning(fmt::format("store {}: {}", view.store.name, error.what()));
    return {view.store.name, paths_of(source, view.manifests), std::nullopt};
  }
}

}  // namespace

Forerunner find_forerunner(const std::vector<StoreView>& views, const crypto::HostKeys& keys, const std::string& kind,
                           const std::string& name, const HeadFile& heads, Monitor& monitor,
                           const std::stop_token& stop) {
  const auto ids = name_ids(keys, kind, name);
  const Source source{kind, name, {ids.begin(), ids.end()}};
  std::vector<Shown> stores;
  for (const auto& view : views) stores.push_back(look_at(view, source, keys, monitor, stop));
  for (const auto& divergence : compare_heads(source, stores, heads)) monitor.warning(to_text(divergence));

  Head newest;
  std::uint64_t highest = 0;
  for (const auto& shown : stores) {
    if (shown.newest && shown.newest->sequence > newest.sequence) newest = *shown.newest;
    highest = std::max(highest, remembered_of(source, shown.store, heads).newest.sequence);
  }
  return {std::max(highest, newest.sequence) + 1, newest.digest};
}

std::string source_of(const ManifestKey& key) {
  return key.kind + "/" + key.name_id;
}

}  // namespace owl::repository
