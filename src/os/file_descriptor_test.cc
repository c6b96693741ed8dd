#include "os/file_descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "os/test_support.h"

namespace owl::os {
namespace {

using test::error_of;
using test::TemporaryFolder;

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(FileDescriptor, ClosesWhatItOwns) {
  const TemporaryFolder folder;
  int number = -1;
  {
    const auto fd = open_file(folder / "a", O_RDWR | O_CREAT);
    number = fd.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(FileDescriptor, AssignmentClosesTheOldOne) {
  const TemporaryFolder folder;
  auto first = open_file(folder / "a", O_RDWR | O_CREAT);
  auto second = open_file(folder / "b", O_RDWR | O_CREAT);
  const int old = first.get(), kept = second.get();
  first = std::move(second);
  EXPECT_FALSE(is_open(old));
  EXPECT_EQ(first.get(), kept);
  EXPECT_FALSE(second.valid());  // NOLINT(bugprone-use-after-move): that is the test
}

TEST(FileDescriptor, ReleaseGivesTheOwnershipAway) {
  const TemporaryFolder folder;
  auto fd = open_file(folder / "a", O_RDWR | O_CREAT);
  const int number = fd.release();
  EXPECT_FALSE(fd.valid());
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(OpenFile, IsNotInheritedByPrograms) {
  const TemporaryFolder folder;
  const auto fd = open_file(folder / "a", O_RDWR | O_CREAT);
  EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(OpenFile, NamesThePathInItsError) {
  const TemporaryFolder folder;
  const auto path = folder / "missing";
  const auto error = error_of([&] { open_file(path, O_RDONLY); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_EQ(error.errno_value(), ENOENT);
  EXPECT_EQ(error.message(), "cannot open " + path.native() + ": No such file or directory");
}

TEST(OpenIfExists, AnswersForAnAbsentFileAndThrowsForTheRest) {
  const TemporaryFolder folder;
  EXPECT_FALSE(open_if_exists(folder / "missing", O_RDONLY).valid());
  EXPECT_FALSE(open_if_exists(folder / "missing/too", O_RDONLY).valid());
  open_file(folder / "file", O_RDWR | O_CREAT);
  EXPECT_FALSE(open_if_exists(folder / "file/below", O_RDONLY).valid());
  EXPECT_TRUE(open_if_exists(folder / "file", O_RDONLY).valid());
  EXPECT_EQ(error_of([&] { open_if_exists(folder.path(), O_RDWR); }).errno_value(), EISDIR);
}

TEST(ReadAndWrite, AtOffsetsAndToTheEnd) {
  const TemporaryFolder folder;
  const auto fd = open_file(folder / "a", O_RDWR | O_CREAT);
  write_all(fd, as_bytes("hello world"), "a");
  write_at(fd, as_bytes("W"), 6, "a");
  Bytes out(20);
  EXPECT_EQ(read_at(fd, out, 6, "a"), 5U);
  EXPECT_EQ(as_text(ByteView(out).first(5)), "World");
  EXPECT_EQ(read_at(fd, out, 100, "a"), 0U);
  EXPECT_EQ(read_some(fd, out, "a"), 0U) << "the position is at the end";
  sync_file(fd, "a");
}

TEST(ReadSome, FillsItsBufferFromAStreamOfSmallPieces) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const FileDescriptor reader(ends[0]);
  std::jthread sender([writer = FileDescriptor(ends[1])] {
    for (int i = 0; i < 100; ++i) write_all(writer, as_bytes("0123456789"), "socket");
  });
  Bytes out(2000);
  EXPECT_EQ(read_some(reader, out, "socket"), 1000U);
}

TEST(WriteAll, SaysDiskFull) {
  const auto fd = open_file("/dev/full", O_WRONLY);
  const auto error = error_of([&] { write_all(fd, as_bytes("x"), "/backup/a"); });
  EXPECT_EQ(error.kind(), ErrorKind::disk_full);
  EXPECT_EQ(error.message(), "cannot write /backup/a: No space left on device");
  EXPECT_EQ(error.hint(), "Free space, or raise the quota.");
}

TEST(ReadSome, ReportsABadDescriptor) {
  const TemporaryFolder folder;
  const auto fd = open_file(folder / "a", O_WRONLY | O_CREAT);
  Bytes out(1);
  EXPECT_EQ(error_of([&] { read_some(fd, out, "a"); }).kind(), ErrorKind::io);
}

}  // namespace
}  // namespace owl::os
