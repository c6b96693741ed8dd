#pragma once

#include "base/clock.h"
#include "storage/object_store.h"

namespace owl::storage {

struct LimitOptions {
  unsigned connections = 8;                                                  ///< calls at once
  std::uint64_t upload_bytes_per_second = 0, download_bytes_per_second = 0;  ///< 0: no limit
};

/// Wraps a store so that only so many calls are under way at once, and only so many bytes a second pass.
StorePtr limited(StorePtr inner, LimitOptions options, Clock& clock);

}  // namespace owl::storage
