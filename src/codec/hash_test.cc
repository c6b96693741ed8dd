#include "codec/hash.h"

#include <gtest/gtest.h>

#include <random>

namespace owl::codec {
namespace {

Bytes random_bytes(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(Sha256, KnownVectors) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hash;
  hash.update(as_bytes("abcdbcdecdefdefgefghfghighij"));
  hash.update(as_bytes("hijkijkljklmklmnlmnomnopnopq"));
  EXPECT_EQ(to_hex(hash.digest()), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, CopyContinuesFromTheSameState) {
  Sha256 hash;
  hash.update(as_bytes("a"));
  Sha256 copy(hash);
  copy.update(as_bytes("bc"));
  hash.update(as_bytes("b"));
  EXPECT_EQ(hash.digest(), sha256(as_bytes("ab")));
  hash.update(as_bytes("c"));
  EXPECT_EQ(hash.digest(), copy.digest());
  EXPECT_EQ(copy.digest(), sha256(as_bytes("abc")));
}

TEST(Hmac, Rfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, 0x0b), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(131, 0xaa), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(to_hex(hmac_sha256({}, {})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Crc32c, KnownVectors) {
  EXPECT_EQ(crc32c({}), 0u);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
  // RFC 3720, B.4
  EXPECT_EQ(crc32c(Bytes(32, 0x00)), 0x8a9136aau);
  EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43u);
}

TEST(Crc32c, ProcessorAndPortableCodeAgreeOnEveryLengthAndAlignment) {
  const Bytes bytes = random_bytes(100'000);
  for (const std::size_t size :
       {0u, 1u, 7u, 8u, 9u, 63u, 511u, 1535u, 1536u, 1537u, 8192u, 24575u, 24576u, 24577u, 70'001u}) {
    for (std::size_t from = 0; from < 9; ++from) {
      const ByteView piece = ByteView(bytes).subspan(from, size);
      EXPECT_EQ(crc32c(piece), detail::crc32c_portable(piece)) << size << " from " << from;
    }
  }
}

TEST(Crc32c, ContinuesAndCombines) {
  const Bytes bytes = random_bytes(50'000);
  for (const std::size_t cut : {0u, 1u, 100u, 8192u, 49'999u, 50'000u}) {
    const ByteView a = ByteView(bytes).first(cut), b = ByteView(bytes).subspan(cut);
    EXPECT_EQ(crc32c(b, crc32c(a)), crc32c(bytes));
    EXPECT_EQ(crc32c_combine(crc32c(a), crc32c(b), b.size()), crc32c(bytes));
  }
}

TEST(Crc32c, AJoinerDoesWhatCombineDoes) {
  const Bytes a = Bytes(1000, 0x5a), b = Bytes(8192, 0xa5);
  EXPECT_EQ(Crc32cJoiner(b.size()).join(crc32c(a), crc32c(b)), crc32c_combine(crc32c(a), crc32c(b), b.size()));
  EXPECT_EQ(Crc32cJoiner(b.size()).join(0, crc32c(b)), crc32c(b)) << "nothing came before";
  EXPECT_EQ(Crc32cJoiner(0).join(crc32c(a), 0), crc32c(a)) << "nothing follows";
}

TEST(Crc32c, Zeros) {
  for (const std::size_t size : {0u, 1u, 5u, 8192u, 100'000u})
    EXPECT_EQ(crc32c_zeros(size), crc32c(Bytes(size))) << size;
  // More than 4 GiB: the same as two halves put together.
  const std::uint64_t half = 5'000'000'000;
  EXPECT_EQ(crc32c_zeros(2 * half), crc32c_combine(crc32c_zeros(half), crc32c_zeros(half), half));
}

TEST(Xxh3, KnownVectors) {
  EXPECT_EQ(xxh3_64({}), 0x2d06800538d394c2u);
  EXPECT_NE(xxh3_64(Bytes(8192)), xxh3_64(Bytes(8191)));
}

TEST(Base64, Rfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"},
                                                                   {"\xfb\xff\xbf", "+/+/"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), text);
    EXPECT_EQ(value_or_throw(from_base64(text)), to_bytes(as_bytes(plain)));
  }
}

TEST(Base64, RefusesWhatNoEncoderWrites) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg==Zg==", "====", "Z===", "Zh==", "Zm9=", "Zm 9", "Zm9-",
                                      "Z=9v", "Zm=v", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Base64, RoundTripsEveryLength) {
  for (std::size_t size = 0; size < 70; ++size) {
    const Bytes bytes = random_bytes(size);
    EXPECT_EQ(value_or_throw(from_base64(to_base64(bytes))), bytes);
  }
}

}  // namespace
}  // namespace owl::codec
