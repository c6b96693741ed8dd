#include "wal/restore_agent.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

#include "os/file.h"
#include "os/system.h"
#include "os/test_support.h"
#include "wal/agent_request.h"
#include "wal/test_support.h"

namespace owl::wal {
namespace {

using namespace std::chrono_literals;
using os::test::error_of;
using test::segment_name;
using test::segment_size;

os::FileDescriptor connect_to(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  os::FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return connection;
}

/// Sends a text with descriptors beside it.
void send(const os::FileDescriptor& connection, std::string_view text, const std::vector<int>& descriptors = {}) {
  Bytes control(CMSG_SPACE(descriptors.size() * sizeof(int)));
  iovec data{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
  }
  ::sendmsg(connection.get(), &message, MSG_NOSIGNAL);
}

/// One line, or what came of it before the other side hung up.
std::string answer(const os::FileDescriptor& connection) {
  std::string line;
  char c = 0;
  while (!line.ends_with('\n') && ::read(connection.get(), &c, 1) == 1) line += c;
  return line;
}

std::size_t open_descriptors() {
  return os::list_folder("/proc/self/fd")->size();
}

/// The agent's threads close what they have a moment after they answered.
bool comes_down_to(std::size_t descriptors) {
  for (int i = 0; i < 1000 && open_descriptors() > descriptors; ++i) std::this_thread::sleep_for(5ms);
  return open_descriptors() <= descriptors;
}

/// An agent on a real socket, in a thread of this process, for a recovery that is under way.
class AgentTest : public testing::Test {
 protected:
  AgentTest() {
    os::make_folders(options_.data_directory);
    os::replace_file(options_.data_directory / "recovery.signal", {});
    bench_.put(*bench_.a, segment_name(1, 3), Bytes(segment_size, 3));
  }
  ~AgentTest() override {
    stop_.request_stop();
    if (agent_.joinable()) agent_.join();
  }

