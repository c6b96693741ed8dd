#include "proof/verify.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "cluster/restore_tree.h"
#include "codec/hash.h"
#include "concurrency/task_group.h"
#include "postgres/types.h"
#include "repository/blob_reader.h"
#include "repository/object_keys.h"
#include "wal/wal_object.h"

namespace owl::proof {
namespace {

namespace keys = repository::keys;

/// What the manifests of one store ask of it.
struct Expected {
  std::map<std::string, std::pair<repository::PackRef, std::vector<std::string>>> packs;   ///< by key; who relies on it
  std::map<std::string, std::vector<std::string>> wal;
};

class StoreVerifier {
 public:
  StoreVerifier(repository::StoreSet::Member& member, const std::vector<repository::BackupEntry>& backups,
                const crypto::HostKeys& host, const VerifyOptions& options, Monitor& monitor, std::stop_token stop,
                VerifyResult& result)
      : member_(member), backups_(backups), keys_(host), options_(options), monitor_(monitor), stop_(stop), result_(result),
        only_(std::vector<repository::StoreSet::Member>{member}, monitor),
        reader_(only_, host, options.secrets) {}

  void run() {
    read_manifests();
    check_packs();
    check_wal();
  }

 private:
  /// Runs a check; what it throws about the object becomes a finding, anything else ends the verification.
  template <typename Check>
  void guarded(const std::string& object, const std::vector<std::string>& relying, Check check) {
    try {
      check();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::integrity && error.kind() != ErrorKind::not_found) throw;
      add({member_.name, object, error.what(), relying});
    }
  }

  void add(Damage damage) {
    const std::lock_guard lock(mutex_);
    monitor_.warning(fmt::format("store {}: {}: {}", damage.store, damage.object, damage.what));
    result_.damages.push_back(std::move(damage));
  }

  void read_manifests() {
    monitor_.phase(fmt::format("reading manifests of {}", member_.name), backups_.size(), "backups");
    for (const auto& entry : backups_) {
      monitor_.advance(1);
      if (std::ranges::find(entry.stores, member_.name) == entry.stores.end()) continue;
      guarded(entry.path, {entry.path}, [&] {
        const auto loaded = repository::load_manifest(only_, keys_, entry, stop_);
        if (!loaded) return;  // a void
        ++result_.manifests;
        expect(entry.path, loaded->manifest);
        check_leaves(entry.path, loaded->manifest);
      });
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
      const auto& [key, expected] = *packs[i];
      guarded(key, expected.second, [&] { check_pack(key, expected.first, stop); });
      monitor_.advance(expected.first.size);
    });
  }

  void check_pack(const std::string& key, const repository::PackRef& pack, std::stop_token stop) {
    const auto bytes = member_.store->get(key, stop);
    if (!bytes) throw Error(ErrorKind::integrity, "the pack is missing");
    if (bytes->size() != pack.size) {
      throw Error(ErrorKind::integrity, fmt::format("the pack has {} bytes instead of {}", bytes->size(), pack.size));
    }
    if (codec::sha256(*bytes) != pack.id) throw Error(ErrorKind::integrity, "the pack's bytes are not those that its id names");
    std::uint64_t blobs = 0;
    if (options_.data) {
      const auto directory = reader_.directory(pack, stop);
      std::vector<std::uint32_t> entries(directory->entries.size());
      for (std::uint32_t i = 0; i < entries.size(); ++i) entries[i] = i;
      reader_.read(pack, entries, [&](std::uint32_t, ByteView) { ++blobs; }, stop);
    }
    const std::lock_guard lock(mutex_);
    ++result_.packs;
    result_.blobs += blobs;
    result_.bytes += bytes->size();
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
      if (!std::ranges::binary_search(stored, key)) add({member_.name, key, "the WAL segment is missing", relying});
    }
  }

  void check_wal_object(const std::string& key, std::stop_token stop) {
    const auto bytes = storage::get_required(*member_.store, key, stop);
    wal::check_wal_object(keys_, key, bytes);
    if (options_.data) wal::open_wal_payload(keys_, options_.secrets, key, bytes);
    const std::lock_guard lock(mutex_);
    ++result_.wal_objects;
    result_.bytes += bytes.size();
  }

  repository::StoreSet::Member& member_;
  const std::vector<repository::BackupEntry>& backups_;
  const crypto::HostKeys& keys_;
  const VerifyOptions& options_;
  Monitor& monitor_;
  std::stop_token stop_;
  VerifyResult& result_;
  repository::StoreSet only_;
  repository::BlobReader reader_;
  std::mutex mutex_;
  Expected expected_;
};

}  // namespace

VerifyResult verify(const std::vector<repository::BackupEntry>& backups, repository::StoreSet& stores,
                    const crypto::HostKeys& host, const VerifyOptions& options, Monitor& monitor, std::stop_token stop) {
  VerifyResult result;
  for (auto& member : stores.alive()) StoreVerifier(member, backups, host, options, monitor, stop, result).run();
  return result;
}

}  // namespace owl::proof
