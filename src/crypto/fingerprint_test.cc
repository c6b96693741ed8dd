#include "crypto/keys.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

Fingerprint test_fingerprint() {
  const auto secrets = test_secrets();
  return fingerprint_of(secrets.repository, x25519_public(secrets.x25519_private),
                        derive_metadata_keys(secrets.m).commitment);
}

TEST(Fingerprint, BindsIdPublicKeyAndM) {
  EXPECT_EQ(to_hex(test_fingerprint()), "896006eabcb34e0fad2b57b7fc6777770f219d8d4549758061f67d9440a24069");
}

TEST(Fingerprint, IsWrittenInGroupsForPeople) {
  EXPECT_EQ(to_text(test_fingerprint()), "896006ea bcb34e0f ad2b57b7 fc677777 0f219d8d 45497580 61f67d94 40a24069");
}

TEST(FingerprintMatches, TakesWhatPeopleCopy) {
  const auto fingerprint = test_fingerprint();
  for (const auto* text : {"896006ea bcb34e0f ad2b57b7 fc677777 0f219d8d 45497580 61f67d94 40a24069",
                           "896006eabcb34e0fad2b57b7fc6777770f219d8d4549758061f67d9440a24069", "896006EABCB34E0F",
                           " 896006ea\tbcb34e0f ad2b\n"}) {
    EXPECT_TRUE(fingerprint_matches(fingerprint, text)) << text;
  }
}

TEST(FingerprintMatches, RefusesWhatDoesNotFitOrIsTooShort) {
  const auto fingerprint = test_fingerprint();
  for (const auto* text : {"", "896006eabcb34e0", "896006eabcb34e0e", "896006ea bcb34e0g", "bcb34e0f ad2b57b7",
                           "896006eabcb34e0fad2b57b7fc6777770f219d8d4549758061f67d9440a2406900"}) {
    EXPECT_FALSE(fingerprint_matches(fingerprint, text)) << text;
  }
}

}  // namespace
}  // namespace owl::crypto
