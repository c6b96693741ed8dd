#include "cluster/restore_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "os/aligned_buffer.h"
#include "os/file.h"
#include "os/test_support.h"

namespace owl::cluster {
namespace {

class RestoreFilesTest : public testing::Test {
 protected:
  std::filesystem::path empty_file(const std::string& name) {
    std::ofstream(folder / name).flush();
    return folder / name;
  }

  os::test::TemporaryFolder folder;
  DirectWrites direct;
};

os::AlignedBuffer pattern(std::size_t size) {
  os::AlignedBuffer buffer(size);
  buffer.resize(size);
  for (std::size_t i = 0; i < size; ++i) buffer.data()[i] = static_cast<std::uint8_t>(i % 251);
  return buffer;
}

TEST_F(RestoreFilesTest, AlignedAndUnalignedWritesEndUpWhereTheyBelong) {
  constexpr std::size_t size = 1 << 20;
  const auto path = empty_file("f");
  const auto bytes = pattern(size + 100);
  {
    RestoreFiles files(direct);
    files.write(1, path, bytes.view().first(size), size);      // suits O_DIRECT
    files.write(1, path, bytes.view().subspan(100, size), 0);  // memory that does not
    files.write(1, path, bytes.view().first(777), 2 * size);   // nor does this length
  }
  const auto content = os::read_file(path);
  ASSERT_EQ(content.size(), 2 * size + 777);
  EXPECT_TRUE(equal(ByteView(content).first(size), bytes.view().subspan(100, size)));
  EXPECT_TRUE(equal(ByteView(content).subspan(size, size), bytes.view().first(size)));
  EXPECT_TRUE(equal(ByteView(content).subspan(2 * size), bytes.view().first(777)));
}

TEST_F(RestoreFilesTest, WhereDirectWritesAreRefusedTheCacheDoes) {
  const auto bytes = pattern(1 << 20);
  direct.refused();
  const auto path = empty_file("f");
  RestoreFiles files(direct);
  files.write(1, path, bytes.view(), 0);
  EXPECT_TRUE(equal(os::read_file(path), bytes.view()));
}

TEST_F(RestoreFilesTest, MoreFilesThanAreKeptOpen) {
  RestoreFiles files(direct);
  const auto bytes = pattern(64 << 10);
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < 40; ++i) {
      const auto name = "f" + std::to_string(i);
      const auto path = round == 0 ? empty_file(name) : folder / name;
      files.write(i, path, bytes.view(), static_cast<std::uint64_t>(round) * bytes.size());
    }
  }
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(os::read_file(folder / ("f" + std::to_string(i))).size(), 2 * bytes.size()) << i;
}

TEST_F(RestoreFilesTest, AFailureNamesTheFile) {
  RestoreFiles files(direct);
  const auto bytes = pattern(1 << 20);
  try {
    files.write(1, folder / "absent", bytes.view(), 0);
    FAIL() << "it was written";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("absent"), std::string::npos) << error.what();
    EXPECT_TRUE(direct.allowed()) << "an absent file says nothing about direct writes";
  }
}

}  // namespace
}  // namespace owl::cluster
