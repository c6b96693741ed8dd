#include "wal/level.h"

#include <fmt/core.h>

#include <algorithm>

#include "repository/object_keys.h"
#include "wal/wal_object.h"

namespace owl::wal {

namespace keys = repository::keys;

namespace {

/// Do two authentic objects hold the same file?
bool same_file(const WalInfo& a, const WalInfo& b) {
  return a.tag == b.tag && a.system_id == b.system_id && a.plain_size == b.plain_size;
}

LevelOutcome put_copy(repository::StoreSet::Member& to, const crypto::HostKeys& host, const std::string& key,
                      ByteView object, const WalInfo& info, const std::stop_token& stop) {
  if (to.store->put_once(key, object, stop) == storage::PutOutcome::stored) return LevelOutcome::copied;
  const auto standing = storage::get_required(*to.store, key, stop);
  if (same_file(check_wal_object(host, key, standing), info)) return LevelOutcome::was_there;
  throw Error(ErrorKind::conflict, fmt::format("{} holds other bytes in store {} than in the others", key, to.name));
}

}  // namespace

LevelOutcome level_file(repository::StoreSet::Member& to, std::vector<repository::StoreSet::Member> others,
                        const crypto::HostKeys& host, const std::string& object_key, std::stop_token stop) {
  for (auto& from : others) {
    if (from.name == to.name) continue;
    const auto object = from.store->get(object_key, stop);
    if (!object) continue;
    const auto info = check_wal_object(host, object_key, *object);
    return put_copy(to, host, object_key, *object, info, stop);
  }
  return LevelOutcome::nowhere;
}

namespace {

struct SealedFile {
  Bytes object;
  WalInfo info;
};

/// From another store that has it, proven whole; nullopt: none has that answers. Asked through that store's own
/// breaker: that it is dead must not be held against the store that lacks the file.
std::optional<SealedFile> read_from_another(const StoreLane& to, Archiver& archiver, const crypto::HostKeys& host,
                                            const std::string& key, const std::stop_token& stop) {
  std::optional<Error> failure;
  for (auto& from : archiver.lanes()) {
    if (from.get() == &to) continue;
    std::optional<Bytes> object;
    try {
      from->through_breaker([&] { object = from->member().store->get(key, stop); });
      if (!object) continue;
      auto info = check_wal_object(host, key, *object);
      return SealedFile{std::move(*object), std::move(info)};
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      failure = Error(error).with_context(fmt::format("reading {} in store {}", key, from->name()));
    }
  }
  if (failure) throw std::move(*failure);
  return std::nullopt;
}

/// One turn of one store. Returns how many files are level now; ends with the first that fails.
std::size_t level_lane(StoreLane& lane, Archiver& archiver, postgres::SystemId system_id, const crypto::HostKeys& host,
                       const std::stop_token& stop) {
  std::size_t level = 0;
  for (const auto& name : lane.missed()) {
    if (stop.stop_requested()) break;
    const auto key = keys::wal_object(std::to_string(system_id), name);
    const auto file = read_from_another(lane, archiver, host, key, stop);
    if (!file) continue;
    if (!lane.through_breaker([&] { put_copy(lane.member(), host, key, file->object, file->info, stop); })) break;
    lane.no_longer_missed(name);
    ++level;
  }
  return level;
}

}  // namespace

std::size_t level_missed(Archiver& archiver, postgres::SystemId system_id, const crypto::HostKeys& host,
                         Monitor& monitor, std::stop_token stop) {
  std::size_t level = 0;
  for (auto& lane : archiver.lanes()) {
    try {
      level += level_lane(*lane, archiver, system_id, host, stop);
    } catch (const Error& error) {  // its next turn comes
      monitor.warning(fmt::format("store {} can't be brought level: {}", lane->name(), error.what()));
    }
  }
  return level;
}

namespace {

/// Is the file in every store now? False: a store is not to be asked yet.
bool bring_everywhere(Archiver& archiver, const crypto::HostKeys& host, const std::string& key,
                      const std::stop_token& stop) {
  const auto name = keys::parse_wal_object(key)->file_name;
  for (auto& lane : archiver.lanes()) {
    const auto copy = [&] { level_file(lane->member(), {archiver.spool()->member()}, host, key, stop); };
    if (!lane->through_breaker(copy)) return false;
    lane->no_longer_missed(name);
  }
  return true;
}

}  // namespace

std::size_t drain_spool(Archiver& archiver, const crypto::HostKeys& host, Monitor& monitor, std::stop_token stop) {
  if (archiver.spool() == nullptr) return 0;
  std::size_t drained = 0;
  for (const auto& key : archiver.spool()->keys()) {
    if (stop.stop_requested()) break;
    try {
      if (!bring_everywhere(archiver, host, key, stop)) break;
      archiver.spool()->remove(key, stop);
      ++drained;
    } catch (const Error& error) {
      monitor.warning(fmt::format("{} stays in the spool: {}", key, error.what()));
      break;
    }
  }
  return drained;
}

}  // namespace owl::wal
