#include "cluster/backup_manifest.h"

#include <gtest/gtest.h>

#include "cluster/recovery_bench.h"

namespace owl::cluster {
namespace {

const std::vector<ManifestFile> files{{"base/5/1259", 8192, test::noon, 0xdeadbeef},
                                      {"base \xc3\xb5", 0, test::at(0, 1) + std::chrono::milliseconds(999), 0}};
const std::vector<ManifestWalRange> wal_range{{1, {0x2000028}, {0x1'03000000}}};
constexpr postgres::SystemId system_id = 18'000'000'000'000'000'000u;

// Written by hand as backup_manifest.c does; the last lines are `sha256sum` of the lines before.
constexpr std::string_view files_and_wal =
    R"("Files": [
{ "Path": "base/5/1259", "Size": 8192, "Last-Modified": "2026-11-18 12:00:00 GMT", "Checksum-Algorithm": "CRC32C", "Checksum": "efbeadde" },
{ "Encoded-Path": "6261736520c3b5", "Size": 0, "Last-Modified": "2026-11-18 12:00:01 GMT", "Checksum-Algorithm": "CRC32C", "Checksum": "00000000" }
],
"WAL-Ranges": [
{ "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "1/3000000" }
],
)";

TEST(BackupManifest, Version1) {
  EXPECT_EQ(render_backup_manifest(15, system_id, files, wal_range),
            "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n" + std::string(files_and_wal) +
                "\"Manifest-Checksum\": \"b81fc45bc9654ac51000a2f651f3e1194898d2c2e8e1b48b0fd1330c079d05ee\"}\n");
}

TEST(BackupManifest, Version2NamesTheSystem) {
  EXPECT_EQ(render_backup_manifest(17, system_id, files, wal_range),
            "{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\"System-Identifier\": 18000000000000000000,\n" +
                std::string(files_and_wal) +
                "\"Manifest-Checksum\": \"6613c7fa460b5786be639d2943aeba5443836170d9b28161fbb7080bc4ba8d05\"}\n");
}

TEST(BackupManifest, PathsThatJsonCouldNotHoldAreEncoded) {
  for (const std::string path : {"a\"b", "a\\b", "a\nb", "a\x7f", "\xff"}) {
    const auto text = render_backup_manifest(15, 1, {{path, 0, {}, 0}}, {});
    EXPECT_NE(text.find("\"Encoded-Path\": \"" + to_hex(as_bytes(path)) + "\""), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace owl::cluster
