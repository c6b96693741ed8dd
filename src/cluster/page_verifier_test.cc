#include "cluster/page_verifier.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "os/test_support.h"
#include "postgres/test_samples.h"

namespace owl::cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t page_size = 8192;

/// While the verifier waits, the server writes.
class WritingClock final : public Clock {
 public:
  Timestamp now() const override { return {}; }
  std::chrono::nanoseconds monotonic() const override { return {}; }
  bool sleep(std::chrono::nanoseconds, std::stop_token) override {
    ++waits;
    if (write) write(waits);
    return true;
  }
  int waits = 0;
  std::function<void(int)> write;
};

/// A file of three real pages, and what was read of it.
class PageVerifierTest : public testing::Test {
 protected:
  PageVerifierTest() { store(0, pages_); }

  void store(std::size_t page, ByteView bytes) { os::write_at(file_, bytes, page * page_size, "relation"); }
  ByteView page(std::size_t index) const { return ByteView(pages_).subspan(index * page_size, page_size); }
  Bytes damaged(std::size_t index) const { return postgres::with_flipped_bit(page(index), 4000 * 8); }
  void tear(std::size_t index) {
    std::ranges::copy(damaged(index), read_.begin() + static_cast<std::ptrdiff_t>(index * page_size));
  }
  std::vector<std::uint32_t> verify(postgres::BlockNumber first_block = 0) {
    return verify_pages(read_, {file_, "relation", 0, first_block, page_size, true}, clock_);
  }

  os::test::TemporaryFolder folder_;
  const Bytes pages_ = postgres::compressed_sample("heap_15.compressed");
  const os::FileDescriptor file_ = os::open_file(folder_ / "relation", O_RDWR | O_CREAT);
  Bytes read_ = pages_;
  WritingClock clock_;
};

TEST_F(PageVerifierTest, GoodPagesAreReadOnce) {
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(clock_.waits, 0);
}

TEST_F(PageVerifierTest, ATornPageIsMendedByReadingItAgain) {
  tear(1);
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(read_, pages_) << "the second reading replaces the first";
  EXPECT_EQ(clock_.waits, 1);
}

TEST_F(PageVerifierTest, APageThatStaysBadIsDamaged) {
  tear(1);
  store(1, damaged(1));
  EXPECT_THAT(verify(), ElementsAre(1));
  EXPECT_GT(clock_.waits, 3) << "it is given time";
}

TEST_F(PageVerifierTest, OnlyTheDamagedOnesAreNamed) {
  for (const std::size_t index : {0u, 2u}) {
    tear(index);
    store(index, damaged(index));
  }
  tear(1);
  EXPECT_THAT(verify(), ElementsAre(0, 2));
}

TEST_F(PageVerifierTest, AWriterThatFinishesLaterIsWaitedFor) {
  tear(1);
  store(1, damaged(1));
  clock_.write = [&](int wait) {
    if (wait == 4) store(1, page(1));
  };
  EXPECT_THAT(verify(), IsEmpty());
  EXPECT_EQ(read_, pages_);
}

/// The page is under change: WAL from the backup's start restores it, whatever was read.
TEST_F(PageVerifierTest, APageThatChangesBetweenReadingsIsNotDamaged) {
  tear(1);
  clock_.write = [&](int wait) {
    store(1, postgres::with_flipped_bit(page(1), static_cast<std::size_t>(5000 + wait) * 8));
  };
  EXPECT_THAT(verify(), IsEmpty());
}

TEST_F(PageVerifierTest, APageThatIsTruncatedAwayIsNotDamaged) {
  tear(2);
  store(2, damaged(2));
  clock_.write = [&](int) { ASSERT_EQ(::ftruncate(file_.get(), 2 * page_size + 100), 0); };
  EXPECT_THAT(verify(), IsEmpty());
}

TEST_F(PageVerifierTest, ABlocksNumberIsPartOfItsChecksum) {
  EXPECT_THAT(verify(1), ElementsAre(0, 1, 2)) << "right pages in the wrong place";
}

TEST_F(PageVerifierTest, PagesAreReadAgainWhereTheyStandInTheFile) {
  Bytes last = to_bytes(page(2));
  last[4000] ^= 1;
  EXPECT_THAT(verify_pages(last, {file_, "relation", 2 * page_size, 2, page_size, true}, clock_), IsEmpty());
  EXPECT_TRUE(equal(last, page(2)));
}

TEST_F(PageVerifierTest, WithoutChecksumsOnlyTheHeaderTells) {
  tear(1);
  EXPECT_THAT(verify_pages(read_, {file_, "relation", 0, 0, page_size, false}, clock_), IsEmpty());
  EXPECT_EQ(clock_.waits, 0);
}

}  // namespace
}  // namespace owl::cluster
