#include <gtest/gtest.h>

#include "postgres/base_backup.h"

namespace owl::postgres {
namespace {

const std::string good =
    "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n"
    "CHECKPOINT LOCATION: 0/2000060\n"
    "BACKUP METHOD: streamed\n"
    "BACKUP FROM: primary\n"
    "START TIME: 2026-11-22 14:30:00 UTC\n"
    "LABEL: owlbackup 20261122T143000Z\n"
    "START TIMELINE: 1\n";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(BackupLabel, AsPostgresWritesIt) {
  const auto label = value_or_throw(parse_backup_label(good));
  EXPECT_EQ(label.start.value, 0x2000028u);
  EXPECT_EQ(label.checkpoint.value, 0x2000060u);
  EXPECT_EQ(label.start_segment, "000000010000000000000002");
  EXPECT_EQ(label.method, "streamed");
  EXPECT_EQ(label.from, "primary");
  EXPECT_EQ(label.start_time, "2026-11-22 14:30:00 UTC");
  EXPECT_EQ(label.label, "owlbackup 20261122T143000Z");
  EXPECT_EQ(label.timeline, 1u);
}

TEST(BackupLabel, HistoryFileHasMoreLines) {
  const auto text =
      replaced(good, "CHECKPOINT", "STOP WAL LOCATION: 0/2000100 (file 000000010000000000000002)\nCHECKPOINT");
  EXPECT_EQ(value_or_throw(parse_backup_label(text)).start.value, 0x2000028u);
}

TEST(BackupLabel, RefusesWhatPostgresRefuses) {
  EXPECT_FALSE(parse_backup_label(""));
  EXPECT_FALSE(parse_backup_label(replaced(good, "0/2000028", "0-2000028")));
  EXPECT_FALSE(parse_backup_label(replaced(good, "(file ", "(")));
  EXPECT_FALSE(parse_backup_label(replaced(good, "000000010000000000000002", "00000001.history")));
  EXPECT_FALSE(parse_backup_label(replaced(good, "CHECKPOINT LOCATION", "CHECKPOINT PLACE")));
  EXPECT_FALSE(parse_backup_label(replaced(good, "TIMELINE: 1", "TIMELINE: 2")));
  const auto incremental = parse_backup_label(good + "INCREMENTAL FROM LSN: 0/1000028\nINCREMENTAL FROM TLI: 1\n");
  ASSERT_FALSE(incremental);
  EXPECT_EQ(incremental.error().message(), "backup_label: of an incremental backup, to be combined");
}

TEST(BackupLabel, NeverFailsOtherwiseOnDamagedText) {
  for (std::size_t size = 0; size < good.size(); ++size) (void)parse_backup_label(good.substr(0, size));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string flipped = good;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    (void)parse_backup_label(flipped);
  }
}

}  // namespace
}  // namespace owl::postgres
