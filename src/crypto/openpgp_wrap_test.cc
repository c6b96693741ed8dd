#include "crypto/gpg_test_home.h"
#include "crypto/wrap.h"

namespace owl::crypto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view plain = "the secrets of an epoch\n";

std::string key_id(const std::string& fingerprint) {
  return fingerprint.substr(24);
}

class OpenPgpWrap : public testing::Test {
 protected:
  OpenPgpWrap() {
    home_.make_key("backup@example.org", GpgHome::cv25519);
    recipient_ = home_.encryption_key("backup@example.org");
  }
  Bytes wrap(const std::vector<std::string>& recipients) const {
    return wrap_openpgp(home_.options(), recipients, as_bytes(plain));
  }
  Error error_of_opening(const GpgHome& where, ByteView wrapped) const {
    return error_of([&] { (void)unwrap_openpgp(where.options(), wrapped); });
  }

  GpgHome home_;
  std::string recipient_;
};

TEST_F(OpenPgpWrap, OpensAgainAndIsReadableForOthers) {
  home_.make_key("second@example.org", GpgHome::rsa);
  const auto second = home_.encryption_key("second@example.org");
  const Bytes wrapped = wrap({recipient_, second});
  EXPECT_THAT(value_or_throw(openpgp_packet_tags(wrapped)), ElementsAre(1, 1, 18));
  EXPECT_THAT(openpgp_key_ids(wrapped), testing::UnorderedElementsAre(key_id(recipient_), key_id(second)));
  EXPECT_EQ(as_text(unwrap_openpgp(home_.options(), wrapped)), plain);
}

TEST_F(OpenPgpWrap, AHostWithThePublicKeyAloneWrapsButDoesNotOpen) {
  const GpgHome host;
  home_.send_public_key("backup@example.org", host);
  const Bytes wrapped = wrap_openpgp(host.options(), {recipient_}, as_bytes(plain));
  EXPECT_EQ(as_text(unwrap_openpgp(home_.options(), wrapped)), plain);
  const auto error = error_of_opening(host, wrapped);
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_EQ(error.message(), "this keyring has none of the private keys that would open it: " + key_id(recipient_));
}

TEST_F(OpenPgpWrap, ARemovedRecipientCannotOpenWhatCameAfter) {
  const GpgHome removed;
  removed.make_key("removed@example.org", GpgHome::cv25519);
  const Bytes wrapped = wrap({recipient_});
  const auto error = error_of_opening(removed, wrapped);
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_THAT(error.message(), HasSubstr(key_id(recipient_)));
}

TEST_F(OpenPgpWrap, OneOfSeveralRecipientsIsEnough) {
  const GpgHome other;
  other.make_key("other@example.org", GpgHome::cv25519);
  other.send_public_key("other@example.org", home_);
  const Bytes wrapped = wrap({recipient_, other.encryption_key("other@example.org")});
  EXPECT_EQ(as_text(unwrap_openpgp(other.options(), wrapped)), plain);
}

TEST_F(OpenPgpWrap, OptionsInGpgConfChangeNothing) {
  home_.make_key("spy@example.org", GpgHome::cv25519);
  home_.write("gpg.conf", "armor\nthrow-keyids\ncompress-algo zlib\nencrypt-to spy@example.org\n");
  const Bytes wrapped = wrap({recipient_});
  EXPECT_THAT(value_or_throw(openpgp_packet_tags(wrapped)), ElementsAre(1, 18));
  EXPECT_THAT(openpgp_key_ids(wrapped), ElementsAre(key_id(recipient_)));
}

TEST_F(OpenPgpWrap, AProgramThatIsNotGpgIsFoundOut) {
  // It exits with 0 and repeats its input: what is stored would be the secrets in the clear.
  home_.write("false-gpg", "#!/bin/sh\ncat\n");
  std::filesystem::permissions(home_.options().home / "false-gpg", std::filesystem::perms::owner_all);
  const GpgOptions liar{.program = home_.options().home / "false-gpg"};
  EXPECT_EQ(error_of([&] { (void)wrap_openpgp(liar, {recipient_}, as_bytes(plain)); }).kind(), ErrorKind::integrity);
  EXPECT_EQ(error_of([&] { (void)unwrap_openpgp(liar, as_bytes(plain)); }).kind(), ErrorKind::no_key);
}

TEST_F(OpenPgpWrap, TakesFullFingerprintsOnly) {
  for (const auto& name : {std::string("backup@example.org"), key_id(recipient_), std::string(40, 'x')}) {
    EXPECT_EQ(error_of([&] { (void)wrap({name}); }).kind(), ErrorKind::config) << name;
  }
  EXPECT_EQ(error_of([&] { (void)wrap({}); }).message(), "there is no recipient to encrypt to");
}

TEST_F(OpenPgpWrap, AFingerprintThatIsNotInTheKeyringIsAnErrorWithGpgsReason) {
  const auto error = error_of([&] { (void)wrap({std::string(40, 'A')}); });
  EXPECT_EQ(error.kind(), ErrorKind::process);
  EXPECT_THAT(error.message(), HasSubstr("gpg could not encrypt to " + std::string(40, 'A')));
  EXPECT_THAT(error.message(), HasSubstr("No public key"));
}

TEST_F(OpenPgpWrap, DamageAndCutsNeverGiveOtherSecrets) {
  const Bytes wrapped = wrap({recipient_});
  for (std::size_t at = 1; at < wrapped.size(); at += 11) {
    EXPECT_EQ(error_of_opening(home_, ByteView(wrapped).first(at)).kind(), ErrorKind::no_key) << at;
    Bytes damaged = wrapped;
    damaged[at] ^= 1;
    try {  // a flip in what nobody reads (the length in bits of an encrypted number) leaves the message as it was
      EXPECT_EQ(as_text(unwrap_openpgp(home_.options(), damaged)), plain) << at;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::no_key) << at;
    }
  }
}

TEST_F(OpenPgpWrap, SaysWhatGpgSaidWhenTheKeyIsThereButDoesNotOpen) {
  const GpgHome locked;
  locked.make_key("locked@example.org", GpgHome::cv25519, "0", {"--pinentry-mode", "loopback"}, "abc");
  (void)os::run_process({.argv = {"gpgconf", "--homedir", locked.options().home.native(), "--kill", "gpg-agent"}});
  const auto fingerprint = locked.encryption_key("locked@example.org");
  const Bytes wrapped = wrap_openpgp(locked.options(), {fingerprint}, as_bytes(plain));
  const auto error = error_of_opening(locked, wrapped);
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_THAT(error.message(), HasSubstr("gpg could not decrypt (encrypted to " + key_id(fingerprint) + "):"));
}

TEST_F(OpenPgpWrap, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(error_of([&] { (void)unwrap_openpgp(home_.options(), wrap({recipient_}), source.get_token()); }).kind(),
            ErrorKind::cancelled);
}

}  // namespace
}  // namespace owl::crypto
