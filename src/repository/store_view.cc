#include "repository/store_view.h"

#include <fmt/core.h>

#include <algorithm>

#include "concurrency/guarded.h"
#include "concurrency/task_group.h"
#include "crypto/sealed_object.h"
#include "repository/trash.h"

namespace owl::repository {
namespace {

constexpr unsigned readers = 4;

void look_at_trash(StoreView& view, const crypto::HostKeys& keys, Monitor& monitor, const std::stop_token& stop) {
  std::vector<Error> unreadable;
  for (auto& trash : list_trash(view.store, keys, unreadable, stop)) {
    view.trash.insert(trash.object.keys.begin(), trash.object.keys.end());
  }
  view.trash_is_readable = unreadable.empty();
  for (const auto& error : unreadable) {
    monitor.warning(
        fmt::format("store {}: what is about to be deleted there can't be told, so everything is stored again: {}",
                    view.store.name, error.what()));
  }
}

StoreView look_at(StoreSet::Member& store, const crypto::HostKeys& keys, Monitor& monitor,
                  const std::stop_token& stop) {
  StoreView view;
  view.store = store;
  look_at_trash(view, keys, monitor, stop);
  for (const auto& info : storage::list_all(*store.store, keys::index_folder(keys.writer), stop)) {
    if (keys::parse_index(info.key) && !view.trash.contains(info.key)) view.indexes.push_back(info.key);
  }
  view.manifests = list_manifests(store, {}, stop);
  return view;
}

/// From the first view that has it whole.
std::optional<IndexObject> read_from_any(const std::vector<StoreView>& views, const crypto::HostKeys& keys,
                                         const std::string& key, const std::stop_token& stop) {
  std::optional<Error> last;
  for (const auto& view : views) {
    if (std::ranges::find(view.indexes, key) == view.indexes.end()) continue;
    auto store = view.store;
    try {
      if (auto object = read_index(store, keys, key, stop)) return object;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::integrity && !is_store_failure(error.kind())) throw;
      last = error;
    }
  }
  if (last) throw std::move(*last);
  return std::nullopt;
}

std::vector<std::string> listed_anywhere(const std::vector<StoreView>& views) {
  std::set<std::string> keys;
  for (const auto& view : views) keys.insert(view.indexes.begin(), view.indexes.end());
  return {keys.begin(), keys.end()};
}

}  // namespace

bool StoreView::is_committed(const std::string& manifest_path) const {
  return std::ranges::binary_search(manifests, manifest_path, {}, &ListedManifest::path);  // listed in order
}

std::vector<StoreView> look_at_stores(StoreSet& stores, const crypto::HostKeys& keys, const std::stop_token& stop) {
  Guarded<std::vector<StoreView>> views;
  stores.on_each([&](StoreSet::Member& member) {
    auto view = look_at(member, keys, stores.monitor(), stop);
    views.lock()->push_back(std::move(view));
  });
  auto out = std::move(*views.lock());
  std::ranges::sort(out, {}, [](const StoreView& view) { return view.store.name; });
  return out;
}

std::optional<IndexObject> read_index(StoreSet::Member& store, const crypto::HostKeys& keys, const std::string& key,
                                      const std::stop_token& stop) {
  const auto sealed = store.store->get(key, stop);
  if (!sealed) return std::nullopt;
  const auto plain = crypto::open_object(keys, crypto::ObjectType::index, key, *sealed);
  return in_context([&] { return key; }, [&] { return value_or_throw(parse_index_object(plain)); });
}

IndexObjects read_indexes(const std::vector<StoreView>& views, const crypto::HostKeys& keys, Monitor& monitor,
                          const std::stop_token& stop, const std::function<void(const IndexObject&)>& take) {
  const auto names = listed_anywhere(views);
  Guarded<IndexObjects> objects;
  parallel_for(names.size(), readers, stop, [&](std::size_t i, const std::stop_token& stopped) {
    try {
      auto object = read_from_any(views, keys, names[i], stopped);
      if (!object) return;
      auto locked = objects.lock();
      take(*object);
      object->entries = {};
      locked->emplace(names[i], std::move(*object));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::no_key) throw;
      monitor.warning(fmt::format("what the index object {} tells is stored again: {}", names[i], error.what()));
    }
  });
  return std::move(*objects.lock());
}

}  // namespace owl::repository
