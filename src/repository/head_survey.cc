#include "repository/head_survey.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <span>

#include "base/reversed.h"
#include "concurrency/guarded.h"
#include "repository/forerunner.h"
#include "repository/source_id.h"
#include "repository/standing.h"

namespace owl::repository {
namespace {

/// Looking for the newest manifest that is whole must not read a store's whole past.
constexpr int most_tries = 5;

std::optional<Head> head_at(StoreSet::Member& store, const crypto::HostKeys& keys, const std::string& path,
                            Monitor& monitor, const std::stop_token& stop) {
  try {
    const auto standing = what_stands(store, keys, path, stop);
    const auto* manifest = std::get_if<StandingManifest>(&standing);
    if (manifest == nullptr) return std::nullopt;
    return Head{manifest->manifest.sequence, manifest->digest};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled || is_store_failure(error.kind())) throw;
    monitor.warning(fmt::format("store {}: {}", store.name, error.what()));
    return std::nullopt;
  }
}

/// What one store lists of all that was listed.
std::vector<ListedManifest> listed_by(const std::string& store, const std::vector<BackupEntry>& listed) {
  std::vector<ListedManifest> out;
  for (const auto& entry : listed) {
    if (std::ranges::find(entry.stores, store) == entry.stores.end()) continue;
    out.push_back({entry.key, entry.path, entry.modified, entry.manifest_size});
  }
  return out;
}

/// Puts name ids that mean the same source together.
class Sources {
 public:
  Sources(StoreSet& stores, const crypto::HostKeys& keys, std::stop_token stop)
      : stores_(stores), keys_(keys), stop_(std::move(stop)) {}

  void add_listed(const std::vector<BackupEntry>& listed) {
    std::map<std::string, std::vector<const BackupEntry*>> by_id;
    for (const auto& entry : listed) by_id[source_of(entry.key)].push_back(&entry);
    for (const auto& [id, entries] : by_id) add(id, name_in(entries));
  }
  void add_remembered(const std::string& store, const HeadFile& heads) {
    for (const auto& [id, remembered] : heads.of(store)) add(id, remembered.name);
  }

  std::vector<Source> finish() {
    std::vector<Source> out;
    for (auto& [at, source] : sources_) out.push_back(std::move(source));
    return out;
  }

 private:
  void add(const std::string& kind_and_id, const std::string& name) {
    const auto slash = kind_and_id.find('/');
    const auto kind = kind_and_id.substr(0, slash), id = kind_and_id.substr(slash + 1);
    const auto known = std::ranges::find_if(
        sources_, [&](const auto& s) { return s.second.kind == kind && s.second.ids.contains(id); });
    if (known != sources_.end()) return;
    if (name.empty()) {
      sources_[{kind, id}] = {kind, id, {id}};  // nothing tells what it is called
      return;
    }
    auto& source = sources_[{kind, name}];
    source.kind = kind;
    source.name = name;
    source.ids.insert(id);
    source.ids.merge(ids_of(kind, name));
  }

  std::set<std::string> ids_of(const std::string& kind, const std::string& name) const {
    const auto ids = name_ids(keys_, kind, name);
    return {ids.begin(), ids.end()};
  }

  /// A name stands in manifests only; empty where none of the newest opens.
  std::string name_in(const std::vector<const BackupEntry*>& entries) const {
    std::size_t tries = 0;
    for (const auto* entry : reversed(entries)) {
      if (tries++ == most_tries) break;
      try {
        if (const auto loaded = load_manifest(stores_, keys_, *entry, stop_)) return loaded->manifest.name;
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;  // each store's own survey tells of the damage
      }
    }
    return {};
  }

  StoreSet& stores_;
  const crypto::HostKeys& keys_;
  const std::stop_token stop_;
  std::map<std::pair<std::string, std::string>, Source> sources_;
};

}  // namespace

std::set<std::string> paths_of(const Source& source, const std::vector<ListedManifest>& listed) {
  std::set<std::string> out;
  for (const auto& manifest : listed) {
    if (source.owns(manifest.key)) out.insert(manifest.path);
  }
  return out;
}

Shown shown_by(StoreSet::Member& store, const Source& source, const std::vector<ListedManifest>& listed,
               const crypto::HostKeys& keys, Monitor& monitor, const std::stop_token& stop) {
  Shown shown{store.name, paths_of(source, listed), std::nullopt};
  std::vector<ListedManifest> manifests;
  std::ranges::copy_if(listed, std::back_inserter(manifests), [&](const auto& m) { return source.owns(m.key); });
  std::ranges::stable_sort(manifests, std::ranges::greater{}, [](const ListedManifest& m) { return m.key.start; });
  Timestamp newest;
  for (const auto& manifest : std::span(manifests).first(std::min<std::size_t>(manifests.size(), most_tries))) {
    // Keys tell whole seconds: of those in the same one the number decides.
    if (shown.newest && manifest.key.start != newest) break;
    const auto head = head_at(store, keys, manifest.path, monitor, stop);
    if (!head || (shown.newest && shown.newest->sequence > head->sequence)) continue;
    shown.newest = head;
    newest = manifest.key.start;
  }
  return shown;
}

std::vector<SurveyedSource> survey_heads(StoreSet& stores, const crypto::HostKeys& keys,
                                         const std::vector<BackupEntry>& listed, const HeadFile& heads,
                                         std::stop_token stop) {
  Sources sources(stores, keys, stop);
  sources.add_listed(listed);
  for (const auto& member : stores.alive()) sources.add_remembered(member.name, heads);
  std::vector<SurveyedSource> out;
  for (auto& source : sources.finish()) {
    Guarded<std::vector<Shown>> shown;
    stores.on_each([&](StoreSet::Member& member) {
      auto here = shown_by(member, source, listed_by(member.name, listed), keys, stores.monitor(), stop);
      shown.lock()->push_back(std::move(here));
    });
    auto in_order = std::move(*shown.lock());
    std::ranges::sort(in_order, {}, &Shown::store);
    auto divergences = compare_heads(source, in_order, heads);
    out.push_back({std::move(source), std::move(in_order), std::move(divergences)});
  }
  return out;
}

}  // namespace owl::repository
