#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "concurrency/guarded.h"
#include "crypto/keys.h"
#include "repository/object_keys.h"
#include "repository/stores.h"

namespace owl::repository {

inline constexpr std::chrono::minutes lease_lifetime{60}, lease_renewal{10};

/// What a lease says. Expiry is liveness only; safety is in the manifest key that it announces: whoever counts an
/// expired lease as gone must first create a void marker there (`fence`).
struct LeaseBody {
  std::string manifest_key;  ///< announced; empty for a read lease
  std::string purpose;       ///< "backup cluster renderowl"
  crypto::WriterId writer{};
  std::string host;
  std::uint64_t process = 0;
  Timestamp started, expires;
  std::uint64_t wal_system = 0;  ///< with wal_start: WAL from there on is needed; 0: none
  std::uint32_t wal_timeline = 0;
  std::uint64_t wal_start = 0;
  std::string backup_key;  ///< read leases: the backup that is read
};
Bytes serialize(const LeaseBody& body);
Result<LeaseBody> parse_lease_body(ByteView bytes);

/// A lease as found in a store, its newest renewal.
struct FoundLease {
  RandomId id{};
  LeaseBody body;
  bool ended = false;
  bool readable = true;  ///< false: no renewal of it could be opened, `body` is empty
  Timestamp first_seen;  ///< when its first renewal was stored, by the store's clock
};
/// Every lease of one store. Damaged ones are reported through `damaged` (keys) and count as living.
std::vector<FoundLease> list_leases(StoreSet::Member& store, const crypto::HostKeys& keys,
                                    std::vector<std::string>& damaged, std::stop_token stop = {});

/// The objects of one lease as a listing shows them.
struct LeaseObjects {
  RandomId id{};
  std::vector<unsigned> renewals;  ///< ascending
  bool has_end = false;
  Timestamp first_seen;
};
std::vector<LeaseObjects> list_lease_objects(StoreSet::Member& store, std::stop_token stop = {});
/// Reads what `list_leases` tells of one of them. nullopt: it is gone.
std::optional<FoundLease> read_lease(StoreSet::Member& store, const crypto::HostKeys& keys, const LeaseObjects& objects,
                                     std::vector<std::string>& damaged, std::stop_token stop = {});

/// Creates a void marker where the lease's manifest would stand. False: a manifest stands there: it was committed.
/// A read lease announces no manifest and needs no fence: true. Throws Error(refused) on a lease that is not readable.
bool fence(StoreSet::Member& store, const crypto::HostKeys& keys, const FoundLease& lease, const std::string& reason,
           Clock& clock, Random& random, std::stop_token stop = {});

/// A living lease in a set of stores: put by the constructor, renewed by a thread of its own every ten minutes, ended
/// by `end` or, as far as stores can be reached, by the destructor. Renewal failures are warnings: safety doesn't hang
/// on them. Thread-safe.
class Lease {
 public:
  /// A store that does not take the lease drops out: without one nothing may be written there.
  Lease(StoreSet& stores, const crypto::HostKeys& keys, RandomId id, LeaseBody body, Clock& clock, Random& random,
        std::stop_token stop = {});
  Lease(const Lease&) = delete;
  ~Lease();
  const RandomId& id() const { return id_; }
  /// From when on WAL is needed: told to every store at once, by a renewal. A store that does not take it drops out.
  void announce_wal(std::uint64_t system_id, std::uint32_t timeline, std::uint64_t start_lsn);
  /// From now on only `end` ends it: a run that dies, or gives up, while nobody knows whether its manifest will still
  /// land must leave a lease behind that only a void can take out of the way.
  void leave_open() { left_open_ = true; }
  /// Failures are warnings: an end that is missing costs the next sweep an hour's patience.
  void end();

 private:
  struct Renewal {
    std::string key;
    Bytes sealed;
  };
  Renewal next_renewal();
  void put_everywhere(const Renewal& renewal);
  void keep_alive(const std::stop_token& stop);
  void renew(const std::stop_token& stop);

  StoreSet& stores_;
  const crypto::HostKeys& keys_;
  const RandomId id_;
  Clock& clock_;
  Random& random_;
  const std::stop_token stop_;
  Guarded<LeaseBody> body_;
  std::atomic<unsigned> renewals_ = 0;
  void stop_renewing();

  bool ended_ = false, left_open_ = false;
  std::jthread renewer_;
};

}  // namespace owl::repository
