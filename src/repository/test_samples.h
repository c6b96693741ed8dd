#pragma once

#include "crypto/test_support.h"
#include "repository/index.h"
#include "repository/lease.h"
#include "repository/manifest.h"
#include "repository/pack.h"
#include "repository/trash.h"

/// For unit tests only: one of each document, the same that docs/format shows byte by byte.
namespace owl::repository::test {

inline constexpr Timestamp sample_time{1'795'357'800'000'000};  // 2026-11-22T14:30:00Z

inline PackRef sample_pack(PackClass pack_class = PackClass::data) {
  const auto first = static_cast<std::uint8_t>(pack_class == PackClass::data ? 0x40 : 0x80);
  return {crypto::counting<32>(first), pack_class, 202611, 3400, 286};
}

inline PackDirectory sample_directory() {
  PackDirectory directory;
  directory.contexts.push_back(
      {{crypto::SealContextRecord::Kind::data, 1, crypto::counting<16>(0x10), crypto::counting<32>(0x20)},
       crypto::counting<8>(0xa0)});
  directory.contexts.push_back(
      {{crypto::SealContextRecord::Kind::metadata, 1, crypto::counting<16>(0x50), {}}, crypto::counting<8>(0xa0)});
  directory.entries.push_back({0,
                               0,
                               crypto::counting<16>(0x60),
                               crypto::BlobKind::pages,
                               codec::Codec::zstd,
                               16384,
                               1000,
                               {{0x11223344, 0x55667788}, {0x99aabbcc, 0xddeeff00}}});
  directory.entries.push_back(
      {0, 1, crypto::counting<16>(0x70), crypto::BlobKind::bytes, codec::Codec::stored, 2000, 2000, {}});
  directory.entries.push_back(
      {1, 300, crypto::counting<16>(0x80), crypto::BlobKind::metadata, codec::Codec::zstd, 90, 50, {}});
  return directory;
}

inline const std::string sample_manifest_key =
    "backups/cluster/00112233aabbccdd/20261122T143000Z-000102030405060708090a0b0c0d0e0f";

inline IndexObject sample_index() {
  return {sample_manifest_key,
          {},
          {sample_pack()},
          {{crypto::counting<16>(0x60), 0, 0, 16384}, {crypto::counting<16>(0x70), 0, 1, 2000}}};
}

inline Manifest sample_manifest() {
  Manifest manifest;
  manifest.kind = "cluster";
  manifest.name = "renderowl";
  manifest.label = "before the upgrade";
  manifest.writer = crypto::counting<8>(0xa0);
  manifest.host = "db1";
  manifest.program_version = "0.1.0";
  manifest.started = sample_time;
  manifest.finished = sample_time + std::chrono::seconds(90);
  manifest.sequence = 12;
  manifest.forerunner = crypto::counting<32>(0xb0);
  manifest.packs = {sample_pack(), sample_pack(PackClass::metadata)};
  manifest.leaves = {{1, 9, crypto::counting<16>(0xc0)}};
  manifest.wal = WalNeed{7301234567890123456, 16 << 20, {{1, 0x2000028, 0x2000138}}};
  manifest.plain_bytes = 31'000'000;
  manifest.new_bytes = 3400;
  manifest.items = 970;
  manifest.warnings = {"a page fails its checksum"};
  manifest.details = {1, 2, 3};
  return manifest;
}

inline VoidMarker sample_void() {
  return {"its lease had expired", "db2", sample_time};
}

inline LeaseBody sample_lease() {
  LeaseBody body;
  body.manifest_key = sample_manifest_key;
  body.purpose = "backup cluster renderowl";
  body.writer = crypto::counting<8>(0xa0);
  body.host = "db1";
  body.process = 4711;
  body.started = sample_time;
  body.expires = sample_time + std::chrono::hours(1);
  body.wal_system = 7301234567890123456;
  body.wal_timeline = 1;
  body.wal_start = 0x2000028;
  return body;
}

inline TrashObject sample_trash() {
  return {{keys::pack(sample_pack())}, "db2", sample_time};
}

}  // namespace owl::repository::test
