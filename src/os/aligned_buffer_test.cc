#include "os/aligned_buffer.h"

#include <gtest/gtest.h>

namespace owl::os {
namespace {

TEST(AlignedBuffer, IsAlignedAndEmptyAtFirst) {
  AlignedBuffer buffer(10'000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % AlignedBuffer::alignment, 0U);
  EXPECT_EQ(buffer.capacity(), 10'000U);
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.free_space().size(), 10'000U);
}

TEST(AlignedBuffer, EveryByteOfItsCapacityIsUsable) {
  AlignedBuffer buffer(4097);
  std::ranges::fill(buffer.whole(), std::uint8_t{7});
  buffer.resize(4097);
  EXPECT_EQ(buffer.view().back(), 7);
  EXPECT_TRUE(buffer.free_space().empty());
}

TEST(AlignedBuffer, MovesLeaveTheSourceEmpty) {
  AlignedBuffer first(100);
  first.resize(3);
  AlignedBuffer second(std::move(first));
  EXPECT_EQ(first.data(), nullptr);  // NOLINT(bugprone-use-after-move): that is the test
  EXPECT_EQ(first.capacity(), 0U);
  AlignedBuffer third(5);
  third = std::move(second);
  EXPECT_EQ(third.size(), 3U);
  EXPECT_EQ(third.capacity(), 100U);
}

TEST(AlignedBuffer, NothingIsAllocatedForNothing) {
  const AlignedBuffer buffer(0);
  EXPECT_EQ(buffer.data(), nullptr);
  EXPECT_TRUE(buffer.view().empty());
}

TEST(AlignedBufferDeathTest, RefusesASizeBeyondItsCapacity) {
  AlignedBuffer buffer(8);
  EXPECT_DEATH(buffer.resize(9), "beyond its capacity");
}

}  // namespace
}  // namespace owl::os
