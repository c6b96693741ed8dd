#include "crypto/names.h"

#include <set>

#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

struct Golden {
  std::size_t size;
  std::string pages, bytes, metadata, wal;
};

const std::vector<Golden>& golden() {
  static const std::vector<Golden> all{
      {0, "e056230a6d2d1fef836d627b4ed96812", "89cd8e40ec6b690737fe9c081abdaf97", "55f75a5b164885dcd998b81dc9f2f82c",
       "4c09fedad8e8208342422e3d35d7e4b7"},
      {1, "9e344c4265f371481094788d204ee063", "569787beaa6410a7c1a95652b85ef03c", "df0f8f4f40e7b275a3ede1d4b2a12a28",
       "bc4747102cc97f76c34a303aed3d9830"},
      {16, "5243af79a0041f82d265c4fdb0d35c22", "cef52109e07d637b3b2b15ac63e72d28", "6c476edc64e91d61c43caadeb8c0da3b",
       "b4ec2b5e8f61f7164f50bac55a93ec32"},
      {8192, "03f22638d4d8e85d7ab238d85ad39eaf", "fa8cc051d4c35506cf70e14d57855646", "034919c5f23d666d5dc08a6b3c8143d3",
       "9b75660dfd34896b08d611df9977ab41"},
  };
  return all;
}

TEST(Namer, GivesTheDocumentedNames) {
  const auto keys = test_host_keys();
  Namer writer(keys.writer_naming), wal(keys.wal_naming);
  for (const auto& line : golden()) {
    const Bytes plain = sample(line.size);
    EXPECT_EQ(to_hex(writer.name(BlobKind::pages, plain)), line.pages) << line.size;
    EXPECT_EQ(to_hex(writer.name(BlobKind::bytes, plain)), line.bytes) << line.size;
    EXPECT_EQ(to_hex(writer.name(BlobKind::metadata, plain)), line.metadata) << line.size;
    EXPECT_EQ(to_hex(wal.name(BlobKind::wal, plain)), line.wal) << line.size;
  }
}

TEST(Namer, LengthIsPartOfTheName) {
  // GHASH pads with zeros: without the length these would be one.
  Namer namer(test_host_keys().writer_naming);
  std::set<BlobName> names;
  for (std::size_t size = 0; size <= 64; ++size) {
    const Bytes zeros(size);
    names.insert(namer.name(BlobKind::pages, zeros));
    names.insert(namer.name(BlobKind::bytes, zeros));
  }
  EXPECT_EQ(names.size(), 130);
}

TEST(Namer, KindAndKeyArePartOfTheName) {
  const auto secrets = test_secrets();
  const Bytes plain = sample(8192);
  std::set<BlobName> names;
  for (const auto& writer : {counting<8>(1), counting<8>(2)}) {
    Namer namer(derive_writer_naming(secrets.h, writer));
    for (const auto kind : {BlobKind::pages, BlobKind::bytes, BlobKind::metadata, BlobKind::wal}) {
      names.insert(namer.name(kind, plain));
    }
  }
  EXPECT_EQ(names.size(), 8);
}

TEST(Namer, EveryBitCounts) {
  Namer namer(test_host_keys().writer_naming);
  const Bytes plain = sample(100);
  for (const auto kind : {BlobKind::pages, BlobKind::bytes}) {
    const auto name = namer.name(kind, plain);
    for_each_flipped_bit(plain, [&](const Bytes& damaged, const std::string& what) {
      EXPECT_NE(namer.name(kind, damaged), name) << what;
    });
  }
}

TEST(Namer, ForgetsTheBlobBefore) {
  Namer namer(test_host_keys().writer_naming);
  for (int round = 0; round < 3; ++round) {
    for (const auto& line : golden()) {
      EXPECT_EQ(to_hex(namer.name(BlobKind::pages, sample(line.size))), line.pages);
      EXPECT_EQ(to_hex(namer.name(BlobKind::bytes, sample(line.size))), line.bytes);
    }
  }
}

TEST(PathId, StandsForAName) {
  const auto tag = derive_metadata_keys(test_secrets().m).tag;
  EXPECT_EQ(path_id(tag, "cluster", "main"), "fa7e77d18d372fa0");
  EXPECT_NE(path_id(tag, "clusterm", "ain"), "fa7e77d18d372fa0");
  EXPECT_NE(path_id(tag, "files", "main"), "fa7e77d18d372fa0");
}

}  // namespace
}  // namespace owl::crypto
