#include "repository/forerunner.h"

#include <fmt/core.h>

#include <algorithm>

#include "repository/source_id.h"
#include "repository/standing.h"

namespace owl::repository {
namespace {

/// Looking for the newest manifest that is whole must not read a store's whole past.
constexpr std::size_t most_tries = 5;

class HeadCheck {
 public:
  HeadCheck(const crypto::HostKeys& keys, const std::string& kind, const std::string& name, const HeadFile& heads,
            Monitor& monitor, const std::stop_token& stop)
      : keys_(keys),
        kind_(kind),
        ids_(name_ids(keys, kind, name)),
        source_(kind + " " + name),
        heads_(heads),
        monitor_(monitor),
        stop_(stop) {}

  Forerunner run(const std::vector<StoreView>& views) {
    std::vector<std::pair<std::string, std::optional<Head>>> newest;
    for (const auto& view : views) newest.emplace_back(view.store.name, newest_in(view));
    for (const auto& [store, head] : newest) compare_with_memory(store, head);
    const auto best = std::ranges::max_element(newest, {}, [](const auto& item) { return sequence(item.second); });
    if (best == newest.end()) return {};
    for (const auto& [store, head] : newest) compare_with_best(store, sequence(head), *best);
    remembered_ = std::max(remembered_, sequence(best->second));
    return {remembered_ + 1, best->second ? best->second->digest : ByteArray<32>{}};
  }

 private:
  static std::uint64_t sequence(const std::optional<Head>& head) { return head ? head->sequence : 0; }

  bool is_of_source(const ManifestKey& key) const {
    return key.kind == kind_ && std::ranges::find(ids_, key.name_id) != ids_.end();
  }

  std::optional<Head> newest_in(const StoreView& view) {
    std::vector<ListedManifest> manifests;
    std::ranges::copy_if(view.manifests, std::back_inserter(manifests),
                         [&](const auto& m) { return is_of_source(m.key); });
    std::ranges::sort(manifests, std::ranges::greater{}, [](const ListedManifest& m) { return m.key.start; });
    if (manifests.size() > most_tries) manifests.resize(most_tries);
    for (const auto& manifest : manifests) {
      if (auto head = head_at(view, manifest.path)) return head;
    }
    return std::nullopt;
  }

  std::optional<Head> head_at(const StoreView& view, const std::string& path) {
    auto store = view.store;
    try {
      const auto standing = what_stands(store, keys_, path, stop_);
      const auto* manifest = std::get_if<StandingManifest>(&standing);
      if (manifest == nullptr) return std::nullopt;
      return Head{manifest->manifest.sequence, manifest->digest};
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      monitor_.warning(fmt::format("store {}: {}", view.store.name, error.what()));
      return std::nullopt;
    }
  }

  void compare_with_memory(const std::string& store, const std::optional<Head>& found) {
    std::optional<Head> remembered;
    for (const auto& id : ids_) {
      const auto head = heads_.find(store, kind_ + "/" + id);
      if (sequence(head) > sequence(remembered)) remembered = head;
    }
    if (!remembered) return;
    remembered_ = std::max(remembered_, remembered->sequence);
    if (sequence(found) < remembered->sequence) {
      monitor_.warning(
          fmt::format("store {} has lost backups of {}: this host knows of number {} there (head {}), and {}", store,
                      source_, remembered->sequence, to_text(*remembered),
                      found ? fmt::format("the newest is number {}", found->sequence) : "there is none"));
    } else if (found->sequence == remembered->sequence && found->digest != remembered->digest) {
      monitor_.warning(
          fmt::format("store {} shows another backup number {} of {} than this host knows: {} instead of {}", store,
                      found->sequence, source_, to_text(*found), to_text(*remembered)));
    }
  }

  void compare_with_best(const std::string& store, std::uint64_t here,
                         const std::pair<std::string, std::optional<Head>>& best) {
    if (here >= sequence(best.second)) return;
    monitor_.warning(
        fmt::format("store {} is {} behind in backups of {}: its newest is number {}, store {} has number {}", store,
                    sequence(best.second) - here, source_, here, best.first, sequence(best.second)));
  }

  const crypto::HostKeys& keys_;
  const std::string kind_;
  const std::vector<std::string> ids_;
  const std::string source_;
  const HeadFile& heads_;
  Monitor& monitor_;
  const std::stop_token& stop_;
  std::uint64_t remembered_ = 0;
};

}  // namespace

Forerunner find_forerunner(const std::vector<StoreView>& views, const crypto::HostKeys& keys, const std::string& kind,
                           const std::string& name, const HeadFile& heads, Monitor& monitor,
                           const std::stop_token& stop) {
  return HeadCheck(keys, kind, name, heads, monitor, stop).run(views);
}

std::string source_of(const ManifestKey& key) {
  return key.kind + "/" + key.name_id;
}

}  // namespace owl::repository
