#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "concurrency/guarded.h"
#include "crypto/keys.h"
#include "repository/index.h"
#include "repository/pack.h"
#include "repository/stores.h"

namespace owl::repository {

/// Writes down which blob lies in which pack, every 256 packs or five minutes: what a run that is killed has stored by
/// then, the next one finds without looking. Only packs that stand in every living store may be added. Thread-safe.
class IndexWriter {
 public:
  /// `owner`: the manifest's key that this run announced.
  IndexWriter(StoreSet& stores, const crypto::HostKeys& keys, std::string owner, Clock& clock, Random& random,
              std::stop_token stop);

  void add(const PackRef& pack, const PackDirectory& directory);
  /// Stores an index object if one is due.
  void write_if_due();
  /// Stores whatever no index object tells of yet.
  void write();

 private:
  struct Pending {
    IndexObject object;
    std::chrono::nanoseconds since{};  ///< monotonic
  };
  bool is_due(const Pending& pending) const;
  IndexObject take(bool only_if_due);
  void put(IndexObject object);  ///< an empty one is no work

  StoreSet& stores_;
  const crypto::HostKeys& keys_;
  const std::string owner_;
  Clock& clock_;
  Random& random_;
  const std::stop_token stop_;
  Guarded<Pending> pending_;
};

}  // namespace owl::repository
