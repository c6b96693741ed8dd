#include "cluster/memory_plan.h"

#include <gtest/gtest.h>

#include "base/units.h"

namespace owl::cluster {
namespace {

TEST(MemoryPlan, PacksGetWhatNobodyElseTakes) {
  EXPECT_EQ(plan_memory(256 * MiB, 2, 3).pack_buffers, 144 * MiB);
  const auto most_workers = plan_memory(256 * MiB, 8, 3);
  EXPECT_EQ(most_workers.workers, 8u);
  EXPECT_EQ(most_workers.pack_buffers, 96 * MiB);
  EXPECT_EQ(plan_memory(1024 * MiB, 4, 3).pack_buffers, (1024 - 96 - 32) * MiB);
  EXPECT_EQ(plan_memory(64 * MiB, 8, 3).pack_buffers, (64 - 24 - 16) * MiB);
}

TEST(MemoryPlan, WorkersAreCutToTheirQuarter) {
  EXPECT_EQ(plan_memory(256 * MiB, 64, 3).workers, 8u);
  EXPECT_EQ(plan_memory(256 * MiB, 64, 19).workers, 2u);
  EXPECT_EQ(plan_memory(16 * MiB, 64, 3).workers, 1u);
  EXPECT_EQ(plan_memory(16 * MiB, 0, 3).workers, 1u) << "nobody would read";
}

}  // namespace
}  // namespace owl::cluster
