#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "concurrency/guarded.h"
#include "crypto/keys.h"
#include "repository/manifest.h"
#include "repository/stores.h"

namespace owl::repository {

/// The last step of a run: the manifest, sealed once, goes into each store that has everything it lists. A store where
/// something is missing, where the attempt was fenced, or that fails, drops out.
class ManifestCommit {
 public:
  using ReadyIn = std::function<void(StoreSet::Member&)>;

  ManifestCommit(StoreSet& stores, const crypto::HostKeys& keys, std::string path, const Manifest& manifest,
                 Clock& clock, Random& random, std::stop_token stop);

  /// Throws when no store has it: Error(conflict) when the last of them was fenced. Afterwards the manifest stands in
  /// every store that `committed` names; of the others it may not be known whether it will still land.
  void run(const ReadyIn& ready_in);

  const ByteArray<32>& digest() const { return digest_; }
  std::vector<std::string> committed() const;  ///< names of stores, sorted

 private:
  void commit_in(StoreSet::Member& member, const ReadyIn& ready_in);
  void check_packs(StoreSet::Member& member);
  void put(StoreSet::Member& member);
  Error why_not_ours(StoreSet::Member& member);

  StoreSet& stores_;
  const crypto::HostKeys& keys_;
  const std::string path_;
  const Manifest& manifest_;
  Clock& clock_;
  const std::stop_token stop_;
  const Bytes sealed_;
  const ByteArray<32> digest_;
  mutable Guarded<std::vector<std::string>> committed_;
};

}  // namespace owl::repository
