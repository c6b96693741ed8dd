#include "proof/verify.h"

#include "codec/hash.h"
#include "proof/findings.h"
#include "proof/heads_check.h"
#include "proof/own_objects.h"
#include "proof/stored_data.h"
#include "proof/upkeep_objects.h"

namespace owl::proof {

bool Shard::has(std::string_view key) const {
  return count <= 1 || codec::xxh3_64(as_bytes(key)) % count == number - 1;
}

VerifyResult verify(const std::vector<repository::BackupEntry>& backups, repository::StoreSet& stores,
                    const crypto::HostKeys& host, const VerifyOptions& options, Monitor& monitor,
                    std::stop_token stop) {
  VerifyResult result;
  for (auto& member : stores.alive()) {
    Findings findings(member.name, monitor, result);
    try {
      check_own_objects(member, host, findings, stop);
      check_upkeep_objects(member, host, options.workers, findings, stop);
      check_stored_data(member, backups, host, options, findings, monitor, stop);
    } catch (const Error& error) {
      // Where there is no repository at all, a verification must not end as if all were well.
      if (!repository::is_store_failure(error.kind()) || error.kind() == ErrorKind::config) throw;
      stores.drop(member.name, error);  // goes on with the others; throws where none is left
    }
  }
  if (options.heads != nullptr) check_heads(backups, stores, host, *options.heads, monitor, result, stop);
  return result;
}

}  // namespace owl::proof
