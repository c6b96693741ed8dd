#include "crypto/keys.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

std::string hex_of_all(const NamingKeys& keys) {
  return to_hex(keys.gmac.view()) + to_hex(keys.prf.view()) + to_hex(keys.hmac.view());
}

TEST(DeriveMetadataKeys, GivesTheDocumentedKeys) {
  const auto keys = derive_metadata_keys(test_secrets().m);
  EXPECT_EQ(to_hex(keys.seal.view()), "0020a2b39b672efd9709b52ab1c19d7664046100318fd7c67db271c6965b0c9f");
  EXPECT_EQ(to_hex(keys.mac.view()), "7969309c25693d51fa26535b918e1c279d9cd08b29af36ad997c2c6257a87e5b");
  EXPECT_EQ(to_hex(keys.tag.view()), "dde15743c0a767e997f26ea9ad42c7e70a8b80059cb99bf14490c90c0f1fc09c");
  EXPECT_EQ(to_hex(keys.psk.view()), "9fac445fd6e9e39aa5bcb1e254bdb9271d12f9476496b0190243b0a4cf0bf043");
  EXPECT_EQ(to_hex(keys.commitment), "6f27bde052019303db81ffde18417f80debfb284b775ccec3bac3cf43bbf5dd8");
}

TEST(DeriveNaming, GivesTheDocumentedKeys) {
  EXPECT_EQ(hex_of_all(derive_writer_naming(test_secrets().h, counting<8>(0xa0))),
            "fe54882d4188a1e693fe0a922b7cf7811557bcf926004bcff8269eff4bab4eda"
            "59e62f1dc48a1afbf6ccd7e1a6bdd1df552b06a9b6a782ff924f4ae6147f77fe"
            "4d562b0509a9a959485c9521c3fc8592844faa64c21d1b25d9a49048b00fac2e");
  EXPECT_EQ(hex_of_all(derive_wal_naming(test_secrets().h)),
            "0c3af971a25b6f92c6f9c8918bdae0d4292522fb6432978a0784d70e77be7431"
            "d03d71003d7d2d9344156f8e9d1952cc8df84839bc2f9cc69795d2450f879a04"
            "d51aaa96fbf05431f79e67dcf1ed9c3f62e834f8fa3e93bba9ac18dcfefff83f");
}

TEST(DeriveNaming, EachWriterHasItsOwn) {
  const auto h = test_secrets().h;
  EXPECT_NE(hex_of_all(derive_writer_naming(h, counting<8>(1))), hex_of_all(derive_writer_naming(h, counting<8>(2))));
}

}  // namespace
}  // namespace owl::crypto
