#include "repository/object_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/object_store.h"
#include "storage/test_support.h"

namespace owl::repository {
namespace {

using storage::error_of;

constexpr Timestamp moment{1'795'357'800'123'456};  // 2026-11-22T14:30:00.123456Z

template <std::size_t N>
ByteArray<N> filled(std::uint8_t value) {
  ByteArray<N> out;
  out.fill(value);
  return out;
}

const RandomId id = filled<16>(0xab);
const crypto::WriterId writer = filled<8>(0x0c);

std::string hex_id() {
  return to_hex(id);
}

TEST(ObjectKeys, AreAsTheFormatPageHasThem) {
  const PackRef pack{filled<32>(0x4f), PackClass::data, 202611, 10, 5};
  const ManifestKey manifest{"cluster", "00112233aabbccdd", moment, id};
  EXPECT_EQ(keys::epoch_public(1), "keys/0001/public");
  EXPECT_EQ(keys::epoch_folder(12), "keys/0012/");
  EXPECT_EQ(keys::epoch_wrap(1, 1, crypto::KeyMode::openpgp), "keys/0001/000001.pgp");
  EXPECT_EQ(keys::epoch_wrap(1, 2, crypto::KeyMode::passphrase), "keys/0001/000002.pass");
  EXPECT_EQ(keys::epoch_wrap(3, 1, crypto::KeyMode::none), "keys/0003/000001.clear");
  EXPECT_EQ(keys::pack(pack), "packs/d/202611/" + to_hex(pack.id));
  EXPECT_EQ(keys::pack_month(PackClass::metadata, 202701), "packs/m/202701/");
  EXPECT_EQ(keys::index(writer, id), "index/0c0c0c0c0c0c0c0c/" + hex_id());
  EXPECT_EQ(keys::manifest(manifest), "backups/cluster/00112233aabbccdd/20261122T143000Z-" + hex_id());
  EXPECT_EQ(keys::lease(id, 1), "leases/" + hex_id() + ".000001");
  EXPECT_EQ(keys::lease_end(id), "leases/" + hex_id() + ".end");
  EXPECT_EQ(keys::trash(id), "trash/" + hex_id());
}

TEST(ObjectKeys, OfWalFollowTheFileName) {
  const std::string system = "7301234567890123456";
  EXPECT_EQ(keys::wal_object(system, "0000000100000000000000A7"),
            "wal/7301234567890123456/00000001/0000000100000000/0000000100000000000000A7");
  EXPECT_EQ(keys::wal_object(system, "0000000100000000000000A7", 2),
            "wal/7301234567890123456/00000001/0000000100000000/0000000100000000000000A7~2");
  EXPECT_EQ(keys::wal_object(system, "0000000100000000000000A7.partial"),
            "wal/7301234567890123456/00000001/0000000100000000/0000000100000000000000A7.partial");
  EXPECT_EQ(keys::wal_object(system, "0000000100000000000000A7.00000028.backup"),
            "wal/7301234567890123456/00000001/0000000100000000/0000000100000000000000A7.00000028.backup");
  EXPECT_EQ(keys::wal_object(system, "00000002.history"), "wal/7301234567890123456/00000002/00000002.history");
  EXPECT_EQ(keys::wal_system(system), "wal/7301234567890123456/");
  EXPECT_EQ(keys::wal_gap(system, "0000000100000000000000A7", "0000000100000000000000A9"),
            "wal-gaps/7301234567890123456/0000000100000000000000A7-0000000100000000000000A9");
  EXPECT_EQ(keys::wal_timeline(system, 17), "wal/7301234567890123456/00000011/");
  EXPECT_EQ(keys::wal_folder(system, "0000000100000000000000A7"), "wal/7301234567890123456/00000001/0000000100000000/");
}

TEST(ObjectKeys, OfWalRefuseWhatIsNoName) {
  for (const char* name :
       {"", "x", "../../etc/passwd", "0000000100000000000000a7", "0000000100000000000000A",
        "0000000100000000000000A7.gz", "00000002.historyx", "0000000100000000000000A7.0028.backup"}) {
    EXPECT_EQ(error_of([&] { keys::wal_object("1", name); }).kind(), ErrorKind::usage) << name;
  }
  EXPECT_EQ(error_of([] { keys::wal_object("12a", "00000002.history"); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([] { keys::wal_system(""); }).kind(), ErrorKind::usage);
}

TEST(ObjectKeys, ParseBackToWhatTheyWereBuiltFrom) {
  const PackRef pack{filled<32>(0x4f), PackClass::metadata, 202612, 0, 0};
  const Timestamp whole_seconds{moment.micros - 123'456};
  const ManifestKey manifest{"files", "00112233aabbccdd", whole_seconds, id};
  EXPECT_EQ(keys::parse_pack(keys::pack(pack)), pack);
  EXPECT_EQ(keys::parse_manifest(keys::manifest(manifest)), manifest);
  EXPECT_EQ(keys::parse_index(keys::index(writer, id)), id);
  EXPECT_EQ(keys::parse_trash(keys::trash(id)), id);
  EXPECT_EQ(keys::parse_epoch_folder("0042"), 42U);
  const auto lease = keys::parse_lease(keys::lease(id, 1234567));
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->id, id);
  EXPECT_EQ(lease->renewal, 1234567U);
  EXPECT_FALSE(lease->end);
  EXPECT_TRUE(keys::parse_lease(keys::lease_end(id))->end);
  for (const char* name : {"0000000100000000000000A7", "0000000100000000000000A7.partial", "00000002.history"}) {
    const auto wal = keys::parse_wal_object(keys::wal_object("42", name, 3));
    ASSERT_TRUE(wal) << name;
    EXPECT_EQ(wal->system_id, "42");
    EXPECT_EQ(wal->file_name, name);
    EXPECT_EQ(wal->copy, 3U);
  }
}

/// Any single letter changed, added or left out: what still parses must be a key that builds back to the same text.
template <typename Parse, typename Build>
void expect_strict(const std::string& key, Parse parse, Build build) {
  ASSERT_TRUE(parse(key)) << key;
  const auto check = [&](const std::string& changed) {
    if (const auto parsed = parse(changed)) {
      EXPECT_EQ(build(*parsed), changed);
    }
  };
  for (std::size_t at = 0; at <= key.size(); ++at) {
    for (const char letter : {'0', '1', 'a', 'A', 'f', 'F', 'g', '/', '.', '-', '~', ' ', '\0'}) {
      auto changed = key;
      if (at < key.size()) {
        changed[at] = letter;
        check(changed);
      }
      check(std::string(key).insert(at, 1, letter));
    }
    if (at < key.size()) check(std::string(key).erase(at, 1));
    check(key.substr(0, at));
  }
}

TEST(ObjectKeys, ParsersTakeNothingThatWasNotBuiltHere) {
  const PackRef pack{filled<32>(0x4f), PackClass::data, 202611, 0, 0};
  expect_strict(keys::pack(pack), keys::parse_pack, keys::pack);
  expect_strict(keys::manifest({"cluster", "00112233aabbccdd", {1'795'357'800'000'000}, id}), keys::parse_manifest,
                keys::manifest);
  expect_strict(keys::lease(id, 7), keys::parse_lease,
                [](auto& k) { return k.end ? keys::lease_end(k.id) : keys::lease(k.id, k.renewal); });
  expect_strict(keys::lease_end(id), keys::parse_lease,
                [](auto& k) { return k.end ? keys::lease_end(k.id) : keys::lease(k.id, k.renewal); });
  expect_strict(keys::trash(id), keys::parse_trash, keys::trash);
  expect_strict(keys::wal_object("42", "0000000100000000000000A7", 1), keys::parse_wal_object,
                [](auto& k) { return keys::wal_object(k.system_id, k.file_name, k.copy); });
  expect_strict(keys::open_piece({"42", "0000000100000000000000A7", 0x100, 0x2F00, filled<8>(0xa1)}),
                keys::parse_open_piece, keys::open_piece);
  expect_strict(keys::wal_gap("42", "0000000100000000000000A7", "0000000100000000000000A7"), keys::parse_wal_gap,
                [](auto& k) { return keys::wal_gap(k.system_id, k.first, k.last); });
}

TEST(ObjectKeys, OfAPieceTellItsPlace) {
  const keys::OpenPieceKey piece{"42", "0000000100000000000000A7", 0x100, 0x2F00, filled<8>(0xa1)};
  const auto key = keys::open_piece(piece);
  EXPECT_EQ(key, "wal-open/42/00000001/0000000100000000000000A7/00000100-00002F00-a1a1a1a1a1a1a1a1");
  EXPECT_EQ(keys::parse_open_piece(key), piece);
  EXPECT_TRUE(key.starts_with(keys::open_pieces("42", piece.segment_name)));
  EXPECT_TRUE(key.starts_with(keys::open_timeline("42", 1)));
  const std::string folder = "wal-open/42/00000001/0000000100000000000000A7/";
  EXPECT_FALSE(keys::parse_open_piece(folder + "00000100-00000100-a1a1a1a1a1a1a1a1")) << "empty";
  EXPECT_FALSE(keys::parse_open_piece(folder + "00000100-000002F0-a1a1a1a1a1a1a1")) << "too short";
  EXPECT_FALSE(
      keys::parse_open_piece("wal-open/42/00000002/0000000100000000000000A7/00000000-00000100-a1a1a1a1a1a1a1a1"));
}

TEST(ObjectKeys, ParsersRefuseWhatOnlyLooksRight) {
  const auto hex64 = std::string(64, '4');
  EXPECT_FALSE(keys::parse_pack("packs/d/202613/" + hex64)) << "no such month";
  EXPECT_FALSE(keys::parse_pack("packs/d/202600/" + hex64));
  EXPECT_FALSE(keys::parse_pack("packs/x/202611/" + hex64));
  EXPECT_FALSE(keys::parse_pack("packs/d/202611/" + std::string(64, 'A'))) << "upper case";
  EXPECT_FALSE(keys::parse_manifest("backups/cluster/00112233AABBCCDD/20261122T143000Z-" + hex_id())) << "upper case";
  EXPECT_FALSE(keys::parse_manifest("backups/Cluster/00112233aabbccdd/20261122T143000Z-" + hex_id()));
  EXPECT_FALSE(keys::parse_manifest("backups/cluster/00112233aabbccdd/20261322T143000Z-" + hex_id()));
  EXPECT_FALSE(keys::parse_lease("leases/" + hex_id() + ".1"));
  EXPECT_FALSE(keys::parse_lease("leases/" + hex_id()));
  EXPECT_FALSE(keys::parse_epoch_folder("1"));
  EXPECT_FALSE(keys::parse_epoch_folder("0000"));
  EXPECT_FALSE(keys::parse_epoch_folder("00001"));
  EXPECT_FALSE(keys::parse_wal_object("wal/42/00000001/0000000200000000/0000000100000000000000A7")) << "another folder";
  EXPECT_FALSE(keys::parse_wal_object("wal/42/00000001/0000000100000000/0000000100000000000000A7~0"));
  EXPECT_FALSE(keys::parse_wal_gap("wal-gaps/42/000000010000000000000003-000000010000000000000002")) << "backwards";
  EXPECT_FALSE(keys::parse_wal_gap("wal-gaps/42/000000010000000000000003-000000020000000000000004")) << "timelines";
}

TEST(ObjectKeys, AreKeysThatEveryStoreTakes) {
  const PackRef pack{filled<32>(0xff), PackClass::data, 202611, 0, 0};
  for (const auto& key : {keys::pack(pack), keys::lease(id, 1), keys::lease_end(id), keys::index(writer, id),
                          keys::wal_object("42", "0000000100000000000000A7", 1), keys::epoch_public(1)}) {
    EXPECT_NO_THROW(storage::check_key(key));
  }
}

TEST(MonthOf, IsTheMonthInUtc) {
  EXPECT_EQ(month_of(moment), 202611U);
  EXPECT_EQ(month_of({0}), 197001U);
}

}  // namespace
}  // namespace owl::repository
