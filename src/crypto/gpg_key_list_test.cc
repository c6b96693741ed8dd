#include "crypto/gpg_key_list.h"

#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

constexpr std::string_view listing =
    "tru::1:1700000000:0:3:1:5\n"
    "pub:u:255:22:AAAAAAAAAAAAAAAA:1600000000:1900000000::u:::scESC:::::ed25519:::0:\n"
    "fpr:::::::::1111111111111111111111111111111111111111:\n"
    "uid:u::::1600000000::HASH::Back\\x3aup <backup@example.org>::::::::::0:\n"
    "uid:u::::1600000000::HASH::Another <another@example.org>::::::::::0:\n"
    "sub:u:255:18:BBBBBBBBBBBBBBBB:1600000001::::::e:::::cv25519::\n"
    "fpr:::::::::2222222222222222222222222222222222222222:\n"
    "sub:r:255:18:CCCCCCCCCCCCCCCC:1600000002:1650000000:::::e:::::cv25519::\n"
    "fpr:::::::::3333333333333333333333333333333333333333:\n"
    "pub:-:2048:1:DDDDDDDDDDDDDDDD:1500000000:::-:::scaD:::::::0:\n"
    "fpr:::::::::4444444444444444444444444444444444444444:\n";

TEST(ParseKeyList, ReadsCertificatesWithTheirSubkeys) {
  const auto all = parse_key_list(listing);
  ASSERT_EQ(all.size(), 2);
  EXPECT_EQ(all[0].primary.fingerprint, std::string(40, '1'));
  EXPECT_EQ(all[0].primary.expires, Timestamp{1'900'000'000'000'000});
  EXPECT_FALSE(all[0].primary.encrypts);
  EXPECT_EQ(all[0].user_id, "Back:up <backup@example.org>");
  EXPECT_FALSE(all[0].disabled);
  ASSERT_EQ(all[0].subkeys.size(), 2);
  EXPECT_EQ(all[0].subkeys[0].fingerprint, std::string(40, '2'));
  EXPECT_TRUE(all[0].subkeys[0].encrypts);
  EXPECT_EQ(all[0].subkeys[0].created, 1'600'000'001);
  EXPECT_EQ(all[0].subkeys[1].validity, 'r');
  EXPECT_TRUE(all[1].disabled);
  EXPECT_EQ(all[1].user_id, "");
}

TEST(ParseKeyList, SkipsWhatMakesNoSense) {
  EXPECT_TRUE(parse_key_list("").empty());
  EXPECT_TRUE(parse_key_list("fpr:::::::::1111:\nuid\nsub:\n\n::::").empty());
  const auto bare = parse_key_list("pub\npub:u:::::99999999999999999999:\nuid:::::::::a\\x0ab\\xzz\\x\n");
  ASSERT_EQ(bare.size(), 2);
  EXPECT_FALSE(bare[1].primary.expires);
  EXPECT_EQ(bare[1].user_id, "a?b\\xzz\\x");
}

TEST(WhyUnusable, GoesByValidityAndByOurClock) {
  ListedKey key{.fingerprint = "", .expires = Timestamp{1'000'000}};
  EXPECT_EQ(why_unusable(key, Timestamp{999'999}), "");
  EXPECT_EQ(why_unusable(key, Timestamp{1'000'000}), "it expired on 1970-01-01T00:00:01Z");
  key = {.fingerprint = "", .validity = 'r', .expires = {}};
  EXPECT_EQ(why_unusable(key, {}), "it is revoked");
  key.validity = 'e';
  EXPECT_EQ(why_unusable(key, {}), "it is expired");
}

}  // namespace
}  // namespace owl::crypto
