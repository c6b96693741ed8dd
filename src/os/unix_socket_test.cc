#include "os/unix_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "os/file.h"
#include "os/test_support.h"

namespace owl::os {
namespace {

using namespace std::chrono_literals;

class UnixSocketTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "s";

  /// Answers one conversation with what `reply` makes of it.
  template <typename Reply>
  std::jthread answer_once(const SocketListener& listener, Reply reply) {
    return std::jthread([&listener, reply] {
      const auto conversation = listener.accept(5s);
      ASSERT_TRUE(conversation);
      auto message = conversation->receive(5s);
      conversation->answer(reply(message, *conversation));
    });
  }
};

TEST_F(UnixSocketTest, ALineAndItsAnswer) {
  const SocketListener listener(path_);
  const auto thread = answer_once(listener, [](auto& message, auto& conversation) {
    EXPECT_EQ(conversation.peer_uid(), ::geteuid());
    return "heard " + message.line + "\nand no more";
  });
  EXPECT_EQ(ask_socket(path_, "hello"), "heard hello and no more");
}

TEST_F(UnixSocketTest, DescriptorsComeAlongAndAreOwned) {
  const SocketListener listener(path_);
  replace_file(folder_.path() / "a", as_bytes("first"));
  replace_file(folder_.path() / "b", as_bytes("second"));
  const auto a = open_file(folder_.path() / "a", O_RDONLY), b = open_file(folder_.path() / "b", O_RDONLY);
  const auto thread = answer_once(listener, [](auto& message, auto&) {
    std::string out;
    for (const auto& fd : message.descriptors) {
      EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
      Bytes bytes(16);
      bytes.resize(read_at(fd, bytes, 0, "test"));
      out += std::string(as_text(bytes)) + " ";
    }
    return out;
  });
  const std::array<int, 2> descriptors{a.get(), b.get()};
  EXPECT_EQ(ask_socket(path_, "take", descriptors), "first second ");
}

TEST_F(UnixSocketTest, NobodyThere) {
  EXPECT_EQ(ask_socket(path_, "hello"), std::nullopt);
}

TEST_F(UnixSocketTest, ASocketThatNobodyListensOnIsReplaced) {
  const auto child = ::fork();
  if (child == 0) {
    const auto* const left = new SocketListener(path_);  // no destructor: as a killed process leaves it
    ::_exit(left != nullptr ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(status_of(path_));
  const SocketListener listener(path_);
  const auto thread = answer_once(listener, [](auto&, auto&) { return std::string("new"); });
  EXPECT_EQ(ask_socket(path_, "who"), "new");
}

TEST_F(UnixSocketTest, OneThatSomebodyListensOnIsNot) {
  const SocketListener listener(path_);
  try {
    const SocketListener second(path_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::already_exists);
    EXPECT_EQ(error.message(), "somebody is already listening on " + path_.string());
  }
}

TEST_F(UnixSocketTest, IsItsOwnersAlone) {
  {
    const SocketListener listener(path_);
    struct ::stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
  EXPECT_FALSE(status_of(path_)) << "the destructor takes it away";
}

TEST_F(UnixSocketTest, ASilentPeerIsNotWaitedForForEver) {
  const SocketListener listener(path_);
  std::jthread silent(
      [&] { ask_socket(path_, std::string(5000, 'x'), {}, 100ms); });  // no end of line within the limit
  const auto conversation = listener.accept(5s);
  ASSERT_TRUE(conversation);
  EXPECT_EQ(conversation->receive(50ms).line, "");
}

TEST_F(UnixSocketTest, APathThatIsTooLongSaysSo) {
  try {
    const SocketListener listener(folder_.path() / std::string(120, 'n'));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_NE(error.message().find("is too long for the system (107 letters)"), std::string::npos);
  }
}

}  // namespace
}  // namespace owl::os
