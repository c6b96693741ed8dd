#include "crypto/gpg_test_home.h"
#include "crypto/wrap.h"
#include "os/system.h"

namespace owl::crypto {
namespace {

using testing::HasSubstr;

class ResolveRecipient : public testing::Test {
 protected:
  Recipient resolve(const std::string& query) const { return resolve_recipient(home_.options(), query, now_); }
  Error error_for(const std::string& query) const {
    const auto error = error_of([&] { (void)resolve(query); });
    EXPECT_EQ(error.kind(), ErrorKind::config);
    return error;
  }
  std::string reason_for(const std::string& query) const { return error_for(query).message(); }

  GpgHome home_;
  Timestamp now_ = os::SystemClock().now();
};

TEST_F(ResolveRecipient, GivesTheEncryptionSubkey) {
  home_.make_key("backup@example.org", GpgHome::cv25519);
  const auto recipient = resolve("backup@example.org");
  EXPECT_EQ(recipient.fingerprint, home_.encryption_key("backup@example.org"));
  EXPECT_EQ(recipient.user_id, "backup@example.org");
  EXPECT_FALSE(recipient.expires);
}

TEST_F(ResolveRecipient, TakesFingerprintsAsPeopleCopyThem) {
  home_.make_key("backup@example.org", GpgHome::cv25519);
  const auto fingerprints = home_.fingerprints("backup@example.org");
  const std::string in_groups = fingerprints[1].substr(0, 4) + " " + fingerprints[1].substr(4);
  for (const auto& query : {fingerprints[0], "0x" + to_lower(fingerprints[0]), fingerprints[1], fingerprints[1] + "!",
                            in_groups, fingerprints[1].substr(24)}) {
    EXPECT_EQ(resolve(query).fingerprint, fingerprints[1]) << query;
  }
}

TEST_F(ResolveRecipient, TakesThePrimaryKeyWhereItEncrypts) {
  home_.make_key("old@example.org", GpgHome::rsa_for_all);
  EXPECT_EQ(resolve("old@example.org").fingerprint, home_.fingerprints("old@example.org").at(0));
}

TEST_F(ResolveRecipient, TellsWhenTheKeyExpires) {
  home_.make_key("backup@example.org", GpgHome::cv25519, "30d");
  const auto expires = resolve("backup@example.org").expires;
  ASSERT_TRUE(expires);
  EXPECT_GT(*expires, now_ + std::chrono::days(29));
  EXPECT_LT(*expires, now_ + std::chrono::days(31));
  now_ = *expires;
  EXPECT_THAT(reason_for("backup@example.org"), HasSubstr("it expired on " + to_iso(*expires)));
}

TEST_F(ResolveRecipient, SaysWhatTheKeyringHoldsAndHowToImport) {
  home_.make_key("backup@example.org", GpgHome::cv25519);
  const auto error = error_for("bakcup@example.org");
  EXPECT_THAT(error.message(), HasSubstr("gpg's keyring has no key for \"bakcup@example.org\""));
  EXPECT_THAT(error.message(),
              HasSubstr("it holds " + home_.fingerprints("backup@example.org")[0] + " (backup@example.org)"));
  EXPECT_EQ(error.hint(), "Import the recipient's public key here: gpg --homedir " + home_.options().home.native() +
                              " --import key.asc");
}

TEST_F(ResolveRecipient, AnEmptyKeyringSaysSo) {
  EXPECT_THAT(reason_for("backup@example.org"), HasSubstr("it holds no key at all"));
  EXPECT_EQ(reason_for(""), "a recipient is given as an empty text");
  EXPECT_THAT(reason_for("--version"), HasSubstr("it holds no key at all"));
}

TEST_F(ResolveRecipient, AsksWhichOfSeveralIsMeant) {
  home_.make_key("twin@example.org", GpgHome::cv25519);
  home_.make_key("twin@example.org", GpgHome::cv25519);
  const auto message = reason_for("twin@example.org");
  EXPECT_THAT(message, HasSubstr("\"twin@example.org\" fits several keys"));
  const auto fingerprints = home_.fingerprints("twin@example.org");
  ASSERT_EQ(fingerprints.size(), 4);
  EXPECT_THAT(message, HasSubstr(fingerprints[0]));
  EXPECT_THAT(message, HasSubstr(fingerprints[2]));
  EXPECT_EQ(resolve(fingerprints[2]).fingerprint, fingerprints[3]);
}

TEST_F(ResolveRecipient, RefusesAnExpiredKeyAndPassesItByForAGoodOne) {
  home_.make_key("backup@example.org", GpgHome::cv25519, "1d", {"--faked-system-time", "20200101T000000"});
  const auto expired = home_.fingerprints("backup@example.org");
  EXPECT_THAT(reason_for("backup@example.org"), HasSubstr("it expired on 2020-01-02T00:00:0"));
  home_.make_key("backup@example.org", GpgHome::cv25519);
  const auto chosen = resolve("backup@example.org").fingerprint;
  EXPECT_NE(chosen, expired.at(1));
  EXPECT_THAT(home_.fingerprints("backup@example.org"), testing::Contains(chosen));
}

TEST_F(ResolveRecipient, RefusesARevokedKey) {
  home_.make_key("backup@example.org", GpgHome::cv25519);
  const auto file = home_.options().home / "openpgp-revocs.d" / (home_.fingerprints("backup@example.org")[0] + ".rev");
  std::string certificate(as_text(os::read_file(file)));
  certificate.erase(certificate.find(":-----BEGIN"), 1);  // gpg's guard against importing it by accident
  (void)home_.gpg({"--import"}, as_bytes(certificate));
  EXPECT_THAT(reason_for("backup@example.org"), HasSubstr("it is revoked"));
}

TEST_F(ResolveRecipient, RefusesAKeyThatOnlySigns) {
  home_.make_key("signer@example.org", GpgHome::sign_only);
  EXPECT_THAT(reason_for("signer@example.org"), HasSubstr("it has no key for encryption"));
}

TEST(ResolveRecipientWithoutGpg, SaysThatItIsMissing) {
  const GpgOptions absent{.program = "/nonexistent/gpg"};
  const auto error = error_of([&] { (void)resolve_recipient(absent, "backup@example.org", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::process);
  EXPECT_THAT(error.message(), HasSubstr("/nonexistent/gpg"));
}

}  // namespace
}  // namespace owl::crypto
