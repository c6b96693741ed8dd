#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "storage/meter.h"
#include "storage/object_store.h"

namespace owl::storage {

/// One `[storage.NAME]` section, resolved.
struct StoreOptions {
  std::string name;           ///< primary, secondary, …
  std::string url;            ///< file:///path, s3://bucket/prefix
  std::string endpoint = {};  ///< https://host[:port]; empty: AWS's for the region
  std::string region = "auto";
  Secret access_key_id = {}, secret_access_key = {}, session_token = {};
  std::string addressing = "auto";  ///< path | host | auto (host-style on amazonaws.com, path-style elsewhere)
  std::string ca_file = {};         ///< PEM; empty: the system's
  std::string tls_min = "1.3";      ///< 1.2 | 1.3
  std::chrono::milliseconds connect_timeout{10'000}, request_timeout{120'000};
  int retries = 8;
  unsigned connections = 8;
  std::uint64_t upload_bytes_per_second = 0, download_bytes_per_second = 0;  ///< 0: no limit
  /// Faults to inject, for tests (`fault.h`); empty: none.
  std::string fault = {};
};

struct OpenedStore {
  std::string name;
  StorePtr store;  ///< the concrete store in its wrappers: fault, retry, limit, meter (outermost)
  std::shared_ptr<Meter> meter;
};

/// Builds the store that the URL names, with its wrappers. Contacts nothing. Throws Error(config) naming the key of the
/// section that is wrong ("storage.primary.url") with a hint.
OpenedStore open_store(const StoreOptions& options, Clock& clock, Random& random);

}  // namespace owl::storage
