#include "support/ports.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

namespace owl::test {
namespace {

TEST(PortBlock, IsGivenToOneOnly) {
  std::set<int> firsts;
  PortBlock blocks[20];
  for (const auto& block : blocks) firsts.insert(block.first() / PortBlock::size);
  EXPECT_EQ(firsts.size(), 20u);
}

TEST(PortBlock, IsNotGivenToAnotherProcess) {
  const PortBlock ours;
  // The child starts its search at its own pid; a thousand blocks taken there would include ours.
  const pid_t child = ::fork();
  if (child == 0) {
    for (int i = 0; i < 900; ++i) {
      if (PortBlock().first() == ours.first()) ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace owl::test
