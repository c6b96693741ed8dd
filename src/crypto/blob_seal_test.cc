#include "crypto/blob_seal.h"

#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

using Kind = SealContextRecord::Kind;

BlobIdentity leaf() {
  return {258, counting<16>(0x30), BlobKind::metadata, codec::Codec::zstd, 9, 4};
}
BlobIdentity page() {
  return {258, counting<16>(0x30), BlobKind::pages, codec::Codec::stored, 4, 4};
}

NewSealContext new_context(Kind kind) {
  CountingRandom random;
  return new_seal_context(test_host_keys(), kind, random);
}

BlobSealer reopened(const SealContextRecord& record) {
  const std::vector<EpochSecrets> secrets{test_secrets(2), test_secrets(1)};
  return record.kind == Kind::data ? open_data_context(secrets, record)
                                   : open_metadata_context(test_host_keys(), record);
}

Bytes seal(BlobSealer& sealer, const BlobIdentity& identity, std::string_view stored) {
  Bytes out(stored.size() + gcm_tag_size);
  sealer.seal(identity, as_bytes(stored), out);
  return out;
}

TEST(BlobSeal, MetadataIsTheDocumentedBytes) {
  auto context = new_context(Kind::metadata);
  EXPECT_EQ(context.record.id, counting<16>(0));
  EXPECT_EQ(context.record.epoch, 1);
  EXPECT_TRUE(all_zero(context.record.encapsulated_key));
  EXPECT_EQ(to_hex(seal(context.sealer, leaf(), "leaf")), "c49e92c2e2f378a79872902adb98553538762dc2");
}

TEST(BlobSeal, DataIsTheDocumentedBytes) {
  auto context = new_context(Kind::data);
  EXPECT_EQ(to_hex(context.record.encapsulated_key),
            "d89e3bad79437dbed9f843418304f460ff05c7fe81fe4a9577a804cb9367ff66");
  EXPECT_EQ(to_hex(seal(context.sealer, page(), "page")), "721d044892d246802b96db8e270541dfcc76e5a5");
}

class BlobSealOfEachKind : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, BlobSealOfEachKind, testing::Values(Kind::data, Kind::metadata));

TEST_P(BlobSealOfEachKind, OpensFromTheRecord) {
  auto context = new_context(GetParam());
  const Bytes sealed = seal(context.sealer, page(), "page");
  auto opener = reopened(context.record);
  Bytes stored(4);
  EXPECT_TRUE(opener.open(page(), sealed, stored));
  EXPECT_EQ(as_text(stored), "page");
}

TEST_P(BlobSealOfEachKind, ACloneSealsAlike) {
  auto context = new_context(GetParam());
  auto clone = context.sealer.clone();
  EXPECT_EQ(seal(clone, page(), "page"), seal(context.sealer, page(), "page"));
}

TEST_P(BlobSealOfEachKind, SealsInPlace) {
  auto context = new_context(GetParam());
  Bytes buffer = bytes_of("page");
  buffer.resize(buffer.size() + gcm_tag_size);
  context.sealer.seal(page(), ByteView(buffer).first(4), buffer);
  EXPECT_EQ(buffer, seal(context.sealer, page(), "page"));
}

TEST_P(BlobSealOfEachKind, EveryPartOfTheIdentityIsBound) {
  auto context = new_context(GetParam());
  const Bytes sealed = seal(context.sealer, page(), "page");
  std::vector<BlobIdentity> others(5, page());
  others[0].counter ^= 1;
  others[1].name[15] ^= 1;
  others[2].kind = BlobKind::bytes;
  others[3].codec = codec::Codec::zstd;
  others[4].plain_size = 5;
  Bytes stored(4, 0xff);
  for (const auto& other : others) EXPECT_FALSE(context.sealer.open(other, sealed, stored));
  EXPECT_TRUE(all_zero(stored));
}

TEST_P(BlobSealOfEachKind, EveryFlippedBitAndEveryTruncationIsRefused) {
  auto context = new_context(GetParam());
  auto opener = reopened(context.record);
  const Bytes sealed = seal(context.sealer, page(), "page");
  const auto refused = [&](const Bytes& damaged, const std::string& what) {
    Bytes stored(4);
    EXPECT_FALSE(opener.open(page(), damaged, stored)) << what;
  };
  for_each_flipped_bit(sealed, refused);
  for_each_truncation(sealed, refused);
}

TEST_P(BlobSealOfEachKind, AChangedRecordOpensNothing) {
  auto context = new_context(GetParam());
  const Bytes sealed = seal(context.sealer, page(), "page");
  auto record = context.record;
  record.id[0] ^= 1;
  Bytes stored(4);
  EXPECT_FALSE(reopened(record).open(page(), sealed, stored));
}

TEST(BlobSeal, ContextsNeverShareAKey) {
  CountingRandom random;
  const auto keys = test_host_keys();
  for (const auto kind : {Kind::data, Kind::metadata}) {
    auto one = new_seal_context(keys, kind, random), two = new_seal_context(keys, kind, random);
    EXPECT_NE(seal(one.sealer, page(), "page"), seal(two.sealer, page(), "page"));
  }
}

TEST(BlobSeal, DataNeedsThePrivateKeyAndMetadataM) {
  const auto data = new_context(Kind::data), metadata = new_context(Kind::metadata);
  const std::vector<EpochSecrets> other{test_secrets(2)};
  const auto no_private = error_of([&] { (void)open_data_context(other, data.record); });
  EXPECT_EQ(no_private.kind(), ErrorKind::no_key);
  EXPECT_EQ(no_private.message(), "the secrets of epoch 1 are not at hand");
  const auto no_m = error_of([&] { (void)open_metadata_context(test_host_keys(2), metadata.record); });
  EXPECT_EQ(no_m.kind(), ErrorKind::no_key);
  EXPECT_THAT(no_m.message(), testing::HasSubstr("epoch 1"));
}

TEST(BlobSeal, WhoeverLacksMCannotForgeData) {
  // The public key alone: another M gives another pre-shared key.
  CountingRandom random;
  auto forger = test_host_keys();
  forger.epochs[0].m = SecretKey(counting<32>(0));
  auto forged = new_seal_context(forger, Kind::data, random);
  Bytes stored(4);
  EXPECT_FALSE(reopened(forged.record).open(page(), seal(forged.sealer, page(), "evil"), stored));
}

TEST(BlobSeal, TheTwoKindsAreNotMistakenForEachOther) {
  const auto data = new_context(Kind::data), metadata = new_context(Kind::metadata);
  const std::vector<EpochSecrets> secrets{test_secrets()};
  EXPECT_EQ(error_of([&] { (void)open_metadata_context(test_host_keys(), data.record); }).kind(), ErrorKind::integrity);
  EXPECT_EQ(error_of([&] { (void)open_data_context(secrets, metadata.record); }).kind(), ErrorKind::integrity);
}

}  // namespace
}  // namespace owl::crypto
