#include "cluster/file_marks.h"

#include <gtest/gtest.h>

#include "os/test_support.h"

namespace owl::cluster {
namespace {

constexpr Timestamp noon{1'795'003'200'000'000};
const FileMarks ours{"0123", "boot"};

os::FileStatus status() {
  return {os::FileType::regular, 8192, 0600, 1, 1, 10, 20, noon, noon};
}
Timestamp after(std::int64_t micros) {
  return {noon.micros + micros};
}
constexpr std::int64_t later = 3'000'000;

TEST(MarkOf, OtherForksIsOneNumberOfAllThatTellsThemApart) {
  const auto mark = mark_of("base/5/16384_vm", status(), after(later));
  EXPECT_NE(mark, 0u);
  EXPECT_EQ(mark_of("base/5/16384_vm", status(), after(2 * later)), mark);
  const auto differs = [&](auto change) {
    auto other = status();
    change(other);
    EXPECT_NE(mark_of("base/5/16384_vm", other, after(later)), mark);
  };
  differs([](auto& s) { s.device = 11; });
  differs([](auto& s) { s.inode = 21; });
  differs([](auto& s) { s.size = 16384; });
  differs([](auto& s) { s.modified = after(1); });
  differs([](auto& s) { s.changed = after(1); });
}

TEST(MarkOf, AFileThatChangedShortlyBeforeIsNone) {
  EXPECT_EQ(mark_of("base/5/16384_vm", status(), after(1'999'999)), 0u);
  EXPECT_NE(mark_of("base/5/16384_vm", status(), after(2'000'000)), 0u);
  auto changed = status();
  changed.changed = after(10);
  EXPECT_EQ(mark_of("base/5/16384_vm", changed, after(2'000'000)), 0u);
  auto modified = status();
  modified.modified = after(10);  // by somebody who sets it
  EXPECT_EQ(mark_of("base/5/16384_vm", modified, after(2'000'000)), 0u);
}

TEST(MarkOf, MainForksAndWhatIsFewIsNone) {
  for (const auto* path : {"base/5/16384", "base/5/16384.1", "global/1260", "global/pg_control",
                           "base/5/pg_filenode.map", "global/pg_filenode.map", "pg_xact/0000", "pg_twophase/00000001",
                           "PG_VERSION", "postgresql.conf", "pg_multixact/offsets/0000"}) {
    EXPECT_EQ(mark_of(path, status(), after(later)), 0u) << path;
  }
  for (const auto* path : {"base/5/PG_VERSION", "global/1260_fsm", "pg_tblspc/16390/PG_15_202209061/5/16400_init"}) {
    EXPECT_NE(mark_of(path, status(), after(later)), 0u) << path;
  }
}

Bytes serialize(const FileMarks& of, const Listing& files) {
  Bytes out;
  write_marks(of, files, [&](ByteView bytes) { append(out, bytes); });
  return out;
}

Listing listed(const std::vector<std::pair<std::string, std::uint64_t>>& files) {
  Listing out;
  for (const auto& [path, mark] : files) {
    ListedFile file;
    file.path = path;
    file.mark = mark;
    out.add(file);
  }
  return out;
}

TEST(EarlierMarks, ComeBack) {
  const auto files = listed({{"base/1/1_fsm", 7}, {"base/1/1_vm", 8}, {"base/1/2", 0}, {"base/5/2_vm", 9}});
  auto marks = EarlierMarks::of_bytes(serialize(ours, files), ours);
  EXPECT_FALSE(marks.same("base/1", 7));
  EXPECT_TRUE(marks.same("base/1/1_fsm", 7));
  EXPECT_FALSE(marks.same("base/1/1_vm", 7));
  EXPECT_TRUE(marks.same("base/1/1_vm", 8));
  EXPECT_FALSE(marks.same("base/1/2", 0));
  EXPECT_FALSE(marks.same("base/5/1_vm", 9));
  EXPECT_TRUE(marks.same("base/5/2_vm", 9));
  EXPECT_FALSE(marks.same("base/6/2_vm", 9));
}

TEST(EarlierMarks, OfAnotherBackupBootOrWithDamageKnowNothing) {
  const auto bytes = serialize(ours, listed({{"base/1/1_fsm", 7}}));
  const auto knows = [](Bytes content, const FileMarks& of) {
    return EarlierMarks::of_bytes(std::move(content), of).same("base/1/1_fsm", 7);
  };
  EXPECT_TRUE(knows(bytes, ours));
  EXPECT_FALSE(knows(bytes, {"0124", "boot"}));
  EXPECT_FALSE(knows(bytes, {"0123", "another"}));
  EXPECT_FALSE(knows(serialize({"0123", ""}, listed({{"base/1/1_fsm", 7}})), {"0123", ""}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(knows(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)), ours)) << size;
    auto damaged = bytes;
    damaged[size] ^= 1;
    EXPECT_FALSE(knows(damaged, ours)) << size;
  }
}

/// More than is in memory at once, with paths of every length.
TEST(EarlierMarks, OfManyFilesComeBackFromAFile) {
  Listing files;
  std::vector<std::string> paths;
  for (int i = 100'000; i < 120'000; ++i) {
    paths.push_back("base/" + std::to_string(i) + std::string(static_cast<std::size_t>(i % 300), 'x') + "_vm");
  }
  std::uint64_t mark = 1;
  for (const auto& path : paths) {
    ListedFile file;
    file.path = path;
    file.mark = mark++ % 3;  // every third has none
    files.add(file);
  }
  const os::test::TemporaryFolder folder;
  os::replace_file_in_parts(folder / "marks", [&](const os::AppendBytes& append) { write_marks(ours, files, append); });
  auto marks = EarlierMarks::of_file(folder / "marks", ours);
  mark = 1;
  for (const auto& path : paths) {
    ASSERT_EQ(marks.same(path, mark % 3), mark % 3 != 0) << path;
    ++mark;
  }
  EXPECT_FALSE(EarlierMarks::of_file(folder / "none", ours).same(paths.front(), 1));
}

TEST(BootId, IsKnownOnLinux) {
  EXPECT_EQ(boot_id().size(), 36u);
}

}  // namespace
}  // namespace owl::cluster
