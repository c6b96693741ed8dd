#include "crypto/hkdf.h"

#include "crypto/primitives.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

struct Rfc5869 {
  std::string ikm, salt, info, okm;
};

TEST(Hkdf, GivesTheVectorsOfRfc5869) {
  const std::vector<Rfc5869> vectors{
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {to_hex(counting<80>(0)), to_hex(counting<80>(0x60)), to_hex(counting<80>(0xb0)),
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
       "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (const auto& vector : vectors) {
    const auto okm = hkdf_sha256(hex(vector.salt), hex(vector.ikm), hex(vector.info), vector.okm.size() / 2);
    EXPECT_EQ(to_hex(okm), vector.okm);
  }
}

TEST(Hkdf, ExtractsAsInRfc5869) {
  EXPECT_EQ(
      to_hex(hkdf_extract(hex("000102030405060708090a0b0c"), hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"))),
      "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
}

TEST(Hkdf, ALongOutputStartsWithTheShortOne) {
  const auto all = hkdf_sha256({}, hex("0b"), hex("ff"), 255 * 32);
  for (const std::size_t size : {0UL, 1UL, 31UL, 32UL, 33UL, 64UL, 8159UL}) {
    EXPECT_TRUE(equal(hkdf_sha256({}, hex("0b"), hex("ff"), size), ByteView(all).first(size))) << size;
  }
}

TEST(HkdfDeathTest, RefusesMoreThanTheRfcAllows) {
  EXPECT_DEATH((void)hkdf_sha256({}, hex("0b"), {}, 255 * 32 + 1), "at most 255 blocks");
}

TEST(DeriveKey, IsHkdfWithoutSalt) {
  const SecretKey key(counting<32>(5));
  EXPECT_TRUE(equal(derive_key(key, "purpose").view(), hkdf_sha256({}, key.view(), as_bytes("purpose"), 32)));
  EXPECT_FALSE(equal(derive_key(key, "purpose").view(), derive_key(key, "another").view()));
}

}  // namespace
}  // namespace owl::crypto
