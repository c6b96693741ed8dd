#include "proof/test_support.h"
#include "repository/trash.h"
#include "wal/gap_acknowledgement.h"

namespace owl::proof {
namespace {

using repository::test::Bench;
using storage::error_of;
using test::VerifyTest;
using test::wrap_key;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST_F(VerifyTest, EveryBitOfTheRepositorysOwnObjectsCounts) {
  for (const auto& key : bench.keys_in("a", "")) {
    if (key == wal_key) continue;
    const auto whole = *bench.raw("a").get(key, {});
    for (std::size_t place = 0; place < whole.size(); place += place < 8 || whole.size() - place < 8 ? 1U : 7U) {
      flip("a", key, place);
      ASSERT_THAT(found(), SizeIs(1)) << key << " byte " << place;
      bench.raw("a").overwrite(key, whole);
    }
  }
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(VerifyTest, NamesOwnObjectsThatAreDamagedOrMissing) {
  const std::string wrap(wrap_key), mac = wrap + ".mac";
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
      {"owl.json", {"it is not what this repository's must be, byte for byte", "it is missing"}},
      {"RESTORE.md", {"somebody changed it: its last line is not the MAC of its text", "it is missing"}},
      {"keys/0001/public", {"it is not what this host's key file says of the epoch, byte for byte", "it is missing"}},
      {wrap, {"it is damaged or forged, or the MAC beside it is: they do not fit together", "it is missing"}}};
  for (const auto& [key, whats] : cases) {
    const auto whole = *bench.raw("b").get(key, {});
    flip("b", key, 10);
    EXPECT_THAT(found(), ElementsAre("b " + key + ": " + whats[0]));
    bench.raw("b").remove(key, {});
    EXPECT_THAT(found(), ElementsAre("b " + key + ": " + whats[1]));
    bench.raw("b").overwrite(key, whole);
  }
  bench.raw("b").remove(mac, {});
  EXPECT_THAT(found(), ElementsAre("b " + mac +
                                   ": it is missing, so that nobody can tell whether the wrapped secrets beside it "
                                   "are whole"));
  bench.raw("b").remove(wrap, {});
  EXPECT_THAT(found(), ElementsAre("b keys/0001/: no wrapped secrets of the epoch are there"));
}

TEST_F(VerifyTest, WhatItConcernsAndWhatToDoIsSaid) {
  back_up(files);
  flip("a", "owl.json", 3);
  flip("a", std::string(wrap_key), 3);
  flip("a", first_in("index/"), 100);
  flip("a", first_in("leases/"), 100);
  std::vector<std::string> said;
  for (const auto& damage : verify_all().damages)
    said.push_back(std::string(to_text(damage.concern)) + ": " + damage.advice);
  EXPECT_THAT(
      said,
      UnorderedElementsAre(
          "upkeep: No backup is damaged. Remove what stands there and run `owlbackup init`, which writes it anew.",
          "keys: What is stored is whole, but may not open with this store alone. Copy it from another store, or "
          "from a copy of this one.",
          "upkeep: No backup is damaged. What it told of is stored again by the next backup. Remove it.",
          "upkeep: No backup is damaged, but no sweep goes past it. Remove it once no backup is running."));
}

TEST_F(VerifyTest, TheRecordOfAKnownGapIsReadToo) {
  repository::StoreSet stores = bench.raw_stores();
  wal::acknowledge_gap(stores, bench.keys,
                       {7, "000000010000000000000004", "000000010000000000000006", "lost", "db1", {9}}, bench.clock,
                       bench.random);
  EXPECT_THAT(found(), IsEmpty());
  const auto key = first_in("wal-gaps/");
  flip("a", key, 90);
  EXPECT_THAT(found(), ElementsAre(HasSubstr("a " + key)));
}

TEST_F(VerifyTest, WhatInitWritesAnewIsWholeAgain) {
  for (const auto* key :
       {"owl.json", "RESTORE.md", "keys/0001/public", "keys/0001/000001.pgp", "keys/0001/000001.pgp.mac"}) {
    bench.raw("a").remove(key, {});
    repository::StoreSet again = bench.raw_stores();
    repository::InitOptions options;
    options.name = "called otherwise now";
    write_repository(again, options, bench.keys, {}, bench.clock, bench.random);
    EXPECT_THAT(found(), IsEmpty()) << key;
  }
}

TEST_F(VerifyTest, AnotherRepositoryOrNoneIsNoDamage) {
  for (const auto& key : bench.keys_in("b", "")) bench.raw("b").remove(key, {});
  EXPECT_EQ(error_of([&] { verify_all(); }).kind(), ErrorKind::config);
  Bench other({"b"});
  other.keys.repository = crypto::counting<16>(0x33);
  other.keys.epochs[0].public_key = crypto::counting<32>(0x44);
  auto theirs = other.raw_stores();
  write_repository(theirs, {}, other.keys, wrap_, other.clock, other.random);
  for (const auto& key : other.keys_in("b", "")) bench.raw("b").overwrite(key, *other.raw("b").get(key, {}));
  EXPECT_EQ(error_of([&] { verify_all(); }).kind(), ErrorKind::conflict);
}

TEST_F(VerifyTest, TrashThatDoesNotOpenIsTold) {
  auto member = bench.raw_member("a");
  const auto key = put_trash(member, bench.keys, {{"packs/x"}, "host", bench.clock.now()}, bench.clock, bench.random);
  EXPECT_THAT(found(), IsEmpty());
  flip("a", key, 90);
  EXPECT_THAT(found(), ElementsAre(HasSubstr("a " + key + ": ")));
}

}  // namespace
}  // namespace owl::proof
