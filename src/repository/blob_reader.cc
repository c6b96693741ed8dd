#include "repository/blob_reader.h"

#include <fmt/core.h>

#include <array>

#include "concurrency/task_group.h"
#include "repository/directory_cache.h"
#include "repository/pack_tail.h"
#include "repository/read_ranges.h"

namespace owl::repository {
namespace {

Error missing(const std::string& key, const StoreSet::Member& store) {
  return Error(ErrorKind::integrity, fmt::format("store {} lacks {}", store.name, key));
}

/// Exactly these bytes of a pack.
Bytes fetch(StoreSet::Member& store, const std::string& key, std::uint64_t offset, std::uint64_t length,
            const std::stop_token& stop) {
  auto bytes = store.store->get_range(key, {offset, length}, stop);
  if (!bytes) throw missing(key, store);
  if (bytes->size() != length) {
    throw Error(ErrorKind::integrity, fmt::format("{} is cut short in store {}", key, store.name));
  }
  return std::move(*bytes);
}

}  // namespace

struct BlobReader::State {
  PackDirectory read_directory(StoreSet::Member& store, const PackRef& pack, const std::stop_token& stop) const {
    const auto key = keys::pack(pack);
    const std::uint64_t length = std::uint64_t{pack.directory_size} + pack_trailer_size;
    if (length + pack_header_size > pack.size) {
      throw Error(ErrorKind::integrity, fmt::format("{} is referred to with sizes that no pack can have", key));
    }
    return in_context(
        [&] { return "store " + store.name; },
        [&] { return open_pack_tail(keys, key, pack.size, fetch(store, key, pack.size - length, length, stop)); });
  }

  StoreSet& stores;
  const crypto::HostKeys& keys;
  const std::vector<crypto::EpochSecrets> secrets;
  DirectoryCache directories;
};

namespace {

/// One call of `read`.
class PackRead {
 public:
  PackRead(StoreSet& stores, BlobOpener opener, const PackRef& pack, const PackDirectory& directory,
           std::span<const std::uint32_t> entries, const std::stop_token& stop)
      : stores_(stores),
        opener_(std::move(opener)),
        key_(keys::pack(pack)),
        directory_(directory),
        offsets_(directory.offsets()),
        entries_(entries),
        stop_(stop) {}

  void run(const std::function<void(std::uint32_t, ByteView)>& take) {
    for (const auto& range : plan_ranges(directory_, entries_)) {
      throw_if_stopped(stop_);
      Bytes bytes;
      std::string from;
      stores_.on_any([&](StoreSet::Member& member) {
        bytes = fetch(member, key_, range.offset, range.length, stop_);
        from = member.name;
      });
      for (const auto entry : entries_.subspan(range.first, range.count)) {
        const auto sealed = ByteView(bytes).subspan(offsets_[entry] - range.offset, sealed_size(entry));
        take(entry, open(entry, sealed, from));  // outside of on_any: what `take` throws is no store's fault
      }
    }
  }

 private:
  std::size_t sealed_size(std::uint32_t entry) const { return directory_.entries[entry].sealed_size(); }

  ByteView open(std::uint32_t entry, ByteView sealed, const std::string& from) {
    try {
      return opener_.open(entry, sealed);
    } catch (Error& error) {
      error.add_context(fmt::format("store {}: {}", from, key_));
      if (error.kind() != ErrorKind::integrity) throw;
      return open_elsewhere(entry, from, error);
    }
  }

  /// One blob is damaged where the whole range came from: it alone is fetched from the others.
  ByteView open_elsewhere(std::uint32_t entry, const std::string& damaged_in, const Error& damage) {
    ByteView plain;
    stores_.on_any([&](StoreSet::Member& member) {
      if (member.name == damaged_in) throw Error(damage);
      const auto sealed = fetch(member, key_, offsets_[entry], sealed_size(entry), stop_);
      plain = in_context([&] { return fmt::format("store {}: {}", member.name, key_); },
                         [&] { return opener_.open(entry, sealed); });
    });
    return plain;
  }

  StoreSet& stores_;
  BlobOpener opener_;
  const std::string key_;
  const PackDirectory& directory_;
  const std::vector<std::uint64_t> offsets_;
  const std::span<const std::uint32_t> entries_;
  const std::stop_token& stop_;
};

}  // namespace

BlobReader::BlobReader(StoreSet& stores, const crypto::HostKeys& keys, std::vector<crypto::EpochSecrets> secrets,
                       std::size_t directory_bytes)
    : state_(new State{stores, keys, std::move(secrets), DirectoryCache(directory_bytes)}) {}

BlobReader::~BlobReader() = default;

std::shared_ptr<const PackDirectory> BlobReader::directory(const PackRef& pack, std::stop_token stop) {
  if (auto cached = state_->directories.find(pack.id)) return cached;
  std::shared_ptr<const PackDirectory> directory;
  state_->stores.on_any([&](StoreSet::Member& member) {
    directory = std::make_shared<const PackDirectory>(state_->read_directory(member, pack, stop));
  });
  state_->directories.add(pack.id, directory);
  return directory;
}

void BlobReader::read(const PackRef& pack, std::span<const std::uint32_t> entries,
                      const std::function<void(std::uint32_t entry, ByteView plain)>& take, std::stop_token stop) {
  const auto listed = directory(pack, stop);
  BlobOpener opener(state_->keys, state_->secrets, *listed);
  PackRead(state_->stores, std::move(opener), pack, *listed, entries, stop).run(take);
}

BlobOpener BlobReader::opener(const PackDirectory& directory) const {
  return {state_->keys, state_->secrets, directory};
}

void require_name(const PackDirectory& directory, const PackRef& pack, const BlobRef& blob) {
  if (blob.entry < directory.entries.size() && directory.entries[blob.entry].name == blob.name) return;
  throw Error(ErrorKind::integrity,
              fmt::format("{} does not hold the blob that entry {} of it should be", keys::pack(pack), blob.entry));
}

Bytes BlobReader::read_one(const PackRef& pack, std::uint32_t entry, const crypto::BlobName& name,
                           std::stop_token stop) {
  const auto listed = directory(pack, stop);
  require_name(*listed, pack, {0, entry, name});
  Bytes out;
  read(
      pack, std::array{entry}, [&](std::uint32_t, ByteView plain) { out = to_bytes(plain); }, std::move(stop));
  return out;
}

std::uint64_t BlobReader::planned_bytes(const PackDirectory& directory, std::span<const std::uint32_t> entries) const {
  std::uint64_t bytes = 0;
  for (const auto& range : plan_ranges(directory, entries)) bytes += range.length;
  return bytes;
}

}  // namespace owl::repository
