#include "wal/wal_object.h"

#include <gtest/gtest.h>

#include "os/system.h"
#include "storage/test_support.h"

namespace owl::wal {
namespace {

using storage::error_of;

constexpr std::string_view path = "wal/7/00000001/0000000100000000/000000010000000000000002";

class WalObject : public testing::Test {
 protected:
  WalObject() {
    secrets_.push_back(crypto::generate_epoch(random_.array<16>(), 1, random_));
    keys_ = crypto::make_host_keys(secrets_[0], crypto::KeyMode::none, {}, {}, random_);
    for (std::size_t i = 0; i < plain_.size(); ++i) plain_[i] = static_cast<std::uint8_t>(i / 97);
    info_.system_id = 7;
    info_.file_name = "000000010000000000000002";
    info_.plain_size = plain_.size();
    info_.tag = crypto::Namer(keys_.wal_naming).name(crypto::BlobKind::wal, plain_);
    info_.segment = {15,
                     16u << 20,
                     {0x2000028},
                     {0x2000100},
                     true,
                     true,
                     true,
                     3,
                     {100},
                     {300},
                     {0x2000030},
                     {0x20000f0},
                     {{{0x2000040}, 16390, "/srv/ts"}},
                     {{{0x2000050}, 1, 100, 8, 10, 0, 64}},
                     {{{0x2000060}, {0x2000090}, {250}, "before"}}};
  }

  Bytes object() {
    const auto built = build_wal_object(keys_, path, info_, plain_, 3, random_);
    Bytes out = built.head;
    append(out, built.payload);
    append(out, built.footer);
    return out;
  }

  os::SystemRandom random_;
  std::vector<crypto::EpochSecrets> secrets_;
  crypto::HostKeys keys_;
  Bytes plain_ = Bytes(3'000'000);
  WalInfo info_;
};

TEST_F(WalObject, ComesBackWhole) {
  const auto stored = object();
  EXPECT_LT(stored.size(), plain_.size());
  EXPECT_EQ(open_wal_payload(keys_, secrets_, path, stored), plain_);
  EXPECT_EQ(serialize(check_wal_object(keys_, path, stored)), serialize(info_));
}

TEST_F(WalObject, InfoNeedsOnlyTheFirstBytesAndNoPrivateKey) {
  const auto stored = object();
  const auto header = parse_wal_header(stored);
  ASSERT_TRUE(header);
  const auto info = open_wal_info(keys_, path, ByteView(stored).first(wal_header_size + header->info_size));
  EXPECT_EQ(info.segment.restore_points[0].name, "before");
  EXPECT_EQ(info.segment.tablespaces[0].path, "/srv/ts");
  EXPECT_EQ(info.segment.max_time.micros, 300);
}

TEST_F(WalObject, TellsOfAHistoryFileWhereItsTimelineComesFrom) {
  info_.file_name = "00000003.history";
  info_.segment = {};
  info_.history = {{1, {0x3000060}, "no recovery target specified"}, {2, {0x5000000}, ""}};
  const auto read = value_or_throw(parse_wal_info(serialize(info_)));
  ASSERT_EQ(read.history.size(), 2u);
  EXPECT_EQ(read.history[0].timeline, 1u);
  EXPECT_EQ(read.history[0].switch_point, postgres::Lsn{0x3000060});
  EXPECT_EQ(read.history[0].reason, "no recovery target specified");
  EXPECT_EQ(read.history[1].switch_point, postgres::Lsn{0x5000000});
}

TEST_F(WalObject, OpensNowhereElse) {
  const auto stored = object();
  const auto error =
      error_of([&] { check_wal_object(keys_, "wal/7/00000002/0000000200000000/000000020000000000000002", stored); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
}

TEST_F(WalObject, NoFlippedByteAndNoPrefixPasses) {
  const auto stored = object();
  for (std::size_t at = 0; at < stored.size(); at += at < 800 ? 1 : 997) {
    auto damaged = stored;
    damaged[at] ^= 0x10;
    EXPECT_THROW(check_wal_object(keys_, path, damaged), Error) << at;
  }
  for (std::size_t size = 0; size < stored.size(); size += size < 800 ? 1 : 9973) {
    EXPECT_THROW(check_wal_object(keys_, path, ByteView(stored).first(size)), Error) << size;
  }
}

TEST_F(WalObject, AnotherKeyEpochIsNamed) {
  auto others = keys_;
  others.epochs[0].epoch = 2;
  const auto error = error_of([&] { check_wal_object(others, path, object()); });
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_NE(error.message().find("key epoch 1"), std::string::npos) << error.message();
}

TEST(WalInfoFormat, SkipsSectionsOfLaterVersions) {
  WalInfo info;
  info.file_name = "00000002.history";
  auto bytes = serialize(info);
  bytes.insert(bytes.end(), {200, 3, 1, 2, 3});
  const auto back = parse_wal_info(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->file_name, "00000002.history");
}

TEST(WalInfoFormat, RefusesEveryPrefix) {
  WalInfo info;
  info.file_name = "000000010000000000000002";
  info.segment.segment_size = 16u << 20;
  const auto bytes = serialize(info);
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size)
    accepted += parse_wal_info(ByteView(bytes).first(size)) ? 1u : 0u;
  EXPECT_LE(accepted, 5u);  // only where a whole section ends: sections are optional
}

}  // namespace
}  // namespace owl::wal
