#include "proof/stored_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "cluster/extent_map.h"
#include "codec/hash.h"
#include "concurrency/task_group.h"
#include "proof/expected.h"
#include "repository/blob_reader.h"
#include "repository/manifest_list.h"
#include "repository/object_keys.h"
#include "repository/standing.h"
#include "wal/wal_object.h"

namespace owl::proof {
namespace {

namespace keys = repository::keys;

class StoredData {
 public:
  StoredData(repository::StoreSet::Member& member, const std::vector<repository::BackupEntry>& backups,
             const crypto::HostKeys& host, const VerifyOptions& options, Findings& findings, Monitor& monitor,
             const std::stop_token& stop)
      : member_(member),
        backups_(backups),
        keys_(host),
        options_(options),
        findings_(findings),
        monitor_(monitor),
        stop_(stop),
        only_(std::vector<repository::StoreSet::Member>{member}, monitor),
        reader_(only_, host, options.secrets) {}

  void run() {
    read_manifests();
    if (!options_.chosen) check_voids();
    check_packs();
    check_leaves();
    check_wal();
    name_backups();
  }

 private:
  template <typename Check>
  void guarded(const std::string& object, const std::vector<std::string>& relying, Check check) {
    findings_.guarded({{}, object, {}, Concern::backups, {}, relying}, check);
  }

  /// Opens those of this store, one at a time: they can be large.
  template <typename Use>
  void each_manifest(Use use) {
    for (const auto& entry : backups_) {
      if (std::ranges::find(entry.stores, member_.name) == entry.stores.end()) continue;
      use(entry.path, [&] { return repository::load_manifest(only_, keys_, entry, stop_); });
    }
  }

  void read_manifests() {
    monitor_.phase(fmt::format("reading manifests of {}", member_.name), backups_.size(), "backups");
    each_manifest([&](const std::string& path, const auto& load) {
      monitor_.advance(1);
      guarded(path, {path}, [&] {
        const auto loaded = load();
        if (!loaded) return;  // a void
        findings_.count([](VerifyResult& result) { ++result.manifests; });
        expected_.add(loaded->manifest);
      });
    });
  }

  /// A void hides a backup from every listing, which looks at its header alone: is it one that a host made?
  void check_voids() {
    const auto told = findings_.objects();
    for (const auto& info : storage::list_all(*member_.store, "backups/", stop_)) {
      if (info.size > repository::largest_void || !keys::parse_manifest(info.key) || told.contains(info.key)) continue;
      guarded(info.key, {info.key}, [&] { repository::what_stands(member_, keys_, info.key, stop_); });
    }
  }

  void check_packs() {
    std::uint64_t total = 0;
    std::vector<const std::pair<const std::string, repository::PackRef>*> packs;
    for (const auto& pack : expected_.packs) {
      if (!options_.shard.has(pack.first)) continue;
      packs.push_back(&pack);
      total += pack.second.size;
    }
    monitor_.phase(fmt::format("verifying packs of {}", member_.name), total);
    parallel_for(packs.size(), options_.workers, stop_, [&](std::size_t i, std::stop_token stop) {
      const std::string& key = packs[i]->first;  // no structured binding: clang 14 captures none
      const repository::PackRef& pack = packs[i]->second;
      guarded(key, {}, [&] { check_pack(key, pack, stop); });
      monitor_.advance(pack.size);
    });
  }

  void check_pack(const std::string& key, const repository::PackRef& pack, std::stop_token stop) {
    const auto bytes = member_.store->get(key, stop);
    if (!bytes) throw Error(ErrorKind::integrity, "the pack is missing");
    if (bytes->size() != pack.size) {
      throw Error(ErrorKind::integrity, fmt::format("the pack has {} bytes instead of {}", bytes->size(), pack.size));
    }
    if (codec::sha256(*bytes) != pack.id) {
      throw Error(ErrorKind::integrity, "the pack's bytes are not those that its id names");
    }
    const auto blobs = options_.data ? open_blobs(pack, stop) : 0;
    findings_.count([&](VerifyResult& result) {
      ++result.packs;
      result.blobs += blobs;
      result.bytes += bytes->size();
    });
  }

  std::uint64_t open_blobs(const repository::PackRef& pack, std::stop_token stop) {
    std::uint64_t blobs = 0;
    const auto directory = reader_.directory(pack, stop);
    std::vector<std::uint32_t> entries(directory->entries.size());
    for (std::uint32_t i = 0; i < entries.size(); ++i) entries[i] = i;
    reader_.read(
        pack, entries, [&](std::uint32_t, ByteView) { ++blobs; }, stop);
    return blobs;
  }

