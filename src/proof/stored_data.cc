#include "proof/stored_data.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cluster/restore_tree.h"
#include "codec/hash.h"
#include "concurrency/task_group.h"
#include "postgres/types.h"
#include "repository/blob_reader.h"
#include "repository/manifest_list.h"
#include "repository/object_keys.h"
#include "repository/standing.h"
#include "wal/wal_object.h"

namespace owl::proof {
namespace {

namespace keys = repository::keys;

/// What the manifests of one store ask of it.
struct Expected {
  std::map<std::string, std::pair<repository::PackRef, std::vector<std::string>>> packs;  ///< by key; who relies on it
  std::map<std::string, std::vector<std::string>> wal;
};

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
    check_voids();
    check_packs();
    check_wal();
  }

 private:
  template <typename Check>
  void guarded(const std::string& object, const std::vector<std::string>& relying, Check check) {
    findings_.guarded({{}, object, {}, Concern::backups, {}, relying}, check);
  }

  void read_manifests() {
    monitor_.phase(fmt::format("reading manifests of {}", member_.name), backups_.size(), "backups");
    for (const auto& entry : backups_) {
      monitor_.advance(1);
      if (std::ranges::find(entry.stores, member_.name) == entry.stores.end()) continue;
      guarded(entry.path, {entry.path}, [&] {
        const auto loaded = repository::load_manifest(only_, keys_, entry, stop_);
        if (!loaded) return;  // a void
        findings_.count([](VerifyResult& result) { ++result.manifests; });
        expect(entry.path, loaded->manifest);
        check_leaves(entry.path, loaded->manifest);
      });
    }
  }

  /// A void hides a backup from every listing, which looks at its header alone: is it one that a host made?
  void check_voids() {
    for (const auto& info : storage::list_all(*member_.store, "backups/", stop_)) {
      if (info.size > repository::largest_void || !keys::parse_manifest(info.key)) continue;
      guarded(info.key, {info.key}, [&] { repository::what_stands(member_, keys_, info.key, stop_); });
    }
  }

  void expect(const std::string& path, const repository::Manifest& manifest) {
    for (const auto& pack : manifest.packs) {
      auto& expected = expected_.packs[keys::pack(pack)];
      expected.first = pack;
      expected.second.push_back(path);
    }
    if (!manifest.wal) return;
    for (const auto& range : manifest.wal->ranges) {
      const std::uint64_t size = manifest.wal->segment_size;
      const auto last = (std::max(range.stop_lsn, range.start_lsn + 1) - 1) / size;
      for (auto number = range.start_lsn / size; number <= last; ++number) {
        const auto name = postgres::to_file_name({range.timeline, number}, manifest.wal->segment_size);
        expected_.wal[keys::wal_object(std::to_string(manifest.wal->system_id), name)].push_back(path);
      }
    }
  }

  void check_leaves(const std::string& path, const repository::Manifest& manifest) {
    const auto want_nothing = [](const cluster::FileEntry&) { return false; };
    guarded(path, {path}, [&] { cluster::load_tree(manifest, reader_, want_nothing, stop_); });
  }

  void check_packs() {
    std::uint64_t total = 0;
    std::vector<const std::pair<const std::string, std::pair<repository::PackRef, std::vector<std::string>>>*> packs;
    for (const auto& pack : expected_.packs) {
      packs.push_back(&pack);
      total += pack.second.first.size;
    }
    monitor_.phase(fmt::format("verifying packs of {}", member_.name), total);
    parallel_for(packs.size(), options_.workers, stop_, [&](std::size_t i, std::stop_token stop) {
      const std::string& key = packs[i]->first;
      const repository::PackRef& pack = packs[i]->second.first;
      guarded(key, packs[i]->second.second, [&] { check_pack(key, pack, stop); });
      monitor_.advance(pack.size);
    });
  }

  void check_pack(const std::string& key, const repository::PackRef& pack, std::stop_token stop) {
    const auto bytes = member_.store->get(key, stop);
    if (!bytes) throw Error(ErrorKind::integrity, "the pack is missing");
    if (bytes->size() != pack.size) {
      throw Error(ErrorKind::integrity, fmt::format("the pack has {} bytes instead of {}", bytes->size(), pack.size));
    }
    if (codec::sha256(*bytes) != pack.id)
      throw Error(ErrorKind::integrity, "the pack's bytes are not those that its id names");
    std::uint64_t blobs = 0;
    if (options_.data) {
      const auto directory = reader_.directory(pack, stop);
      std::vector<std::uint32_t> entries(directory->entries.size());
      for (std::uint32_t i = 0; i < entries.size(); ++i) entries[i] = i;
      reader_.read(
          pack, entries, [&](std::uint32_t, ByteView) { ++blobs; }, stop);
    }
    findings_.count([&](VerifyResult& result) {
      ++result.packs;
      result.blobs += blobs;
      result.bytes += bytes->size();
    });
  }

  void check_wal() {
    std::vector<std::string> stored;
    for (const auto& object : storage::list_all(*member_.store, "wal/", stop_)) stored.push_back(object.key);
    monitor_.phase(fmt::format("verifying WAL of {}", member_.name), stored.size(), "objects");
    parallel_for(stored.size(), options_.workers, stop_, [&](std::size_t i, std::stop_token stop) {
      const auto expected = expected_.wal.find(stored[i]);
      guarded(stored[i], expected == expected_.wal.end() ? std::vector<std::string>{} : expected->second,
              [&] { check_wal_object(stored[i], stop); });
      monitor_.advance(1);
    });
    for (const auto& [key, relying] : expected_.wal) {
      if (!std::ranges::binary_search(stored, key))
        findings_.add({{}, key, "the WAL segment is missing", Concern::backups, {}, relying});
    }
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
