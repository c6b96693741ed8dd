#include "crypto/primitives.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

struct Vector {
  std::string name, key, nonce, aad, plain, sealed;
};

/// Test cases 13 to 16 of McGrew and Viega, which NIST took over: AES-256 with a nonce of 96 bits.
std::vector<Vector> nist_vectors() {
  const std::string zeros(64, '0');
  const std::string key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
  const std::string plain =
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
  const std::string cipher =
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662";
  return {
      {"13", zeros, zeros.substr(0, 24), "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
      {"14", zeros, zeros.substr(0, 24), "", zeros.substr(0, 32),
       "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
      {"15", key, "cafebabefacedbaddecaf888", "", plain + "1aafd255",
       cipher + "898015adb094dac5d93471bdec1a502270e3cc6c"},
      {"16", key, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", plain,
       cipher + "76fc6ece0f4e1768cddf8853bb2d551b"},
  };
}

TEST(AesGcm, SealsAndOpensTheVectorsOfNist) {
  for (const auto& vector : nist_vectors()) {
    AesGcm cipher(secret(vector.key));
    const auto nonce = hex_array<12>(vector.nonce);
    const Bytes aad = hex(vector.aad), plain = hex(vector.plain), sealed = hex(vector.sealed);
    Bytes out(sealed.size()), back(plain.size());
    cipher.seal(nonce, aad, plain, out);
    EXPECT_EQ(to_hex(out), vector.sealed) << vector.name;
    EXPECT_TRUE(cipher.open(nonce, aad, sealed, back)) << vector.name;
    EXPECT_EQ(to_hex(back), vector.plain) << vector.name;
  }
}

TEST(AesGcm, KeepsItsKeyFromMessageToMessage) {
  AesGcm cipher(SecretKey(counting<32>(0)));
  for (std::uint8_t i = 0; i < 20; ++i) {
    const auto nonce = counting<12>(i);
    const Bytes plain = sample(i * 37U), aad = sample(i);
    Bytes sealed(plain.size() + gcm_tag_size), back(plain.size());
    cipher.seal(nonce, aad, plain, sealed);
    EXPECT_FALSE(cipher.open(counting<12>(i + 100), aad, sealed, back));  // a failure in between spoils nothing
    EXPECT_TRUE(cipher.open(nonce, aad, sealed, back));
    EXPECT_EQ(back, plain);
    Bytes fresh(sealed.size());
    AesGcm(SecretKey(counting<32>(0))).seal(nonce, aad, plain, fresh);
    EXPECT_EQ(sealed, fresh);
  }
}

TEST(AesGcm, SealsAndOpensInPlace) {
  AesGcm cipher(SecretKey(counting<32>(0)));
  const Bytes plain = sample(1000);
  Bytes buffer = plain, apart(plain.size() + gcm_tag_size);
  buffer.resize(apart.size());
  cipher.seal({}, {}, plain, apart);
  cipher.seal({}, {}, ByteView(buffer).first(plain.size()), buffer);
  EXPECT_EQ(buffer, apart);
  EXPECT_TRUE(cipher.open({}, {}, buffer, MutableBytes(buffer).first(plain.size())));
  EXPECT_TRUE(equal(ByteView(buffer).first(plain.size()), plain));
}

TEST(AesGcm, RefusesEveryFlippedBitAndShowsNothing) {
  AesGcm cipher(SecretKey(counting<32>(0)));
  const Bytes plain = sample(40), aad = sample(5);
  Bytes sealed(plain.size() + gcm_tag_size);
  cipher.seal({}, aad, plain, sealed);
  for_each_flipped_bit(sealed, [&](const Bytes& damaged, const std::string& what) {
    Bytes back(plain.size(), 0xff);
    EXPECT_FALSE(cipher.open({}, aad, damaged, back)) << what;
    EXPECT_TRUE(all_zero(back)) << what;
  });
  for_each_flipped_bit(aad, [&](const Bytes& damaged, const std::string& what) {
    Bytes back(plain.size());
    EXPECT_FALSE(cipher.open({}, damaged, sealed, back)) << what;
  });
}

}  // namespace
}  // namespace owl::crypto
