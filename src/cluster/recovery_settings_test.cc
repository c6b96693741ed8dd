#include "cluster/recovery_settings.h"

#include <gtest/gtest.h>

#include "cluster/backup_manifest.h"

namespace owl::cluster {
namespace {

TEST(RecoverySettings, NameTimelineAndTarget) {
  RestoreTarget target;
  target.kind = RestoreTarget::Kind::time;
  target.time = *parse_time("2026-11-22 14:30:00.5+00", {});
  EXPECT_EQ(recovery_settings(target, 3, {"owl-wal --agent /run/x fetch %f %p", ""}),
            "# Written by owlbackup restore; recovery.signal makes them count, once.\n"
            "restore_command = 'owl-wal --agent /run/x fetch %f %p'\n"
            "recovery_target_timeline = '3'\n"
            "recovery_target_time = '2026-11-22 14:30:00.500000+00'\n"
            "recovery_target_inclusive = 'on'\n"
            "recovery_target_action = 'promote'\n");
}

TEST(RecoverySettings, QuoteWhatPostgresWouldMisread) {
  RestoreTarget target;
  target.kind = RestoreTarget::Kind::name;
  target.name = "it's \\here";
  EXPECT_NE(recovery_settings(target, 1, {"x", ""}).find("recovery_target_name = 'it''s \\\\here'\n"),
            std::string::npos);
}

TEST(RecoverySettings, NameWhatRunsAtTheEnd) {
  EXPECT_NE(recovery_settings({}, 1, {"x", "rm -f 'a'"}).find("recovery_end_command = 'rm -f ''a'''\n"),
            std::string::npos);
}

TEST(RecoverySettings, ReplaceThoseOfAnEarlierRestore) {
  EXPECT_EQ(merge_auto_conf("# keep\nrestore_command = 'old'\nwork_mem = '4MB'\n recovery_target_time = 'x'\n"
                            "recovery_end_command = 'old'\n\n",
                            "new\n"),
            "# keep\nwork_mem = '4MB'\nnew\n");
}

TEST(CommandWord, IsOneWordToTheShellAndNoPlaceholderToPostgres) {
  EXPECT_EQ(command_word("/var/lib/owlbackup/a-1.ticket"), "/var/lib/owlbackup/a-1.ticket");
  EXPECT_EQ(command_word("/srv/it's 50%"), "'/srv/it'\\''s 50%%'");
  EXPECT_EQ(command_word(""), "''");
}

TEST(BackupManifest, IsWrittenAsTheServerDoes) {
  const auto text =
      render_backup_manifest(15, 7, {{"PG_VERSION", 3, {1'763'821'800'000'000}, 0x01020304}, {"a\"b", 0, {}, 0}},
                             {{1, {0x2000028}, {0x2000100}}});
  EXPECT_TRUE(
      text.starts_with("{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n"
                       "{ \"Path\": \"PG_VERSION\", \"Size\": 3, \"Last-Modified\": \"2025-11-22 14:30:00 GMT\", "
                       "\"Checksum-Algorithm\": \"CRC32C\", "
                       "\"Checksum\": \"04030201\" },\n{ \"Encoded-Path\": \"612262\", "))
      << text;
  EXPECT_NE(
      text.find(
          "\"WAL-Ranges\": [\n{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": \"0/2000100\" }\n],\n"),
      std::string::npos);
  EXPECT_TRUE(render_backup_manifest(17, 7, {}, {})
                  .starts_with("{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\"System-Identifier\": 7,\n"));
}

}  // namespace
}  // namespace owl::cluster
