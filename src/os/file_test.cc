#include "os/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "os/test_support.h"

namespace owl::os {
namespace {

using test::error_of;
using test::exit_code_in_child;
using test::TemporaryFolder;

void put(const fs::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

TEST(ReadFile, ReturnsTheWholeFile) {
  const TemporaryFolder folder;
  put(folder / "a", "contents");
  EXPECT_EQ(as_text(read_file(folder / "a")), "contents");
  put(folder / "empty", "");
  EXPECT_TRUE(read_file(folder / "empty").empty());
  put(folder / "large", std::string(300'000, 'x'));
  EXPECT_EQ(read_file(folder / "large").size(), 300'000U);
}

TEST(ReadFile, ReadsFilesThatTellNoSize) {
  EXPECT_FALSE(read_file("/proc/self/status").empty());
}

TEST(ReadFile, RefusesMoreThanItsLimit) {
  const TemporaryFolder folder;
  put(folder / "a", "12345");
  EXPECT_EQ(read_file(folder / "a", 5).size(), 5U);
  const auto error = error_of([&] { read_file(folder / "a", 4); });
  EXPECT_EQ(error.kind(), ErrorKind::io);
  EXPECT_THAT(error.what(), testing::HasSubstr("is larger than 4 bytes"));
  EXPECT_EQ(error_of([&] { read_file("/dev/zero", 100'000); }).kind(), ErrorKind::io) << "an endless file";
}

TEST(ReadFile, AbsentIsAnErrorOrAnAnswer) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { read_file(folder / "a"); }).kind(), ErrorKind::not_found);
  EXPECT_FALSE(read_file_if_exists(folder / "a"));
  put(folder / "a", "x");
  EXPECT_EQ(read_file_if_exists(folder / "a")->size(), 1U);
  EXPECT_EQ(error_of([&] { read_file_if_exists(folder.path()); }).errno_value(), EISDIR);
}

TEST(RemoveFile, TellsWhetherItWasThere) {
  const TemporaryFolder folder;
  put(folder / "a", "x");
  EXPECT_TRUE(remove_file(folder / "a"));
  EXPECT_FALSE(remove_file(folder / "a"));
  EXPECT_FALSE(remove_file(folder / "no/such/folder"));
  EXPECT_THROW(remove_file(folder.path()), Error);
}

TEST(StatusOf, DescribesAFile) {
  const TemporaryFolder folder;
  put(folder / "a", "12345");
  ASSERT_EQ(::chmod((folder / "a").c_str(), 04640), 0);
  const timespec times[2] = {{0, 0}, {1'700'000'000, 123'456'789}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder / "a").c_str(), times, 0), 0);
  const auto status = status_of(folder / "a");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->type, FileType::regular);
  EXPECT_EQ(status->size, 5U);
  EXPECT_EQ(status->mode, 04640U);
  EXPECT_EQ(status->uid, ::geteuid());
  EXPECT_EQ(status->modified.micros, 1'700'000'000'123'456);
}

TEST(StatusOf, FollowsLinksOnlyWhereAsked) {
  const TemporaryFolder folder;
  fs::create_symlink(folder.path(), folder / "link");
  fs::create_symlink("nowhere", folder / "dangling");
  EXPECT_EQ(status_of(folder / "link")->type, FileType::symlink);
  EXPECT_EQ(status_of(folder / "link", true)->type, FileType::folder);
  EXPECT_TRUE(status_of(folder / "dangling"));
  EXPECT_FALSE(status_of(folder / "dangling", true));
  EXPECT_FALSE(status_of(folder / "missing"));
  EXPECT_EQ(status_of("/dev/null")->type, FileType::other);
}

TEST(ListFolder, IsSortedAndTyped) {
  const TemporaryFolder folder;
  put(folder / "b", "");
  fs::create_directory(folder / "c");
  fs::create_symlink("b", folder / "a");
  ASSERT_EQ(::mkfifo((folder / ".d").c_str(), 0600), 0);
  const auto entries = list_folder(folder.path());
  ASSERT_TRUE(entries);
  std::vector<std::pair<std::string, FileType>> found;
  for (const auto& entry : *entries) found.emplace_back(entry.name, entry.type);
  EXPECT_THAT(found, testing::ElementsAre(std::pair{".d", FileType::other}, std::pair{"a", FileType::symlink},
                                          std::pair{"b", FileType::regular}, std::pair{"c", FileType::folder}));
}

TEST(ListFolder, AbsentIsAnAnswerAndAFileIsNot) {
  const TemporaryFolder folder;
  EXPECT_FALSE(list_folder(folder / "missing"));
  put(folder / "file", "");
  EXPECT_EQ(error_of([&] { list_folder(folder / "file"); }).errno_value(), ENOTDIR);
}

TEST(FolderNames, AreSortedAsBytes) {
  const test::TemporaryFolder folder;
  for (const auto* name : {"b", "a", "B", "\xc3\xa9", "a.1"}) replace_file(folder / name, {});
  make_folders(folder / "a-folder");
  const auto names = FolderNames::of(folder / ".").value();
  std::vector<std::string> found;
  for (std::size_t i = 0; i < names.size(); ++i) found.emplace_back(names[i]);
  EXPECT_EQ(found, (std::vector<std::string>{"B", "a", "a-folder", "a.1", "b", "\xc3\xa9"}));
  EXPECT_FALSE(FolderNames::of(folder / "none"));
  EXPECT_THROW(FolderNames::of(folder / "a"), Error);
}

TEST(NamelessFile, IsWritableAndInNoFolder) {
  const test::TemporaryFolder folder;
  const auto made = make_nameless_file(folder / "new", "the test's file");
  write_at(made.file, to_bytes(as_bytes("abc")), 5, made.name);
  Bytes out(3);
  EXPECT_EQ(read_at(made.file, out, 5, made.name), 3u);
  EXPECT_EQ(as_text(out), "abc");
  EXPECT_TRUE(FolderNames::of(folder / "new")->empty());
  EXPECT_NE(made.name.find("the test's file"), std::string::npos);
}

TEST(UnreadableFolder, IsDeniedAndNotAbsent) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "closed");
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(folder / "closed", fs::perms(0));
  const int code = exit_code_in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;  // root sees everything
    if (error_of([&] { list_folder(folder / "closed"); }).kind() != ErrorKind::denied) return 2;
    if (error_of([&] { status_of(folder / "closed/a"); }).kind() != ErrorKind::denied) return 3;
    if (error_of([&] { read_file_if_exists(folder / "closed/a"); }).kind() != ErrorKind::denied) return 4;
    return 0;
  });
  fs::permissions(folder / "closed", fs::perms(0700));  // so that it can be removed
  EXPECT_EQ(code, 0);
}

TEST(ReadSymlink, OfAnyLength) {
  const TemporaryFolder folder;
  const std::string target(3000, 't');
  fs::create_symlink(target, folder / "long");
  EXPECT_EQ(os::read_symlink(folder / "long"), target);
  fs::create_symlink(std::string(256, 's'), folder / "exact");
  EXPECT_EQ(os::read_symlink(folder / "exact").size(), 256U);
  EXPECT_EQ(error_of([&] { os::read_symlink(folder.path()); }).errno_value(), EINVAL);
}

TEST(FileSystemOf, KnowsItsSize) {
  const TemporaryFolder folder;
  const auto info = file_system_of(folder.path());
  EXPECT_GT(info.total_bytes, 0U);
  EXPECT_LE(info.free_bytes, info.total_bytes);
  EXPECT_FALSE(file_system_of("/proc").is_network);
  EXPECT_EQ(error_of([&] { file_system_of(folder / "missing"); }).kind(), ErrorKind::not_found);
}

TEST(FileLock, IsHeldByOneAtATime) {
  const TemporaryFolder folder;
  {
    const auto first = FileLock::try_acquire(folder / "lock");
    ASSERT_TRUE(first);
    EXPECT_FALSE(FileLock::try_acquire(folder / "lock"));
    EXPECT_EQ(exit_code_in_child([&] { return FileLock::try_acquire(folder / "lock") ? 1 : 0; }), 0);
  }
  EXPECT_TRUE(FileLock::try_acquire(folder / "lock"));
  EXPECT_TRUE(fs::exists(folder / "lock"));
}

TEST(FileLock, EndsWithItsProcess) {
  const TemporaryFolder folder;
  const int code = exit_code_in_child([&] {
    const auto lock = FileLock::try_acquire(folder / "lock");
    return ::raise(SIGKILL);
  });
  EXPECT_EQ(code, 128 + SIGKILL);
  EXPECT_TRUE(FileLock::try_acquire(folder / "lock"));
}

TEST(FileLock, ReportsAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { FileLock::try_acquire(folder / "missing/lock"); }).kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace owl::os
