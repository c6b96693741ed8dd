#include "repository/blob_reader.h"

#include <algorithm>
#include <array>

#include "concurrency/task_group.h"
#include "crypto/sealed_object.h"
#include "repository/directory_cache.h"
#include "repository/read_ranges.h"
#include "repository/test_samples.h"
#include "repository/test_support.h"

namespace owl::repository {
namespace {

using storage::error_of;
using test::Bench;
using test::Operation;
using test::some_blobs;
using testing::ElementsAre;
using testing::HasSubstr;

class BlobReaderTest : public testing::Test {
 protected:
  /// One pack with all the blobs, in stores a and b.
  BlobReaderTest() {
    auto session_stores = bench.stores();
    auto options = bench.options();
    options.pack_bytes = 32u << 20;
    BackupSession session(session_stores, bench.keys, options, bench.clock, bench.random, bench.monitor, {});
    crypto::Namer namer(bench.keys.writer_naming);
    for (const auto& blob : blobs) {
      Bytes stored(codec::ZstdEncoder::bound(blob.size()));
      const auto encoded = codec::ZstdEncoder(3).encode(blob, stored);
      names.push_back(namer.name(crypto::BlobKind::bytes, blob));
      const auto ref = session.append(crypto::BlobKind::bytes, names.back(), encoded.codec,
                                      ByteView(stored).first(encoded.size), static_cast<std::uint32_t>(blob.size()));
      number = ref.pack;
    }
    session.flush_data();
    pack = session.pack(number);
    key = keys::pack(pack);
  }

  void damage(const std::string& store, std::size_t at) {
    auto bytes = *bench.raw(store).get(key, {});
    bytes.at(at) ^= 1;
    bench.raw(store).overwrite(key, bytes);
  }
  std::uint64_t offset_of(BlobReader& reader, std::size_t entry) { return reader.directory(pack)->offsets().at(entry); }

  std::vector<Bytes> read(BlobReader& reader, std::vector<std::uint32_t> entries) {
    std::vector<Bytes> out;
    reader.read(pack, entries, [&](std::uint32_t entry, ByteView plain) {
      EXPECT_EQ(entry, entries.at(out.size()));
      out.push_back(to_bytes(plain));
    });
    return out;
  }

