#include "proof/verify.h"

#include "proof/findings.h"
#include "proof/own_objects.h"
#include "proof/stored_data.h"
#include "proof/upkeep_objects.h"

namespace owl::proof {

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
      if (!repository::is_store_failure(error.kind())) throw;
      stores.drop(member.name, error);  // goes on with the others; throws where none is left
    }
  }
  return result;
}

}  // namespace owl::proof
