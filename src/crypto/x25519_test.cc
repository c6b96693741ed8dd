#include "crypto/x25519.h"

#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

// RFC 7748 §6.1
constexpr std::string_view alice_private = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
constexpr std::string_view alice_public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
constexpr std::string_view bob_private = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
constexpr std::string_view bob_public = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
constexpr std::string_view shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

TEST(X25519, GivesTheVectorsOfRfc7748) {
  EXPECT_EQ(to_hex(x25519_public(secret(alice_private))), alice_public);
  EXPECT_EQ(to_hex(x25519_public(secret(bob_private))), bob_public);
  EXPECT_EQ(to_hex(x25519_shared(secret(alice_private), hex_array<32>(bob_public)).view()), shared);
  EXPECT_EQ(to_hex(x25519_shared(secret(bob_private), hex_array<32>(alice_public)).view()), shared);
}

TEST(X25519, GeneratesAPairThatFits) {
  CountingRandom random(7);
  const auto pair = generate_x25519(random);
  EXPECT_TRUE(equal(pair.private_key.view(), counting<32>(7)));
  EXPECT_EQ(pair.public_key, x25519_public(pair.private_key));
}

TEST(X25519, RefusesPointsOfSmallOrder) {
  // They give the same secret, zero, to everybody.
  for (const auto* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    const auto error = error_of([&] { (void)x25519_shared(secret(alice_private), hex_array<32>(point)); });
    EXPECT_EQ(error.kind(), ErrorKind::integrity) << point;
  }
}

}  // namespace
}  // namespace owl::crypto
