#include "crypto/gpg_test_home.h"
#include "crypto/wrap.h"

namespace owl::crypto {
namespace {

constexpr PassphraseParameters quick{.memory_kib = 64 * 1024, .passes = 1, .lanes = 1};

void expect_test_secrets(const EpochSecrets& secrets) {
  EXPECT_EQ(serialize(secrets), serialize(test_secrets()));
}

TEST(UnwrapEpoch, OpensAWrapInTheClear) {
  expect_test_secrets(unwrap_epoch({}, "keys/0001/000001.clear", serialize(test_secrets())));
}

TEST(UnwrapEpoch, AsksForThePassphraseOnce) {
  CountingRandom random;
  const Bytes wrapped = wrap_passphrase(Secret("abc"), serialize(test_secrets()), random, quick);
  int asked = 0;
  const UnwrapSources sources{.gpg = {},
                              .passphrase =
                                  [&] {
                                    ++asked;
                                    return Secret("abc");
                                  },
                              .stop = {}};
  expect_test_secrets(unwrap_epoch(sources, "keys/0001/000001.pass", wrapped));
  EXPECT_EQ(asked, 1);
  const auto error = error_of([&] { (void)unwrap_epoch({}, "keys/0001/000001.pass", wrapped); });
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_STREQ(error.what(),
               "while opening keys/0001/000001.pass: it opens with the repository's passphrase, and there is no way to "
               "ask for it");
}

TEST(UnwrapEpoch, OpensAnOpenPgpMessage) {
  const GpgHome home;
  home.make_key("backup@example.org", GpgHome::cv25519);
  const Bytes wrapped =
      wrap_openpgp(home.options(), {home.encryption_key("backup@example.org")}, serialize(test_secrets()));
  expect_test_secrets(
      unwrap_epoch({.gpg = home.options(), .passphrase = {}, .stop = {}}, "keys/0001/000001.pgp", wrapped));
}

TEST(UnwrapEpoch, RefusesAnEndingThatItDoesNotKnow) {
  const auto error = error_of([] { (void)unwrap_epoch({}, "keys/0001/000001.age", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
}

TEST(UnwrapEpoch, NamesTheObjectWhoseContentIsNoSecrets) {
  const auto error = error_of([] { (void)unwrap_epoch({}, "keys/0001/000001.clear", as_bytes("{}")); });
  EXPECT_STREQ(error.what(), "while opening keys/0001/000001.clear: epoch secrets: field \"format\" is missing");
}

}  // namespace
}  // namespace owl::crypto