  /// One leaf that many backups share is read once. Those of a pack that is damaged were told of with it.
  void check_leaves() {
    const auto damaged = findings_.objects();
    std::vector<const Expected::Leaf*> leaves;
    for (const auto& [place, leaf] : expected_.leaves) {
      if (options_.shard.has(place.first) && !damaged.contains(place.first)) leaves.push_back(&leaf);
    }
    monitor_.phase(fmt::format("reading file lists of {}", member_.name), leaves.size(), "lists");
    parallel_for(leaves.size(), options_.workers, stop_, [&](std::size_t i, std::stop_token stop) {
      guarded(keys::pack(leaves[i]->pack), {}, [&] { check_leaf(*leaves[i], stop); });
      monitor_.advance(1);
    });
  }

  void check_leaf(const Expected::Leaf& leaf, std::stop_token stop) {
    const auto plain = reader_.read_one(leaf.pack, leaf.entry, leaf.name, stop);
    const auto parsed = value_or_throw(cluster::parse_extent_leaf(plain));
    for (const auto& pack : parsed.packs) {
      if (expected_.packs.contains(keys::pack(pack))) continue;
      throw Error(ErrorKind::integrity, fmt::format("a file list needs {}, which no manifest lists", keys::pack(pack)));
    }
  }

  void check_wal() {
    std::set<std::string> stored;
    for (const auto& object : storage::list_all(*member_.store, "wal/", stop_)) stored.insert(object.key);
    for (const auto& key : expected_.wal) {
      if (options_.shard.has(key) && !stored.contains(key)) {
        findings_.add({{}, key, "the WAL segment is missing", Concern::backups, {}, {}});
      }
    }
    std::erase_if(stored, [&](const std::string& key) {
      return !options_.shard.has(key) || (options_.chosen && !expected_.wal.contains(key));
    });
    const std::vector<std::string> wanted(stored.begin(), stored.end());
    monitor_.phase(fmt::format("verifying WAL of {}", member_.name), wanted.size(), "objects");
    parallel_for(wanted.size(), options_.workers, stop_, [&](std::size_t i, std::stop_token stop) {
      guarded(wanted[i], {}, [&] { check_wal_object(wanted[i], stop); });
      monitor_.advance(1);
    });
  }

  void check_wal_object(const std::string& key, std::stop_token stop) {
    const auto bytes = storage::get_required(*member_.store, key, stop);
    wal::check_wal_object(keys_, key, bytes);
    if (options_.data) wal::open_wal_payload(keys_, options_.secrets, key, bytes);
    findings_.count([&](VerifyResult& result) {
      ++result.wal_objects;
      result.bytes += bytes.size();
    });
  }

  /// Which backups does the damage take down? Only now, and only of what is damaged.
  void name_backups() {
    const auto damaged = findings_.objects();
    if (damaged.empty()) return;
    each_manifest([&](const std::string& path, const auto& load) {
      try {
        const auto loaded = load();
        if (loaded) name_in(path, loaded->manifest, damaged);
      } catch (const Error& error) {
        if (!Findings::is_about_the_object(error.kind())) throw;  // told of already
      }
    });
  }

  void name_in(const std::string& path, const repository::Manifest& manifest, const std::set<std::string>& damaged) {
    std::set<std::string> needed;
    const auto need = [&](std::string key) {
      if (damaged.contains(key)) needed.insert(std::move(key));
    };
    for (const auto& pack : manifest.packs) need(keys::pack(pack));
    for (auto& key : wal_keys_of(manifest)) need(std::move(key));
    findings_.add_backup(path, needed);
  }

  repository::StoreSet::Member& member_;
  const std::vector<repository::BackupEntry>& backups_;
  const crypto::HostKeys& keys_;
  const VerifyOptions& options_;
  Findings& findings_;
  Monitor& monitor_;
  const std::stop_token& stop_;
  repository::StoreSet only_;
  repository::BlobReader reader_;
  Expected expected_;
};

}  // namespace

void check_stored_data(repository::StoreSet::Member& member, const std::vector<repository::BackupEntry>& backups,
                       const crypto::HostKeys& host, const VerifyOptions& options, Findings& findings, Monitor& monitor,
                       const std::stop_token& stop) {
  StoredData(member, backups, host, options, findings, monitor, stop).run();
}

}  // namespace owl::proof
