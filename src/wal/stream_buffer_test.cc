#include "wal/stream_buffer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.h"
#include "storage/test_support.h"

namespace owl::wal {
namespace {

using namespace std::chrono_literals;
using postgres::Lsn;
using postgres::SegmentId;

constexpr std::uint32_t size = 1u << 20;
constexpr SegmentId first{1, 3};

Lsn at(std::uint64_t number, std::uint64_t offset = 0) {
  return {number * size + offset};
}

class StreamBufferTest : public testing::Test {
 protected:
  storage::FakeClock clock;
  StreamBuffer buffer{size, 3, 0s, clock};

  void SetUp() override { buffer.begin(first); }
  void receive(std::size_t bytes, std::uint8_t fill = 7) { buffer.append(buffer.received(), Bytes(bytes, fill)); }
  void store() { buffer.stored(*buffer.next_cut({})); }
};

TEST_F(StreamBufferTest, IsFlushedAsFarAsPiecesAreStored) {
  EXPECT_EQ(buffer.flushed(), at(3));
  receive(100);
  EXPECT_EQ(buffer.flushed(), at(3));
  const auto cut = buffer.next_cut({});
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->segment, first);
  EXPECT_EQ(cut->start, 0u);
  EXPECT_EQ(cut->plain, Bytes(100, 7));
  receive(50);
  EXPECT_EQ(buffer.flushed(), at(3)) << "cut is not stored";
  buffer.stored(*cut);
  EXPECT_EQ(buffer.flushed(), at(3, 100));
  const auto next = buffer.next_cut({});
  EXPECT_EQ(next->start, 100u);
  EXPECT_EQ(next->plain.size(), 50u);
}

TEST_F(StreamBufferTest, AfterAFailureAPieceHoldsAllThatIsNotStored) {
  receive(100);
  (void)buffer.next_cut({});  // it could not be stored
  receive(50);
  EXPECT_EQ(buffer.next_cut({})->plain.size(), 150u);
}

TEST_F(StreamBufferTest, IsNeverFlushedPastASegmentThatIsNotArchived) {
  receive(size + 100);
  store();
  store();
  EXPECT_LT(buffer.flushed(), at(4)) << "a restart would begin behind it, and never archive it";
  const auto whole = buffer.next_whole({});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->segment, first);
  EXPECT_EQ(*whole->plain, Bytes(size, 7));
  EXPECT_EQ(whole->before, nullptr);
  buffer.archived(first);
  EXPECT_EQ(buffer.flushed(), at(4, 100));
}

TEST_F(StreamBufferTest, SegmentsMayBeArchivedInAnyOrder) {
  receive(2 * size + 10);
  const auto one = buffer.next_whole({}), two = buffer.next_whole({});
  EXPECT_EQ(two->before, one->plain);
  buffer.archived(two->segment);
  EXPECT_EQ(buffer.flushed(), at(3));
  buffer.archived(one->segment);
  EXPECT_EQ(buffer.flushed(), at(5));
  receive(size);
  EXPECT_EQ(buffer.next_whole({})->before, two->plain) << "what went before stays at hand";
}

TEST_F(StreamBufferTest, HasRoomForSoMuchOnly) {
  EXPECT_TRUE(buffer.has_room());
  receive(2 * size + 1);
  EXPECT_TRUE(buffer.has_room());
  receive(size - 1);
  EXPECT_FALSE(buffer.has_room());
  buffer.archived(buffer.next_whole({})->segment);
  EXPECT_TRUE(buffer.has_room());
}

TEST_F(StreamBufferTest, APieceIsCutWhenTheIntervalHasPassed) {
  StreamBuffer slow(size, 3, 1h, clock);
  slow.begin(first);
  slow.append(at(3), Bytes(10));
  clock.sleep(1h, {});
  EXPECT_EQ(slow.next_cut({})->plain.size(), 10u);
  slow.append(at(3, 10), Bytes(10));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(slow.next_cut(stop.get_token()));
}

