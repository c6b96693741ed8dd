#pragma once

#include <cstdint>

namespace owl::cluster {

/// How `[backup] memory` is spent: three eighths, but 96 MiB at most, on what a cluster of any size takes beside packs
/// and workers (the program, the index, the listing, files on their way into the map: docs/performance.md, "Memory");
/// up to a quarter on workers; the rest on packs that are filled or on their way.
struct MemoryPlan {
  std::uint64_t pack_buffers = 0;  ///< bytes
  unsigned workers = 1;            ///< as many as wanted, or as fit
};
MemoryPlan plan_memory(std::uint64_t memory_bytes, unsigned wanted_workers, int zstd_level);

}  // namespace owl::cluster
