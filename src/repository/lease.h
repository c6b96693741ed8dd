#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "crypto/keys.h"
#include "repository/object_keys.h"
#include "repository/stores.h"

namespace owl::repository {

inline constexpr std::chrono::minutes lease_lifetime{60}, lease_renewal{10};

/// What a lease says. Expiry is liveness only; safety is in the manifest key that it announces: whoever counts an
/// expired lease as gone must first create a void marker there (`fence`).
struct LeaseBody {
  std::string manifest_key;     ///< announced; empty for a read lease
  std::string purpose;          ///< "backup cluster renderowl"
  crypto::WriterId writer{};
  std::string host;
  std::uint64_t process = 0;
  Timestamp started, expires;
  std::uint64_t wal_system = 0;             ///< with wal_start: WAL from there on is needed; 0: none
  std::uint32_t wal_timeline = 0;
  std::uint64_t wal_start = 0;
  std::string backup_key;       ///< read leases: the backup that is read
};
Bytes serialize(const LeaseBody& body);
Result<LeaseBody> parse_lease_body(ByteView bytes);

/// A lease as found in a store, its newest renewal.
struct FoundLease {
  RandomId id{};
  LeaseBody body;
  bool ended = false;
};
/// Every lease of one store. Damaged ones are reported through `damaged` (keys) and count as living.
std::vector<FoundLease> list_leases(StoreSet::Member& store, const crypto::HostKeys& keys,
                                    std::vector<std::string>& damaged, std::stop_token stop = {});

/// Creates a void marker where the lease's manifest would stand. False: a manifest stands there: it was committed.
bool fence(StoreSet::Member& store, const crypto::HostKeys& keys, const FoundLease& lease, const std::string& reason,
           Clock& clock, Random& random, std::stop_token stop = {});

/// A living lease in a set of stores: put by the constructor, renewed by a thread of its own every ten minutes, ended by
/// `end` or, as far as stores can be reached, by the destructor. Renewal failures are warnings: safety doesn't hang on
/// them.
class Lease {
 public:
  Lease(StoreSet& stores, const crypto::HostKeys& keys, RandomId id, LeaseBody body, Clock& clock, Random& random);
  Lease(const Lease&) = delete;
  ~Lease();
  const RandomId& id() const { return id_; }
  void end();

 private:
  void put(unsigned renewal);

  StoreSet& stores_;
  const crypto::HostKeys& keys_;
  RandomId id_;
  LeaseBody body_;
  Clock& clock_;
  Random& random_;
  bool ended_ = false;
  std::jthread renewer_;
};

}  // namespace owl::repository