TEST_F(StreamBufferTest, NowAndThenAPieceBeginsWithItsSegment) {
  int from_the_start = 0;
  for (int i = 0; i < 200; ++i) {
    receive(10);
    const auto cut = buffer.next_cut({});
    if (cut->start == 0) ++from_the_start;
    EXPECT_EQ(cut->start + cut->plain.size(), static_cast<std::size_t>(10 * (i + 1)));
    buffer.stored(*cut);
    EXPECT_EQ(buffer.flushed(), at(3, 10 * static_cast<std::uint64_t>(i + 1)));
  }
  EXPECT_EQ(from_the_start, 1 + 200 / 64);
}

TEST_F(StreamBufferTest, ComparesWhatComesAgain) {
  receive(100);
  store();
  buffer.begin(first);
  receive(60);
  EXPECT_EQ(buffer.received(), at(3, 60));
  receive(80);
  EXPECT_EQ(buffer.flushed(), at(3, 100)) << "it stays stored";
  EXPECT_EQ(buffer.next_cut({})->plain.size(), 40u);
  buffer.begin(first);
  EXPECT_THROW(receive(100, 8), Error);
  buffer.begin(first);
  receive(100, 8);
  EXPECT_EQ(buffer.next_cut({})->plain, Bytes(100, 8)) << "all of it is stored anew";
}

TEST_F(StreamBufferTest, RefusesWhatDoesNotFollow) {
  receive(100);
  EXPECT_THROW(buffer.append(at(3, 101), Bytes(1)), Error);
}

TEST_F(StreamBufferTest, AnotherTimelineLeavesWhatWasOpen) {
  receive(size + 100);
  buffer.begin({2, 4});
  receive(100, 8);
  EXPECT_EQ(buffer.next_whole({})->segment, first) << "what was whole is still to be archived";
  buffer.archived(first);
  const auto cut = buffer.next_cut({});
  EXPECT_EQ(cut->segment, (SegmentId{2, 4}));
  EXPECT_EQ(cut->plain, Bytes(100, 8));
  EXPECT_EQ(buffer.open_segment(), (SegmentId{2, 4}));
}

/// One receives, one stores pieces, two archive, all at once; in the end all of it is flushed, and was the same WAL.
TEST_F(StreamBufferTest, ThreadsMeet) {
  constexpr std::uint64_t segments = 12;
  std::stop_source stop;
  std::atomic<std::uint64_t> archived{0};
  const auto byte_at = [](std::uint64_t at) { return static_cast<std::uint8_t>(at * 31 / 7); };
  const auto is_right = [&](SegmentId id, std::uint32_t start, ByteView plain) {
    for (std::size_t i = 0; i < plain.size(); i += 1021) {
      if (plain[i] != byte_at(id.number * size + start + i)) return false;
    }
    return true;
  };
  std::vector<std::jthread> threads;
  threads.emplace_back([&] {
    while (const auto cut = buffer.next_cut(stop.get_token())) {
      EXPECT_TRUE(is_right(cut->segment, cut->start, cut->plain));
      buffer.stored(*cut);
    }
  });
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (const auto whole = buffer.next_whole(stop.get_token())) {
        EXPECT_TRUE(is_right(whole->segment, 0, *whole->plain));
        buffer.archived(whole->segment);
        ++archived;
      }
    });
  }
  Lsn flushed;
  for (std::uint64_t done = 0; done < segments * size;) {
    ASSERT_TRUE(buffer.wait_for_room({}));
    Bytes wal(std::min<std::uint64_t>(100'003, segments * size - done));
    for (std::size_t i = 0; i < wal.size(); ++i) wal[i] = byte_at(3 * std::uint64_t{size} + done + i);
    buffer.append(buffer.received(), wal);
    done += wal.size();
    const auto now = buffer.flushed();
    EXPECT_LE(flushed, now) << "it never goes back";
    EXPECT_LE(now, buffer.received());
    flushed = now;
  }
  EXPECT_TRUE(buffer.drain(std::chrono::seconds(30), {}));
  while (archived < segments) std::this_thread::yield();
  EXPECT_EQ(buffer.flushed(), at(3 + segments));
  stop.request_stop();
}

}  // namespace
}  // namespace owl::wal
