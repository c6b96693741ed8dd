#include "postgres/control_file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "codec/hash.h"
#include "postgres/layout.h"
#include "postgres/test_samples.h"

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;

/// A clock that only counts how often it was slept on, and does something then.
class SleepingClock final : public Clock {
 public:
  Timestamp now() const override { return {}; }
  std::chrono::nanoseconds monotonic() const override { return {}; }
  bool sleep(std::chrono::nanoseconds, std::stop_token) override {
    ++sleeps;
    if (on_sleep) on_sleep();
    return true;
  }
  int sleeps = 0;
  std::function<void()> on_sleep;
};

class DataDirectory : public testing::Test {
 protected:
  DataDirectory() {
    std::string name = (fs::temp_directory_path() / "owl_control_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    fs::create_directory(path_ / "global");
  }
  ~DataDirectory() override { fs::remove_all(path_); }
  void write(ByteView bytes) { os::replace_file(path_ / "global" / "pg_control", bytes); }

  fs::path path_;
  SleepingClock clock_;
};

struct Expected {
  int major;
  std::uint32_t control_version, catalog_version;
  SystemId system_id;
  std::uint64_t checkpoint, redo;
};
// As pg_control_system() and pg_control_checkpoint() of the servers themselves told.
constexpr Expected samples[] = {
    {13, 1300, 202007201, 7711177525645882263, 0xA00060, 0xA00028},
    {14, 1300, 202107181, 7711177546488108124, 0xB00060, 0xB00028},
    {15, 1300, 202209061, 7711177566126847719, 0x900060, 0x900028},
    {16, 1300, 202307071, 7711177577781946185, 0x900060, 0x900028},
    {17, 1700, 202406281, 7711177590872741903, 0x900080, 0x900028},
    {18, 1800, 202506291, 7711177605781506157, 0x900080, 0x900028},
};

TEST(ControlFile, EveryVersionsOwn) {
  for (const auto& sample : samples) {
    const auto file = value_or_throw(parse_control_file(control_file_sample(sample.major)));
    SCOPED_TRACE(sample.major);
    EXPECT_EQ(file.major, sample.major);
    EXPECT_EQ(file.control_version, sample.control_version);
    EXPECT_EQ(file.catalog_version, sample.catalog_version);
    EXPECT_EQ(file.system_id, sample.system_id);
    EXPECT_EQ(file.state, ClusterState::in_production);
    EXPECT_EQ(file.checkpoint.value, sample.checkpoint);
    EXPECT_EQ(file.redo.value, sample.redo);
    EXPECT_EQ(file.timeline, 1u);
    EXPECT_EQ(file.min_recovery_point, Lsn{});
    EXPECT_EQ(file.wal_level, 2);
    EXPECT_FALSE(file.wal_log_hints);
    EXPECT_EQ(file.max_connections, 37);
    EXPECT_EQ(file.max_worker_processes, 9);
    EXPECT_EQ(file.max_wal_senders, 4);
    EXPECT_EQ(file.max_prepared_transactions, 5);
    EXPECT_EQ(file.max_locks_per_transaction, 70);
    EXPECT_EQ(file.block_size, 8192u);
    EXPECT_EQ(file.relation_segment_blocks, 131072u);
    EXPECT_EQ(file.wal_block_size, 8192u);
    EXPECT_EQ(file.wal_segment_size, 1u << 20);
    EXPECT_EQ(file.data_checksum_version, 1u);
  }
}

TEST(ControlFile, EveryFlippedBitIsSeen) {
  for (const auto& sample : samples) {
    const Bytes good = control_file_sample(sample.major);
    for (std::size_t bit = 0; bit < 288 * 8; ++bit) {
      EXPECT_FALSE(parse_control_file(with_flipped_bit(good, bit))) << sample.major << " bit " << bit;
    }
  }
}

TEST(ControlFile, TooShort) {
  const Bytes good = control_file_sample(15);
  for (std::size_t size = 0; size < 296; ++size) EXPECT_FALSE(parse_control_file(ByteView(good).first(size)));
}

TEST(ControlFile, AnUnknownVersionIsNamed) {
  Bytes file = control_file_sample(18);
  set_field<std::uint32_t>(file, 8, 1902);
  const auto result = parse_control_file(file);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::unsupported);
  EXPECT_EQ(result.error().message(),
            "pg_control version 1902 with catalog version 202506291 is of no PostgreSQL that is known here (13 to 18)");
}

TEST(ControlFile, ImpossibleSizesAreRefusedThoughTheChecksumFits) {
  Bytes file = control_file_sample(15);
  set_field<std::uint32_t>(file, 228, 3 << 20);
  set_field<std::uint32_t>(file, 288, codec::crc32c(ByteView(file).first(288)));
  EXPECT_FALSE(parse_control_file(file));
}

TEST(ControlFile, PoisonedHasNoCheckpointAndIsElseTheSame) {
  for (const auto& sample : samples) {
    const Bytes good = control_file_sample(sample.major);
    const Bytes poisoned = poison_checkpoint(good);
    auto before = value_or_throw(parse_control_file(good));
    const auto after = value_or_throw(parse_control_file(poisoned));
    EXPECT_EQ(after.checkpoint.value, 0xDEADu);
    EXPECT_EQ(after.redo, before.redo);
    EXPECT_EQ(after.system_id, before.system_id);
    EXPECT_EQ(poisoned.size(), good.size());
  }
}

TEST_F(DataDirectory, ReadsAtOnce) {
  write(control_file_sample(17));
  const auto read = read_control_file(path_, clock_);
  EXPECT_EQ(read.parsed.major, 17);
  EXPECT_EQ(read.raw, control_file_sample(17));
  EXPECT_EQ(clock_.sleeps, 0);
}

TEST_F(DataDirectory, ReadsAgainWhileTheServerWrites) {
  const Bytes good = control_file_sample(15);
  std::size_t bit = 2000;
  write(with_flipped_bit(good, bit));
  clock_.on_sleep = [&] {
    if (clock_.sleeps < 4) {
      write(with_flipped_bit(good, ++bit));  // torn otherwise each time
    } else {
      write(good);
    }
  };
  EXPECT_EQ(read_control_file(path_, clock_).parsed.major, 15);
  EXPECT_EQ(clock_.sleeps, 4);
}

TEST_F(DataDirectory, TwiceTheSameWrongBytesAreDamage) {
  write(with_flipped_bit(control_file_sample(15), 2000));
  try {
    read_control_file(path_, clock_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::integrity);
    EXPECT_EQ(error.message(), "pg_control has a wrong checksum");
  }
  EXPECT_EQ(clock_.sleeps, 1);
}

TEST_F(DataDirectory, AbsentIsNotFound) {
  try {
    read_control_file(path_, clock_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
  }
}

}  // namespace
}  // namespace owl::postgres
