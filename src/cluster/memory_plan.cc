#include "cluster/memory_plan.h"

#include <algorithm>

#include "base/units.h"

namespace owl::cluster {
namespace {

/// A piece plain, one encoded, one as streams, and what libzstd takes at the most for pieces of that size.
std::uint64_t worker_bytes(int zstd_level) {
  return zstd_level > 9 ? 28 * MiB : 8 * MiB;
}

}  // namespace

MemoryPlan plan_memory(std::uint64_t memory_bytes, unsigned wanted_workers, int zstd_level) {
  const auto fitting = std::max<std::uint64_t>(memory_bytes / 4 / worker_bytes(zstd_level), 1);
  const auto workers = std::min<std::uint64_t>(std::max(wanted_workers, 1u), fitting);
  const auto others = std::min(memory_bytes / 8 * 3, 96 * MiB);
  const auto beside = others + std::min(workers * worker_bytes(zstd_level), memory_bytes / 4);
  return {memory_bytes - beside, static_cast<unsigned>(workers)};
}

}  // namespace owl::cluster