  Bench bench;
  StoreSet set = bench.stores();
  const std::vector<Bytes> blobs = [] {
    auto all = some_blobs(6, 200'000);
    all.push_back(Bytes(1 << 20, 'z'));
    return all;
  }();
  std::vector<crypto::BlobName> names;
  std::uint32_t number = 0;
  PackRef pack;
  std::string key;
};

TEST_F(BlobReaderTest, ReadsWhatWasStored) {
  BlobReader reader(set, bench.keys, bench.secrets);
  EXPECT_THAT(read(reader, {0, 1, 2, 3, 4, 5, 6}), testing::ElementsAreArray(blobs));
  EXPECT_THAT(read(reader, {1, 5}), ElementsAre(blobs[1], blobs[5]));
  EXPECT_EQ(reader.read_one(pack, 6, names[6]), blobs[6]);
}

TEST_F(BlobReaderTest, JoinsNeighboursIntoOneRequest) {
  std::vector<Operation> operations;
  bench.hooks.after = [&](const Operation& operation) { operations.push_back(operation); };
  BlobReader reader(set, bench.keys, bench.secrets);
  read(reader, {0, 1, 3});  // 2 lies between them: less than 256 KiB
  EXPECT_EQ(operations.size(), 2U) << "the directory, and one range";
  operations.clear();
  read(reader, {0, 3});  // two blobs lie between them: more than 256 KiB
  EXPECT_EQ(operations.size(), 2U) << "two ranges; the directory is kept";
  const auto directory = reader.directory(pack);
  const auto offsets = directory->offsets();
  EXPECT_EQ(reader.planned_bytes(*directory, std::array{0U, 1U, 3U}), offsets[4] - offsets[0]);
  EXPECT_EQ(reader.planned_bytes(*directory, std::array{0U, 3U}), offsets[1] - offsets[0] + offsets[4] - offsets[3]);
}

TEST_F(BlobReaderTest, ADamagedBlobComesFromTheOtherStore) {
  BlobReader reader(set, bench.keys, bench.secrets);
  damage("a", offset_of(reader, 2) + 5);
  damage("b", offset_of(reader, 3) + 5);
  EXPECT_THAT(read(reader, {0, 1, 2, 3, 4}), ElementsAre(blobs[0], blobs[1], blobs[2], blobs[3], blobs[4]));
}

TEST_F(BlobReaderTest, ABlobThatIsDamagedEverywhereIsNamed) {
  BlobReader reader(set, bench.keys, bench.secrets);
  const auto at = offset_of(reader, 2) + 5;
  damage("a", at);
  damage("b", at);
  std::vector<std::uint32_t> taken;
  const auto error = error_of([&] {
    reader.read(pack, std::array{1U, 2U, 3U}, [&](std::uint32_t entry, ByteView) { taken.push_back(entry); });
  });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_THAT(error.what(), AllOf(HasSubstr(key), HasSubstr("store a"), HasSubstr("store b"), HasSubstr("blob 2")));
  EXPECT_THAT(taken, ElementsAre(1)) << "nothing that is not whole is given out";
}

TEST_F(BlobReaderTest, EveryFlippedBitOfABlobIsNoticed) {
  Bench one({"a"});
  const auto small = some_blobs(1, 40);
  one.back_up(small);
  const auto small_key = one.keys_in("a", "packs/d/").front();
  const auto whole = *one.raw("a").get(small_key, {});
  crypto::for_each_flipped_bit(whole, [&](const Bytes& damaged, const std::string& what) {
    one.raw("a").overwrite(small_key, damaged);
    try {
      EXPECT_THAT(one.read_all(), ElementsAre(small)) << what;  // only the header, which nobody needs, may differ
      EXPECT_THAT(what, testing::MatchesRegex("bit . of byte ([0-9]|1[0-5])"));
    } catch (const Error& error) {
      // A version or an epoch that there is not may be what it says: of another program, of a key that is not at hand.
      EXPECT_THAT(error.kind(), testing::AnyOf(ErrorKind::integrity, ErrorKind::unsupported, ErrorKind::no_key))
          << what << ": " << error.what();
    }
  });
}

TEST_F(BlobReaderTest, APackThatIsCutShortOrGoneComesFromTheOtherStore) {
  auto bytes = *bench.raw("a").get(key, {});
  bytes.resize(bytes.size() / 2);
  bench.raw("a").overwrite(key, bytes);
  BlobReader reader(set, bench.keys, bench.secrets);
  EXPECT_THAT(read(reader, {0, 5}), ElementsAre(blobs[0], blobs[5]));
  bench.raw("a").remove(key, {});
  EXPECT_THAT(read(reader, {0, 5}), ElementsAre(blobs[0], blobs[5]));
  bench.raw("b").remove(key, {});
  const auto error = error_of([&] { read(reader, {0}); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("store a lacks " + key), HasSubstr("store b lacks " + key)));
}

TEST_F(BlobReaderTest, AStoreThatCanNotBeReachedIsPassedOver) {
  bench.hooks.before = [](const Operation& operation) {
    if (operation.store == "a") throw Error(ErrorKind::unreachable, "down");
  };
  BlobReader reader(set, bench.keys, bench.secrets);
  EXPECT_THAT(read(reader, {0, 5}), ElementsAre(blobs[0], blobs[5]));
}

TEST_F(BlobReaderTest, ADirectoryThatIsDamagedComesFromTheOtherStore) {
  damage("a", pack.size - pack_trailer_size - 3);
  BlobReader reader(set, bench.keys, bench.secrets);
  EXPECT_THAT(read(reader, {0}), ElementsAre(blobs[0]));
  damage("b", pack.size - 1);
  BlobReader fresh(set, bench.keys, bench.secrets);
  EXPECT_THAT(error_of([&] { fresh.directory(pack); }).what(), AllOf(HasSubstr(key), HasSubstr("store b")));
}

TEST_F(BlobReaderTest, AReferenceWithTheWrongNameIsRefused) {
  BlobReader reader(set, bench.keys, bench.secrets);
  EXPECT_EQ(error_of([&] { reader.read_one(pack, 0, names[1]); }).kind(), ErrorKind::integrity);
  EXPECT_EQ(error_of([&] { reader.read_one(pack, 99, names[0]); }).kind(), ErrorKind::integrity);
  EXPECT_EQ(error_of([&] { read(reader, {99}); }).kind(), ErrorKind::integrity);
  auto wrong = pack;
  wrong.directory_size += 1;
  BlobReader fresh(set, bench.keys, bench.secrets);
  EXPECT_EQ(error_of([&] { fresh.directory(wrong); }).kind(), ErrorKind::integrity);
}

TEST_F(BlobReaderTest, WithoutThePrivateKeyOnlyMetadataOpens) {
  BlobReader reader(set, bench.keys, {});
  EXPECT_EQ(reader.directory(pack)->entries.size(), blobs.size());
  EXPECT_EQ(error_of([&] { read(reader, {0}); }).kind(), ErrorKind::no_key);
  bench.back_up(some_blobs(2));
  const auto entry = list_backups(set).front();
  const auto manifest = load_manifest(set, bench.keys, entry)->manifest;
  const auto& leaf = manifest.leaves.front();
  EXPECT_FALSE(reader.read_one(manifest.packs[leaf.pack], leaf.entry, leaf.name).empty());
}

TEST_F(BlobReaderTest, AWriterThatLiesAboutANameIsNoticed) {
  auto names_lie = bench.stores();
  BackupSession session(names_lie, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
  const auto ref = session.append(crypto::BlobKind::bytes, names[0], codec::Codec::stored, Bytes(10, 'p'), 10);
  session.flush_data();
  BlobReader reader(set, bench.keys, bench.secrets);
  const auto error = error_of([&] { reader.read_one(session.pack(ref.pack), ref.entry, names[0]); });
  EXPECT_THAT(error.what(), HasSubstr("its content is not what its name says"));
}

TEST_F(BlobReaderTest, WhatTheTakerThrowsIsNoStoresFault) {
  BlobReader reader(set, bench.keys, bench.secrets);
  int calls = 0;
  const auto error = error_of([&] {
    reader.read(pack, std::array{0U, 1U}, [&](std::uint32_t, ByteView) {
      ++calls;
      throw Error(ErrorKind::disk_full, "the target is full");
    });
  });
  EXPECT_EQ(error.kind(), ErrorKind::disk_full);
  EXPECT_EQ(calls, 1);
}

TEST_F(BlobReaderTest, ManyThreadsReadAtOnce) {
  BlobReader reader(set, bench.keys, bench.secrets);
  parallel_for(40, 8, {}, [&](std::size_t i, const std::stop_token&) {
    const auto entry = static_cast<std::uint32_t>(i % blobs.size());
    EXPECT_EQ(reader.read_one(pack, entry, names[entry]), blobs[entry]);
  });
}

PackEntry entry_of(std::uint32_t stored_size) {
  PackEntry entry;
  entry.stored_size = stored_size;
  return entry;
}

TEST(ReadRanges, StayWithinEightMebibytes) {
  PackDirectory directory;
  for (std::uint32_t i = 0; i < 20; ++i) directory.entries.push_back(entry_of(1 << 20));
  directory.entries.push_back(entry_of(20 << 20));
  std::vector<std::uint32_t> all(21);
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto ranges = plan_ranges(directory, all);
  ASSERT_EQ(ranges.size(), 4U);
  std::size_t next = 0;
  for (const auto& range : ranges) {
    EXPECT_EQ(range.first, next);
    next += range.count;
    EXPECT_TRUE(range.length <= 8 << 20 || range.count == 1);
  }
  EXPECT_EQ(next, all.size());
}

TEST(DirectoryCache, ForgetsWhatWasUsedLongestAgo) {
  DirectoryCache cache(64u << 20);
  const auto id_of = [](int i) {
    PackId id{};
    id[0] = static_cast<std::uint8_t>(i);
    id[1] = static_cast<std::uint8_t>(i >> 8);
    return id;
  };
  for (int i = 0; i < 300; ++i) {
    cache.add(id_of(i), std::make_shared<PackDirectory>());
    EXPECT_TRUE(cache.find(id_of(0)));
  }
  EXPECT_FALSE(cache.find(id_of(1)));
  EXPECT_TRUE(cache.find(id_of(299)));
  auto large = std::make_shared<PackDirectory>();
  large->entries.resize((80u << 20) / sizeof(PackEntry));
  cache.add(id_of(400), large);
  EXPECT_TRUE(cache.find(id_of(400))) << "one is always kept";
  EXPECT_FALSE(cache.find(id_of(299)));
}

}  // namespace
}  // namespace owl::repository
