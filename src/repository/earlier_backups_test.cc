#include "repository/earlier_backups.h"

#include "repository/test_support.h"
#include "repository/trash.h"

namespace owl::repository {
namespace {

using test::Bench;
using test::some_blobs;
using testing::HasSubstr;

/// What the next backup may rely on.
class EarlierBackupsTest : public testing::Test {
 protected:
  std::string back_up() {
    const auto ran = bench.back_up(some_blobs(3, 3000, ++seed));
    bench.clock.advance(std::chrono::minutes(1));
    return ran.committed.key;
  }
  /// The path of the one it chooses, or why there is none.
  std::string chosen() {
    auto stores = bench.stores();
    BackupSession session(stores, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
    auto found = session.earlier_backup();
    return found ? found->path : found.error().message();
  }
  std::vector<PackRef> packs_of(const std::string& path) {
    auto stores = bench.raw_stores();
    for (const auto& entry : list_backups(stores)) {
      if (entry.path == path) return load_manifest(stores, bench.keys, entry)->manifest.packs;
    }
    return {};
  }

  Bench bench;
  unsigned seed = 0;
};

TEST_F(EarlierBackupsTest, TheNewestIsChosen) {
  EXPECT_EQ(chosen(), "there is no earlier backup");
  const auto first = back_up();
  EXPECT_EQ(chosen(), first);
  const auto second = back_up();
  EXPECT_EQ(chosen(), second);
}

TEST_F(EarlierBackupsTest, OneThatAStoreLacksIsNone) {
  const auto first = back_up(), second = back_up();
  bench.raw("b").remove(second, {});
  EXPECT_EQ(chosen(), first);
  bench.raw("a").remove(first, {});
  EXPECT_EQ(chosen(), "no earlier backup is in every store");
}

TEST_F(EarlierBackupsTest, OneOfWhichAPackIsMissingIsNone) {
  const auto first = back_up(), second = back_up();
  bench.raw("b").remove(keys::pack(packs_of(second).front()), {});
  EXPECT_EQ(chosen(), first);
  bench.raw("a").remove(keys::pack(packs_of(first).front()), {});
  EXPECT_THAT(chosen(), HasSubstr("lacks packs/"));
}

TEST_F(EarlierBackupsTest, OneOfWhichAPackIsAboutToBeDeletedIsNone) {
  const auto first = back_up(), second = back_up();
  auto member = bench.raw_member("b");
  TrashObject trash;
  trash.keys = {keys::pack(packs_of(second).front())};
  put_trash(member, bench.keys, trash, bench.clock, bench.random);
  EXPECT_EQ(chosen(), first);
}

TEST_F(EarlierBackupsTest, OneOfAnotherWriterIsNone) {
  back_up();
  bench.keys.writer[0] ^= 1;
  EXPECT_THAT(chosen(), HasSubstr("another host made it"));
}

TEST_F(EarlierBackupsTest, OneThatIsDamagedIsPassedOver) {
  const auto first = back_up(), second = back_up();
  for (const auto* store : {"a", "b"}) {
    auto bytes = *bench.raw(store).get(second, {});
    bytes[bytes.size() / 2] ^= 1;
    bench.raw(store).overwrite(second, std::move(bytes));
  }
  EXPECT_EQ(chosen(), first);
}

}  // namespace
}  // namespace owl::repository
