#include "wal/fetcher.h"

#include <gtest/gtest.h>

#include <array>

#include "os/system.h"
#include "repository/object_keys.h"
#include "storage/memory_store.h"
#include "storage/test_support.h"

namespace owl::wal {
namespace {

using storage::error_of;

constexpr std::uint32_t segment_size = 1u << 20;

/// Two stores in memory and a cluster that was forked: timeline 2 left timeline 1 in the middle of segment 5.
class FetcherTest : public testing::Test {
 protected:
  FetcherTest() {
    secrets_.push_back(crypto::generate_epoch(random_.array<16>(), 1, random_));
    keys_ = crypto::make_host_keys(secrets_[0], crypto::KeyMode::none, {}, {}, random_);
    stores_ = std::make_unique<repository::StoreSet>(
        std::vector<repository::StoreSet::Member>{{"a", a_, nullptr}, {"b", b_, nullptr}}, monitor_);
  }

  static std::string name(postgres::TimelineId timeline, std::uint64_t number) {
    return postgres::to_file_name({timeline, number}, segment_size);
  }

  void put(storage::MemoryStore& store, const std::string& file, std::uint8_t fill, unsigned copy = 0) {
    const Bytes plain(segment_size, fill);
    WalInfo info;
    info.system_id = 7;
    info.file_name = file;
    info.plain_size = plain.size();
    info.tag = crypto::Namer(keys_.wal_naming).name(crypto::BlobKind::wal, plain);
    const auto key = repository::keys::wal_object("7", file, copy);
    const auto built = build_wal_object(keys_, key, info, plain, 1, random_);
    const std::array<ByteView, 3> pieces{built.head, built.payload, built.footer};
    store.put_once(key, pieces, std::nullopt, {});
  }

  Fetcher fetcher() {
    const std::vector<postgres::TimelineSwitch> history{{1, fork_, ""}};
    return Fetcher(*stores_, keys_, secrets_, {7, postgres::TimelinePath(2, history), segment_size});
  }

  const postgres::Lsn fork_{5 * std::uint64_t{segment_size} + 4096};
  os::SystemRandom random_;
  storage::FakeClock clock_;
  RecordingMonitor monitor_;
  std::shared_ptr<storage::MemoryStore> a_ = std::make_shared<storage::MemoryStore>("a", clock_);
  std::shared_ptr<storage::MemoryStore> b_ = std::make_shared<storage::MemoryStore>("b", clock_);
  std::vector<crypto::EpochSecrets> secrets_;
  crypto::HostKeys keys_;
  std::unique_ptr<repository::StoreSet> stores_;
};

TEST_F(FetcherTest, ServesTheParentUpToTheForkOnly) {
  put(*a_, name(1, 4), 4);
  put(*a_, name(1, 6), 6);
  EXPECT_TRUE(fetcher().fetch(name(1, 4)));
  EXPECT_FALSE(fetcher().fetch(name(1, 6))) << "a segment of the parent behind the fork is another history";
}

TEST_F(FetcherTest, TheForksSegmentComesFromTheChildAlone) {
  put(*a_, name(1, 5), 15);
  put(*a_, name(2, 5), 25);
  EXPECT_FALSE(fetcher().fetch(name(1, 5)));
  EXPECT_EQ(fetcher().fetch(name(2, 5))->front(), 25);
}

TEST_F(FetcherTest, WithoutTheChildTheParentIsCutAtTheFork) {
  put(*a_, name(1, 5), 15);
  const auto bytes = fetcher().fetch(name(1, 5));
  ASSERT_TRUE(bytes);
  EXPECT_EQ((*bytes)[4095], 15);
  EXPECT_TRUE(all_zero(ByteView(*bytes).subspan(4096)));
}

TEST_F(FetcherTest, OtherTimelinesAreAbsent) {
  put(*a_, name(3, 5), 35);
  EXPECT_FALSE(fetcher().fetch(name(3, 5)));
}

TEST_F(FetcherTest, ADamagedObjectIsReadFromTheNextStore) {
  put(*a_, name(2, 6), 26);
  put(*b_, name(2, 6), 26);
  const auto key = repository::keys::wal_object("7", name(2, 6));
  auto bytes = *a_->get(key, {});
  bytes[bytes.size() / 2] ^= 1;
  a_->overwrite(key, bytes);
  EXPECT_EQ(fetcher().fetch(name(2, 6))->front(), 26);
}

TEST_F(FetcherTest, ACopyBesideADamagedObjectIsTaken) {
  put(*a_, name(2, 6), 26);
  put(*a_, name(2, 6), 26, 1);
  a_->overwrite(repository::keys::wal_object("7", name(2, 6)), Bytes{1, 2, 3});
  EXPECT_EQ(fetcher().fetch(name(2, 6))->front(), 26);
}

TEST_F(FetcherTest, DamageEverywhereIsAnErrorAndNeverAbsence) {
  put(*a_, name(2, 6), 26);
  a_->overwrite(repository::keys::wal_object("7", name(2, 6)), Bytes{1, 2, 3});
  EXPECT_EQ(error_of([&] { fetcher().fetch(name(2, 6)); }).kind(), ErrorKind::integrity);
}

TEST_F(FetcherTest, AStoreThatDoesNotAnswerIsNoProofOfAbsence) {
  stores_->drop("b", Error(ErrorKind::unreachable, "gone"));
  put(*a_, name(2, 6), 26);
  EXPECT_TRUE(fetcher().fetch(name(2, 6)));
  EXPECT_EQ(error_of([&] { fetcher().fetch(name(2, 7)); }).kind(), ErrorKind::unreachable);
}

}  // namespace
}  // namespace owl::wal
