#include "wal/level.h"

#include <fmt/core.h>

#include <algorithm>

#include "repository/object_keys.h"
#include "wal/archive.h"
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

/// One turn of one store. Returns how many files are level now; ends with the first that fails.
std::size_t level_lane(StoreLane& lane, const std::vector<repository::StoreSet::Member>& all,
                       postgres::SystemId system_id, const crypto::HostKeys& host, const std::stop_token& stop) {
  std::size_t level = 0;
  for (const auto& name : lane.missed()) {
    if (stop.stop_requested()) break;
    const auto key = keys::wal_object(std::to_string(system_id), name);
    auto outcome = LevelOutcome::nowhere;
    if (!lane.through_breaker([&] { outcome = level_file(lane.member(), all, host, key, stop); })) break;
    if (outcome == LevelOutcome::nowhere) continue;
    lane.no_longer_missed(name);
    ++level;
  }
  return level;
}

}  // namespace

std::size_t level_missed(Archiver& archiver, postgres::SystemId system_id, const crypto::HostKeys& host,
                         Monitor& monitor, std::stop_token stop) {
  std::vector<repository::StoreSet::Member> all;
  for (auto& lane : archiver.lanes()) all.push_back(lane->member());
  std::size_t level = 0;
  for (auto& lane : archiver.lanes()) {
    try {
      level += level_lane(*lane, all, system_id, host, stop);
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

void find_missed(Archiver& archiver, repository::StoreSet& stores, postgres::SystemId system_id, std::stop_token stop) {
  const auto archive = Archive::load(stores, system_id, stop);
  for (const auto timeline : archive.timelines()) {
    for (const auto& [name, file] : archive.files(timeline)) {
      for (auto& lane : archiver.lanes()) {
        if (std::ranges::find(file.stores, lane->name()) == file.stores.end()) lane->add_missed(name);
      }
    }
  }
}

}  // namespace owl::wal
