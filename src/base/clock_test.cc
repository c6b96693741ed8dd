#include "base/clock.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/check.h"
#include "base/secret.h"

namespace owl {
namespace {

/// Hands out the given numbers, little-endian, eight bytes each.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::deque<std::uint64_t> values) : values_(std::move(values)) {}
  void fill(MutableBytes out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(values_.front() >> (8 * i));
    values_.pop_front();
  }
  std::size_t left() const { return values_.size(); }

 private:
  std::deque<std::uint64_t> values_;
};

TEST(Random, NumbersAreReadLittleEndian) {
  ScriptedRandom random({0x0123456789abcdef});
  EXPECT_EQ(random.u64(), 0x0123456789abcdefU);
}

TEST(Random, BelowStaysBelowWithoutBias) {
  ScriptedRandom random({7, 10, ~std::uint64_t{0}, 23});
  EXPECT_EQ(random.below(10), 7U);
  EXPECT_EQ(random.below(10), 0U);
  EXPECT_EQ(random.below(10), 3U) << "the incomplete last round of tens is drawn again";
  EXPECT_EQ(random.left(), 0U);
  ScriptedRandom one({5});
  EXPECT_EQ(one.below(1), 0U);
}

TEST(Secret, IsRevealedOnlyOnRequest) {
  const Secret secret("hunter2");
  EXPECT_EQ(secret.reveal(), "hunter2");
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
  const Secret copy = secret;  // NOLINT(performance-unnecessary-copy-initialization): that is the test
  EXPECT_EQ(copy.reveal(), "hunter2");
}

TEST(CheckDeathTest, ABugEndsTheProcessAlsoInReleaseBuilds) {
  OWL_CHECK(1 + 1 == 2, "arithmetic");
  EXPECT_DEATH(OWL_CHECK(1 + 1 == 3, "sums are wrong"), "owlbackup: bug at .*clock_test.cc:[0-9]+: sums are wrong");
}

}  // namespace
}  // namespace owl
