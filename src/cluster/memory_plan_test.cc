#include "cluster/memory_plan.h"

#include <gtest/gtest.h>

#include "base/units.h"

namespace owl::cluster {
namespace {

TEST(MemoryPlan, TheDefaultLeavesPacksAndWorkersAsTheyAre) {
  const auto plan = plan_memory(256 * MiB, 8, 3);
  EXPECT_EQ(plan.pack_buffers, 160 * MiB);
  EXPECT_EQ(plan.workers, 8u);
}

TEST(MemoryPlan, WorkersAreCutToTheirQuarter) {
  EXPECT_EQ(plan_memory(256 * MiB, 64, 3).workers, 8u);
  EXPECT_EQ(plan_memory(256 * MiB, 64, 19).workers, 2u);
  EXPECT_EQ(plan_memory(16 * MiB, 64, 3).workers, 1u);
  EXPECT_EQ(plan_memory(16 * MiB, 0, 3).workers, 1u) << "nobody would read";
}

}  // namespace
}  // namespace owl::cluster
