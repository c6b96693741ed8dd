#include "os/direct_write.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "os/aligned_buffer.h"
#include "os/file.h"
#include "os/test_support.h"

namespace owl::os {
namespace {

constexpr std::size_t large = 9'000'000;  // more than one step, and no multiple of 4 KiB

AlignedBuffer pattern() {
  AlignedBuffer buffer(large);
  buffer.resize(large);
  for (std::size_t i = 0; i < large; ++i) buffer.data()[i] = static_cast<std::uint8_t>(i % 251);
  return buffer;
}

TEST(WriteDirect, WhatItLeavesCanBeWrittenAsEver) {
  const test::TemporaryFolder folder;
  const auto bytes = pattern();
  const auto fd = open_file(folder / "f", O_WRONLY | O_CREAT);
  const auto done = write_direct(fd, bytes.view(), "f");
  EXPECT_TRUE(done == 0 || done == large - large % AlignedBuffer::alignment) << done;
  EXPECT_EQ(::fcntl(fd.get(), F_GETFL) & O_DIRECT, 0) << "an ordinary descriptor again";
  write_all(fd, bytes.view().subspan(done), "f");
  EXPECT_TRUE(equal(read_file(folder / "f"), bytes.view()));
}

TEST(WriteDirect, LeavesWhatDoesNotSuit) {
  const test::TemporaryFolder folder;
  const auto bytes = pattern();
  const auto fd = open_file(folder / "f", O_WRONLY | O_CREAT);
  EXPECT_EQ(write_direct(fd, bytes.view().first(8192), "f"), 0u) << "too few";
  EXPECT_EQ(write_direct(fd, bytes.view().subspan(1), "f"), 0u) << "not aligned";
  EXPECT_EQ(status_of(folder / "f")->size, 0u);
}

TEST(WriteDirect, AFailureNamesTheFile) {
  try {  // /dev/full takes O_DIRECT on some kernels only; the page cache's way must fail as well then
    const auto full = open_file("/dev/full", O_WRONLY);
    const auto bytes = pattern();
    write_all(full, bytes.view().subspan(write_direct(full, bytes.view(), "the file")), "the file");
    FAIL() << "a full disk took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disk_full);
    EXPECT_NE(std::string(error.what()).find("the file"), std::string::npos) << error.what();
  }
}

TEST(WriteDirect, CreateFileOnceWritesLargePiecesWhole) {
  const test::TemporaryFolder folder;
  const auto bytes = pattern();
  const Bytes tail(100, 7);
  const std::array<ByteView, 3> pieces{bytes.view(), tail, bytes.view()};
  EXPECT_EQ(create_file_once(folder / "f", pieces), CreateOutcome::created);
  const auto content = read_file(folder / "f");
  ASSERT_EQ(content.size(), 2 * large + tail.size());
  EXPECT_TRUE(equal(ByteView(content).first(large), bytes.view()));
  EXPECT_TRUE(equal(ByteView(content).subspan(large, tail.size()), tail));
  EXPECT_TRUE(equal(ByteView(content).last(large), bytes.view()));
}

}  // namespace
}  // namespace owl::os
