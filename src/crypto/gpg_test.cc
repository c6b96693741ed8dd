#include "crypto/gpg.h"

#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

constexpr std::string_view errors =
    "[GNUPG:] ENC_TO 0123456789ABCDEF 18 0\n"
    "gpg: encrypted with 256-bit ECDH key\n"
    "[GNUPG:] NO_SECKEY 0123456789ABCDEF\n"
    "[GNUPG:] NO_SECKEY_EVER x\n"
    "\n"
    "      \"somebody\"\n"
    "gpg: decryption failed: No secret key\n"
    "[GNUPG:] END\n";

TEST(GpgComplaint, IsOneLineForPeople) {
  EXPECT_EQ(gpg_complaint(errors), "encrypted with 256-bit ECDH key; \"somebody\"; decryption failed: No secret key");
  EXPECT_EQ(gpg_complaint("[GNUPG:] END\n"), "it gave no reason");
  EXPECT_LT(gpg_complaint(std::string(10'000, 'x')).size(), 600);
}

TEST(GpgStatus, FindsAKeyword) {
  EXPECT_THAT(gpg_status(errors, "NO_SECKEY"), testing::ElementsAre("0123456789ABCDEF"));
  EXPECT_THAT(gpg_status(errors, "END"), testing::ElementsAre(""));
  EXPECT_TRUE(gpg_status(errors, "DECRYPTION_OKAY").empty());
}

TEST(GpgCommand, IsWhatAPersonWouldType) {
  EXPECT_EQ(gpg_command({}), "gpg");
  EXPECT_EQ(gpg_command({.program = "gpg2", .home = "/x"}), "gpg2 --homedir /x");
}

}  // namespace
}  // namespace owl::crypto
