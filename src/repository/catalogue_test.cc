#include "repository/catalogue.h"

#include "crypto/sealed_object.h"
#include "repository/manifest_list.h"
#include "repository/source_id.h"
#include "repository/test_samples.h"
#include "repository/test_support.h"

namespace owl::repository {
namespace {

using namespace std::chrono_literals;
using storage::error_of;
using test::Bench;
using test::Operation;
using test::some_blobs;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CatalogueTest : public testing::Test {
 protected:
  void put_void(const std::string& store, const std::string& key) {
    bench.raw(store).overwrite(
        key, crypto::seal_object(bench.keys.current(), bench.keys.repository, crypto::ObjectType::void_marker, key,
                                 serialize(test::sample_void()), bench.random));
  }
  static BackupEntry entry(const std::string& kind, const std::string& name_id, std::int64_t day, std::uint8_t first) {
    return {{kind, name_id, {day * 86'400'000'000}, crypto::counting<16>(first)}, "", {}, {}, 0};
  }

  Bench bench;
  StoreSet set = bench.stores();
};

TEST_F(CatalogueTest, ListsEveryStoresBackupsOldestFirst) {
  const auto first = bench.back_up(some_blobs(1)).committed;
  bench.clock.advance(1h);
  bench.hooks.before = [](const Operation& operation) {
    if (operation.store == "a" && operation.verb == "put") throw Error(ErrorKind::disk_full, "full");
  };
  const auto second = bench.back_up(some_blobs(1)).committed;
  bench.hooks.before = {};
  const auto entries = list_backups(set);
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].path, first.key);
  EXPECT_THAT(entries[0].stores, ElementsAre("a", "b"));
  EXPECT_GT(entries[0].manifest_size, 100U);
  EXPECT_EQ(entries[1].path, second.key);
  EXPECT_THAT(entries[1].stores, ElementsAre("b"));
  EXPECT_THAT(list_backups(set, "files"), IsEmpty());
  EXPECT_THAT(list_backups(set, "cluster"), SizeIs(2));
}

TEST_F(CatalogueTest, AStoreThatCanNotBeReachedIsLeftOutWithAWarning) {
  bench.back_up(some_blobs(1));
  bench.hooks.before = [](const Operation& operation) {
    if (operation.store == "a") throw Error(ErrorKind::unreachable, "down");
  };
  const auto entries = list_backups(set);
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_THAT(entries[0].stores, ElementsAre("b"));
  EXPECT_THAT(bench.monitor.warnings(), SizeIs(1));
}

TEST_F(CatalogueTest, VoidsAndForeignNamesAreNotListed) {
  put_void("a", test::sample_manifest_key);
  bench.raw("a").overwrite("backups/README", {});
  bench.raw("a").overwrite("backups/cluster/x/y", Bytes(10));
  EXPECT_THAT(list_backups(set), IsEmpty());
}

TEST_F(CatalogueTest, ASmallObjectThatIsNoVoidIsListed) {
  bench.raw("a").overwrite(test::sample_manifest_key, Bytes(20));
  const auto entries = list_backups(set);
  ASSERT_THAT(entries, SizeIs(1)) << "damage must not hide a backup";
  EXPECT_EQ(error_of([&] { load_manifest(set, bench.keys, entries[0]); }).kind(), ErrorKind::integrity);
}

TEST_F(CatalogueTest, LoadsFromTheFirstStoreThatHasItWhole) {
  const auto committed = bench.back_up(some_blobs(2)).committed;
  const auto listed = list_backups(set).front();
  bench.raw("a").overwrite(committed.key, Bytes(500, 'x'));
  const auto loaded = load_manifest(set, bench.keys, listed);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->digest, committed.digest);
  EXPECT_EQ(loaded->manifest.name, "testdb");
  bench.raw("b").remove(committed.key, {});
  const auto error = error_of([&] { load_manifest(set, bench.keys, listed); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_THAT(error.what(), HasSubstr("store b"));
}

TEST_F(CatalogueTest, AVoidInOneStoreDoesNotHideTheManifestInAnother) {
  const auto committed = bench.back_up(some_blobs(2)).committed;
  const auto listed = list_backups(set).front();
  put_void("a", committed.key);
  const auto loaded = load_manifest(set, bench.keys, listed);
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->stores, ElementsAre("b"));
  put_void("b", committed.key);
  EXPECT_FALSE(load_manifest(set, bench.keys, listed));
}

TEST_F(CatalogueTest, AManifestServedForAnotherIsRefused) {
  const auto first = bench.back_up(some_blobs(1)).committed;
  bench.clock.advance(1h);
  const auto second = bench.back_up(some_blobs(2)).committed;
  for (const auto* store : {"a", "b"}) bench.raw(store).overwrite(second.key, *bench.raw(store).get(first.key, {}));
  EXPECT_EQ(error_of([&] { load_manifest(set, bench.keys, list_backups(set)[1]); }).kind(), ErrorKind::integrity);
}

TEST_F(CatalogueTest, TheYoungerOfTwoCopiesDoesNotMakeABackupYounger) {
  const auto committed = bench.back_up(some_blobs(1)).committed;
  const auto stored_at = list_backups(set)[0].modified;
  bench.clock.advance(24h);
  bench.raw("b").overwrite(committed.key, *bench.raw("a").get(committed.key, {}));
  EXPECT_EQ(list_backups(set)[0].modified, stored_at);
}

TEST_F(CatalogueTest, FindsByPrefixAndByLatest) {
  const auto id = name_ids(bench.keys, "files", "assets")[0];
  const std::vector<BackupEntry> entries{entry("cluster", "00112233aabbccdd", 1, 0x10), entry("files", id, 2, 0x20),
                                         entry("cluster", "ffff2233aabbccdd", 3, 0x11)};
  const auto found = [&](const std::string& text) {
    return find_backup(entries, text, bench.keys).key.start.micros / 86'400'000'000;
  };
  EXPECT_EQ(found("1011"), 1);
  EXPECT_EQ(found("20"), 2);
  EXPECT_EQ(found("1112131415"), 3);
  EXPECT_EQ(found("latest"), 3);
  EXPECT_EQ(found("latest:files"), 2);
  EXPECT_EQ(found("latest:cluster"), 3);
  EXPECT_EQ(found("latest:files/assets"), 2);
  EXPECT_EQ(short_id(entries[0]), "10111213");
}

TEST_F(CatalogueTest, SaysWhatThereIsWhereNothingFits) {
  const std::vector<BackupEntry> entries{entry("cluster", "00112233aabbccdd", 1, 0x10),
                                         entry("cluster", "00112233aabbccdd", 3, 0x11)};
  const auto missing = error_of([&] { find_backup(entries, "77", bench.keys); });
  EXPECT_EQ(missing.kind(), ErrorKind::not_found);
  EXPECT_STREQ(missing.what(),
               "there is no backup \"77\": there are 10111213 (cluster of 1970-01-02T00:00:00Z), 11121314 "
               "(cluster of 1970-01-04T00:00:00Z)");
  const auto ambiguous = error_of([&] { find_backup(entries, "1", bench.keys); });
  EXPECT_EQ(ambiguous.kind(), ErrorKind::usage);
  EXPECT_THAT(ambiguous.what(), HasSubstr("\"1\" could be several backups: there are 10111213"));
  EXPECT_EQ(error_of([&] { find_backup({}, "latest", bench.keys); }).kind(), ErrorKind::not_found);
  EXPECT_EQ(error_of([&] { find_backup(entries, "latest:dump", bench.keys); }).kind(), ErrorKind::not_found);
  EXPECT_EQ(error_of([&] { find_backup(entries, "", bench.keys); }).kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace owl::repository
