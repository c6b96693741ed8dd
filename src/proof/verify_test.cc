#include "proof/verify.h"

#include "proof/test_support.h"

namespace owl::proof {
namespace {

using repository::test::Operation;
using test::short_of;
using test::VerifyTest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(VerifyTest, FindsNothingWhereNothingIsWrong) {
  back_up(files);
  back_up(files);
  VerifyOptions with_data;
  with_data.data = true;
  with_data.secrets = bench.secrets;
  for (const auto& options : {VerifyOptions{}, with_data}) {
    const auto result = verify_all(options);
    EXPECT_THAT(result.damages, IsEmpty());
    EXPECT_EQ(result.manifests, 4U) << "two in each store";
    EXPECT_EQ(result.packs, 2 * bench.keys_in("a", "packs/").size());
    EXPECT_EQ(result.wal_objects, 2U);
    EXPECT_GE(result.own_objects, 2U * (5 + 1 + 4)) << "of init, an index, two leases with their ends";
    EXPECT_EQ(result.blobs > 0, options.data);
  }
  EXPECT_THAT(bench.monitor.warnings(), IsEmpty());
}

TEST_F(VerifyTest, APackTakesDownEachBackupThatReliesOnIt) {
  const auto first = back_up(files), second = back_up(files);
  const auto other = back_up(repository::test::some_blobs(1, 3000, 9));
  const auto pack = first_in("packs/d/");
  const auto whole = *bench.raw("a").get(pack, {});
  const auto check = [&](const std::string& what) {
    const auto damages = verify_all().damages;
    ASSERT_THAT(damages, SizeIs(1)) << what;
    EXPECT_EQ(short_of(damages[0]), "a " + pack + ": " + what);
    const bool of_others = damages[0].backups == std::vector{other.key};
    if (!of_others) {
      EXPECT_THAT(damages[0].backups, ElementsAre(first.key, second.key));
    }
  };
  flip("a", pack, 100);
  check("the pack's bytes are not those that its id names");
  bench.raw("a").overwrite(pack, Bytes(whole.begin(), whole.end() - 1));
  check(fmt::format("the pack has {} bytes instead of {}", whole.size() - 1, whole.size()));
  bench.raw("a").remove(pack, {});
  check("the pack is missing");
}

TEST_F(VerifyTest, AFileListsPackIsToldOnceHoweverManyBackupsShareIt) {
  const auto first = back_up(files), second = back_up(files);
  const auto packs = bench.keys_in("a", "packs/m/");
  ASSERT_THAT(packs, SizeIs(1)) << "the same leaf";
  flip("a", packs[0], 40);
  const auto damages = verify_all().damages;
  ASSERT_THAT(damages, SizeIs(1));
  EXPECT_THAT(damages[0].backups, ElementsAre(first.key, second.key));
}

TEST_F(VerifyTest, WalTakesDownTheBackupsThatNeedIt) {
  const auto made = back_up(files);
  flip("a", wal_key, 300);
  auto damages = verify_all().damages;
  ASSERT_THAT(damages, SizeIs(1));
  EXPECT_EQ(damages[0].object, wal_key);
  EXPECT_THAT(damages[0].backups, ElementsAre(made.key));
  bench.raw("a").remove(wal_key, {});
  damages = verify_all().damages;
  ASSERT_THAT(damages, SizeIs(1));
  EXPECT_EQ(short_of(damages[0]), "a " + wal_key + ": the WAL segment is missing");
  EXPECT_THAT(damages[0].backups, ElementsAre(made.key));
}

TEST_F(VerifyTest, WalThatNoBackupNeedsIsReadToo) {
  flip("b", wal_key, 300);
  const auto damages = verify_all().damages;
  ASSERT_THAT(damages, SizeIs(1));
  EXPECT_THAT(damages[0].backups, IsEmpty());
}

TEST_F(VerifyTest, AManifestThatIsDamagedIsOneFinding) {
  const auto made = back_up(files);
  back_up(files);
  flip("a", made.key, 200);
  const auto damages = verify_all().damages;
  ASSERT_THAT(damages, SizeIs(1));
  EXPECT_EQ(damages[0].object, made.key);
  EXPECT_THAT(damages[0].backups, ElementsAre(made.key));
}

TEST_F(VerifyTest, AForgedVoidDoesNotHideABackup) {
  const auto made = back_up(files);
  Bytes forged(100);
  std::ranges::copy(as_bytes("OWLM\x01\x02"), forged.begin());
  forged[8] = 1;  // the epoch
  bench.raw("a").overwrite(made.key, forged);
  EXPECT_THAT(found(), testing::Contains(HasSubstr("a " + made.key + ": ")));
}

TEST_F(VerifyTest, ABackupThatIsGoneIsFoundByWhatThisHostRemembers) {
  back_up(files);
  const auto second = back_up(files);
  back_up(files);
  bench.raw("a").remove(second.key, {});
  auto damages = verify_all().damages;
  ASSERT_THAT(damages, SizeIs(1));
  EXPECT_EQ(short_of(damages[0]),
            "a " + second.key + ": backup number 2 of cluster testdb is gone, which this host put there");
  EXPECT_EQ(damages[0].advice,
            "Store b still has it. If it was removed on purpose, remove heads.json from this host's state directory.");
  bench.raw("b").remove(second.key, {});
  damages = verify_all().damages;
  ASSERT_THAT(damages, SizeIs(2));
  EXPECT_THAT(damages[1].advice, HasSubstr("No store has it."));
}

TEST_F(VerifyTest, AStoreThatIsBehindIsAWarningAndNoDamage) {
  back_up(files);
  back_up(files, {"a"});
  EXPECT_THAT(verify_all().damages, IsEmpty());
  EXPECT_THAT(
      bench.monitor.warnings(),
      ElementsAre("store b is 1 backup behind in cluster testdb: the newest there is number 1, store a has number 2"));
}

TEST_F(VerifyTest, ChosenBackupsAreReadWithWhatTheyNeedAlone) {
  const auto first = back_up(files);
  back_up(repository::test::some_blobs(2, 3000, 9));
  auto stores = bench.raw_stores();
  std::vector<repository::BackupEntry> chosen;
  for (const auto& entry : repository::list_backups(stores)) {
    if (entry.path == first.key) chosen.push_back(entry);
  }
  const auto index = repository::list_backups(stores).at(1);
  VerifyOptions options;
  options.chosen = true;
  auto result = verify(chosen, stores, bench.keys, options, bench.monitor, {});
  EXPECT_THAT(result.damages, IsEmpty());
  EXPECT_EQ(result.manifests, 2U);
  EXPECT_LT(result.packs, 2 * bench.keys_in("a", "packs/").size());
  bench.raw("a").remove(index.path, {});
  EXPECT_THAT(verify(chosen, stores, bench.keys, options, bench.monitor, {}).damages, IsEmpty());
}

TEST_F(VerifyTest, ShardsTogetherReadEachObjectOnce) {
  back_up(repository::test::some_blobs(30));
  const auto whole = verify_all();
  VerifyResult sum;
  for (unsigned number = 1; number <= 3; ++number) {
    VerifyOptions options;
    options.shard = {number, 3};
    const auto part = verify_all(options);
    EXPECT_LT(part.packs, whole.packs);
    sum.packs += part.packs;
    sum.wal_objects += part.wal_objects;
    sum.bytes += part.bytes;
  }
  EXPECT_EQ(sum.packs, whole.packs);
  EXPECT_EQ(sum.wal_objects, whole.wal_objects);
  EXPECT_EQ(sum.bytes, whole.bytes);
}

TEST_F(VerifyTest, AStoreThatFailsOnTheWayDropsOutAndTheOtherIsVerified) {
  back_up(files);
  flip("b", wal_key, 300);
  bench.hooks.before = [](const Operation& operation) {
    if (operation.store == "a" && operation.key.starts_with("packs/")) throw Error(ErrorKind::unreachable, "no route");
  };
  EXPECT_THAT(found(), ElementsAre(HasSubstr("b " + wal_key)));
  EXPECT_THAT(bench.monitor.warnings(), testing::Contains("store a takes no further part in this run: no route"));
}

TEST_F(VerifyTest, DataFindsWhatTheIdsOfPacksCannot) {
  VerifyOptions options;
  options.data = true;
  options.secrets = bench.secrets;
  back_up(files);
  EXPECT_EQ(verify_all(options).blobs, 2 * (files.size() + 1)) << "and the file list";
  options.secrets.clear();
  EXPECT_THAT(verify_all(options).damages, testing::Not(IsEmpty())) << "no key opens them";
}

}  // namespace
}  // namespace owl::proof