  void start() {
    socket_.emplace(options_.socket, options_.owner_uid);
    agent_ = std::thread([this] { serve_agent(*socket_, options_, wal_, clock_, stop_.get_token()); });
  }
  /// Returns once the agent has ended by itself.
  void wait_for_end() { agent_.join(); }
  std::string ask(std::string_view request) { return ask_agent(options_.socket, request).value_or("nobody"); }
  /// Asks for a file as owl-wal does.
  std::string fetch(const std::string& name, const std::filesystem::path& to) {
    const auto destination = os::open_file(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const auto connection = connect_to(options_.socket);
    send(connection, "fetch " + name + "\n", {destination.get()});
    return answer(connection);
  }

  os::test::TemporaryFolder folder_;
  AgentOptions options_{.socket = folder_ / "run/agent.sock",
                        .data_directory = folder_ / "pg",
                        .owner_uid = os::effective_uid(),
                        .patience = 200ms,
                        .look_every = 20ms};
  test::ArchiveBench bench_;
  Fetcher fetcher_ = bench_.fetcher();
  Prefetcher wal_{fetcher_, {}};
  storage::FakeClock clock_;
  std::stop_source stop_;
  std::optional<os::SocketListener> socket_;
  std::thread agent_;
};

TEST(AgentRequest, ComesBackAsItWas) {
  for (const std::string text : {"ping", "stop", "fetch 000000010000000000000003", "fetch 00000002.history"}) {
    const auto request = parse_agent_request(text + "\nand what follows is left aside");
    ASSERT_TRUE(request) << text;
    EXPECT_EQ(to_text(*request), text);
  }
}

TEST(AgentRequest, RefusesTheRest) {
  for (const auto* text : {"", "\n", "pin", "ping ", "PING", "fetch", "fetch ", "fetch 3", "fetch ../pg_hba.conf",
                           "fetch /etc/passwd", "fetch 000000010000000000000003 /etc/passwd", " stop"}) {
    EXPECT_FALSE(parse_agent_request(text)) << text;
  }
}

TEST_F(AgentTest, WritesIntoTheDescriptorThatComesWithTheRequest) {
  start();
  EXPECT_EQ(fetch(segment_name(1, 3), folder_ / "destination"), "ok\n");
  EXPECT_EQ(os::read_file(folder_ / "destination"), Bytes(segment_size, 3));
}

TEST_F(AgentTest, TellsAbsenceFromFailure) {
  start();
  EXPECT_EQ(fetch(segment_name(1, 4), folder_ / "destination"), "absent\n");
  bench_.a->overwrite(test::key_of(segment_name(1, 3)), Bytes(9));
  EXPECT_EQ(fetch(segment_name(1, 3), folder_ / "destination"),
            "error store a: the WAL object " + test::key_of(segment_name(1, 3)) + " is damaged: it is cut short\n");
}

TEST_F(AgentTest, SaysWhatItServed) {
  start();
  EXPECT_EQ(ask("ping"), "ok {\"files\":0,\"bytes\":0,\"last\":\"\",\"at_hand\":0,\"data_directory\":\"" +
                             options_.data_directory.string() + "\"}");
  fetch(segment_name(1, 3), folder_ / "destination");
  fetch(segment_name(1, 4), folder_ / "destination");
  EXPECT_EQ(ask("ping"), "ok {\"files\":1,\"bytes\":1048576,\"last\":\"" + segment_name(1, 3) +
                             "\",\"at_hand\":0,\"data_directory\":\"" + options_.data_directory.string() + "\"}");
}

TEST_F(AgentTest, GarbageIsAnsweredAndLeavesNothingBehind) {
  start();
  const auto before = open_descriptors();
  const std::string long_text(10'000, 'x'), binary("\0\xff\x01\n", 4);
  for (const std::string_view text :
       {std::string_view("fetch\n"), std::string_view("fetch ../../etc/passwd\n"), std::string_view(long_text),
        std::string_view(binary), std::string_view("GET / HTTP/1.1\n")}) {
    const auto connection = connect_to(options_.socket);
    send(connection, text);
    EXPECT_THAT(answer(connection), testing::StartsWith("error ")) << text;
  }
  const auto connection = connect_to(options_.socket);
  send(connection, "fetch " + segment_name(1, 3) + "\n");
  EXPECT_EQ(answer(connection), "error no open file came with the request\n");
  EXPECT_THAT(ask("ping"), testing::StartsWith("ok "));
  EXPECT_TRUE(comes_down_to(before + 1)) << "only the connection that this test holds is left";
}

TEST_F(AgentTest, DescriptorsThatNobodyWantsAreClosed) {
  start();
  const auto one = os::open_file("/dev/null", O_WRONLY), two = os::open_file("/dev/null", O_WRONLY);
  const auto before = open_descriptors();
  for (int i = 0; i < 10; ++i) {
    const auto connection = connect_to(options_.socket);
    send(connection, "fetch " + segment_name(1, 4) + "\n", {one.get(), two.get()});
    EXPECT_EQ(answer(connection), "absent\n");
  }
  EXPECT_TRUE(comes_down_to(before));
}

TEST_F(AgentTest, ClientsThatSayNothingDoNotHoldUpTheOthers) {
  start();
  std::vector<os::FileDescriptor> idle;
  for (int i = 0; i < 40; ++i) idle.push_back(connect_to(options_.socket));
  EXPECT_EQ(fetch(segment_name(1, 3), folder_ / "destination"), "ok\n");
}

TEST_F(AgentTest, EndsWithTheRecovery) {
  start();
  EXPECT_THAT(ask("ping"), testing::StartsWith("ok "));
  os::remove_file(options_.data_directory / "recovery.signal");
  wait_for_end();
}

TEST_F(AgentTest, AStandbyIsARecoveryToo) {
  os::replace_file(options_.data_directory / "standby.signal", {});
  os::remove_file(options_.data_directory / "recovery.signal");
  start();
  EXPECT_THAT(ask("ping"), testing::StartsWith("ok "));
  os::remove_file(options_.data_directory / "standby.signal");
  wait_for_end();
}

/// The agent is started before the restore writes recovery.signal: until it was seen, its absence means nothing.
TEST_F(AgentTest, WaitsForTheRecoveryToBegin) {
  os::remove_file(options_.data_directory / "recovery.signal");
  start();
  EXPECT_THAT(ask("ping"), testing::StartsWith("ok "));
  os::replace_file(options_.data_directory / "recovery.signal", {});
  EXPECT_EQ(fetch(segment_name(1, 3), folder_ / "destination"), "ok\n");
}

TEST_F(AgentTest, EndsWhenItsTimeIsUp) {
  start();
  EXPECT_THAT(ask("ping"), testing::StartsWith("ok "));
  clock_.sleep(options_.time_to_live + 1s, {});
  wait_for_end();
}

TEST_F(AgentTest, EndsOnRequestAndTakesItsSocketAlong) {
  start();
  EXPECT_EQ(ask("stop"), "ok");
  wait_for_end();
  socket_.reset();
  EXPECT_FALSE(os::status_of(options_.socket));
  EXPECT_FALSE(ask_agent(options_.socket, "ping"));
}

TEST_F(AgentTest, TwoCannotListenInOnePlace) {
  start();
  const auto error = error_of([&] { listen_as_agent(options_); });
  EXPECT_EQ(error.kind(), ErrorKind::already_exists);
  EXPECT_EQ(error.message(), "somebody is already listening on " + options_.socket.string());
  EXPECT_THAT(ask("ping"), testing::StartsWith("ok ")) << "the first one listens on";
}

TEST_F(AgentTest, ASocketThatADeadAgentLeftBehindIsReplaced) {
  os::make_folders(options_.socket.parent_path());
  os::replace_file(options_.socket, as_bytes("left behind"));
  start();
  EXPECT_THAT(ask("ping"), testing::StartsWith("ok "));
  EXPECT_EQ(os::status_of(options_.socket)->mode, 0600u);
}

TEST_F(AgentTest, APathThatNoSocketCanHaveIsAnErrorOfConfiguration) {
  options_.socket = folder_ / std::string(120, 'x');
  const auto error = error_of([&] { listen_as_agent(options_); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_EQ(error.message(),
            "the socket path " + options_.socket.string() + " is too long for the system (107 letters)");
}

/// What an account gets when it asks: the agent's answer, "nobody" where it can't connect or the agent hangs up.
std::string ask_as(std::uint32_t uid, const std::filesystem::path& socket) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return "no pipe";
  const os::FileDescriptor reader(pipe_ends[0]);
  os::FileDescriptor writer(pipe_ends[1]);
  os::test::exit_code_in_child([&] {
    if (::setuid(uid) != 0) return 1;
    os::write_all(writer, as_bytes(ask_agent(socket, "ping").value_or("nobody")), "pipe");
    return 0;
  });
  writer.reset();
  return answer(reader);
}

TEST_F(AgentTest, AnswersTheOwnerOfTheDataDirectoryAndNobodyElse) {
  if (!os::is_root()) GTEST_SKIP() << "needs root to become two other accounts";
  constexpr std::uint32_t owner = 65533, stranger = 65532;
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  options_.owner_uid = owner;
  start();
  EXPECT_EQ(os::status_of(options_.socket)->uid, owner);
  EXPECT_THAT(ask_as(owner, options_.socket), testing::StartsWith("ok "));
  EXPECT_EQ(ask_as(stranger, options_.socket), "nobody") << "the socket's mode keeps it out";
  std::filesystem::permissions(options_.socket, std::filesystem::perms(0666));
  EXPECT_EQ(ask_as(stranger, options_.socket), "nobody") << "and were it let in, the agent hangs up";
}

}  // namespace
}  // namespace owl::wal
