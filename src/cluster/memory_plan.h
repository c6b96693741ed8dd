#pragma once

#include <cstdint>

namespace owl::cluster {

/// How `[backup] memory` is spent: five eighths on packs that are filled or on their way, a quarter on workers; the
/// rest is for indexes and for the lists of files and pieces, which grow with the cluster (docs/performance.md,
/// "Memory").
struct MemoryPlan {
  std::uint64_t pack_buffers = 0;  ///< bytes
  unsigned workers = 1;            ///< as many as wanted, or as fit
};
MemoryPlan plan_memory(std::uint64_t memory_bytes, unsigned wanted_workers, int zstd_level);

}  // namespace owl::cluster
