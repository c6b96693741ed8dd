#include "crypto/secret_key.h"

#include <fstream>
#include <sstream>
#include <type_traits>

#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

TEST(SecretKey, HoldsItsBytes) {
  const SecretKey key(counting<32>(1));
  EXPECT_FALSE(key.empty());
  EXPECT_TRUE(equal(key.view(), counting<32>(1)));
  CountingRandom random(9);
  EXPECT_TRUE(equal(SecretKey::random(random).view(), counting<32>(9)));
}

TEST(SecretKey, CopiesShareTheMemory) {
  const SecretKey key(counting<32>(1));
  const SecretKey copy = key;  // NOLINT(performance-unnecessary-copy-initialization): the copy is what is tested
  EXPECT_EQ(copy.view().data(), key.view().data());
}

TEST(SecretKey, HasNoWayOutButView) {
  static_assert(!std::is_constructible_v<std::string, SecretKey>);
  static_assert(!std::equality_comparable<SecretKey>);
  static_assert(!std::is_convertible_v<SecretKey, ByteView>);
}

TEST(SecretKeyDeathTest, AnAbsentKeyIsNeverUsed) {
  EXPECT_TRUE(SecretKey().empty());
  EXPECT_DEATH((void)SecretKey().view(), "use of a key that is not there");
  EXPECT_DEATH(SecretKey(counting<31>(1)), "a key has 32 bytes");
}

/// The flags of the mapping that holds an address, from the kernel's own account.
std::string flags_of_mapping(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t start = 0, end = 0;
    char dash = 0;
    std::istringstream header(line);
    if (header >> std::hex >> start >> dash >> end && dash == '-') inside = start <= wanted && wanted < end;
    if (inside && line.starts_with("VmFlags:")) return line;
  }
  return {};
}

TEST(SecretKey, StaysOutOfCoreDumps) {
  const SecretKey key(counting<32>(1));
  const std::string flags = flags_of_mapping(key.view().data());
  if (flags.empty()) GTEST_SKIP() << "no /proc/self/smaps with VmFlags";
  EXPECT_THAT(flags, testing::HasSubstr(" dd"));
}

TEST(SameSecret, ComparesLengthAndContent) {
  EXPECT_TRUE(same_secret(hex("0102"), hex("0102")));
  EXPECT_FALSE(same_secret(hex("0102"), hex("0103")));
  EXPECT_FALSE(same_secret(hex("0102"), hex("010203")));
  EXPECT_TRUE(same_secret({}, {}));
}

}  // namespace
}  // namespace owl::crypto
