#include <limits>
#include <map>

#include "base/reversed.h"
#include "crypto/sealed_object.h"
#include "repository/lease.h"

namespace owl::repository {
namespace {

constexpr Timestamp end_of_time{std::numeric_limits<std::int64_t>::max()};

/// A body, an absent object, or damage, of which the key is noted.
struct Opened {
  std::optional<LeaseBody> body;
  bool absent = false;
};

Opened open_renewal(StoreSet::Member& store, const crypto::HostKeys& keys, const std::string& key,
                    std::vector<std::string>& damaged, const std::stop_token& stop) {
  const auto sealed = store.store->get(key, stop);
  if (!sealed) return {std::nullopt, true};
  try {
    return {value_or_throw(parse_lease_body(crypto::open_object(keys, crypto::ObjectType::lease, key, *sealed)))};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) throw;
    damaged.push_back(key);
    return {};
  }
}

/// An end that nobody could have written but who has the keys: a forged one would end a lease that lives.
bool end_is_genuine(StoreSet::Member& store, const crypto::HostKeys& keys, const RandomId& id,
                    std::vector<std::string>& damaged, const std::stop_token& stop) {
  const auto key = keys::lease_end(id);
  const auto sealed = store.store->get(key, stop);
  if (!sealed) return false;
  try {
    crypto::open_object(keys, crypto::ObjectType::lease_end, key, *sealed);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) throw;
    damaged.push_back(key);
    return false;
  }
}

}  // namespace

std::vector<LeaseObjects> list_lease_objects(StoreSet::Member& store, std::stop_token stop) {
  std::map<RandomId, LeaseObjects> leases;
  for (const auto& info : storage::list_all(*store.store, "leases/", stop)) {
    const auto parsed = keys::parse_lease(info.key);
    if (!parsed) continue;
    auto [at, is_new] = leases.try_emplace(parsed->id);
    auto& lease = at->second;
    if (is_new) lease = {parsed->id, {}, false, info.modified};  // keys come in order: the first was stored first
    lease.has_end = lease.has_end || parsed->end;
    if (!parsed->end) lease.renewals.push_back(parsed->renewal);
  }
  std::vector<LeaseObjects> out;
  for (const auto& [id, lease] : leases) out.push_back(lease);
  return out;
}

std::optional<FoundLease> read_lease(StoreSet::Member& store, const crypto::HostKeys& keys, const LeaseObjects& objects,
                                     std::vector<std::string>& damaged, std::stop_token stop) {
  FoundLease found{.id = objects.id, .body = {}, .first_seen = objects.first_seen};
  found.ended = objects.has_end && end_is_genuine(store, keys, objects.id, damaged, stop);
  bool any_damage = false;
  for (const unsigned renewal : reversed(objects.renewals)) {
    const auto opened = open_renewal(store, keys, keys::lease(objects.id, renewal), damaged, stop);
    if (opened.absent && !any_damage) return std::nullopt;
    if (opened.body) {
      found.body = *opened.body;
      // The damaged one was newer: what it said about the expiry nobody knows.
      if (any_damage) found.body.expires = end_of_time;
      return found;
    }
    any_damage = true;
  }
  found.readable = false;
  found.body.expires = end_of_time;
  return found;
}

std::vector<FoundLease> list_leases(StoreSet::Member& store, const crypto::HostKeys& keys,
                                    std::vector<std::string>& damaged, std::stop_token stop) {
  std::vector<FoundLease> found;
  for (const auto& objects : list_lease_objects(store, stop)) {
    if (auto lease = read_lease(store, keys, objects, damaged, stop)) found.push_back(std::move(*lease));
  }
  return found;
}

}  // namespace owl::repository
