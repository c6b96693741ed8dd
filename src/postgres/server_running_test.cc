#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "os/file.h"
#include "os/process.h"
#include "postgres/control_file.h"

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;

class ServerRunning : public testing::Test {
 protected:
  ServerRunning() {
    std::string name = (fs::temp_directory_path() / "owl_running_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~ServerRunning() override { fs::remove_all(path_); }

  void write(int pid, std::int64_t started, const std::string& shared_memory = "") {
    const auto text =
        fmt::format("{}\n{}\n{}\n5432\n/tmp\n\n{}\nready   \n", pid, path_.string(), started, shared_memory);
    os::replace_file(path_ / "postmaster.pid", as_bytes(text));
  }
  os::ChildProcess sleeper(const fs::path& folder) {
    return os::ChildProcess({.argv = {"sleep", "60"}, .working_folder = folder});
  }

  fs::path path_;
  const std::int64_t now_ = std::time(nullptr);
};

TEST_F(ServerRunning, NoFile) {
  EXPECT_FALSE(server_is_running(path_));
}

TEST_F(ServerRunning, AProcessThatWorksInTheDirectory) {
  const auto child = sleeper(path_);
  write(child.pid(), now_ - 5);
  EXPECT_TRUE(server_is_running(path_));
  write(-child.pid(), now_ - 5);  // a stand-alone backend
  EXPECT_TRUE(server_is_running(path_));
}

TEST_F(ServerRunning, ADeadProcess) {
  int pid = 0;
  {
    const auto child = sleeper(path_);
    pid = child.pid();
  }
  write(pid, now_ - 5);
  EXPECT_FALSE(server_is_running(path_));
}

TEST_F(ServerRunning, AZombieIsDead) {
  os::ChildProcess child({.argv = {"true"}, .working_folder = path_});
  write(child.pid(), now_);
  for (int i = 0; i < 500 && os::process_alive(child.pid()); ++i) ::usleep(10'000);
  EXPECT_FALSE(server_is_running(path_));
}

TEST_F(ServerRunning, AnotherProcessThatTookOverTheNumber) {
  const auto child = sleeper("/");
  write(child.pid(), now_ - 3600);
  EXPECT_FALSE(server_is_running(path_));
}

TEST_F(ServerRunning, AnOlderProcessElsewhereMeansThatTheNumberIsOfAnotherContainer) {
  const auto child = sleeper("/");
  write(child.pid(), now_ + 3600);
  EXPECT_TRUE(server_is_running(path_));
}

TEST_F(ServerRunning, BackendsThatHoldTheSharedMemory) {
  const int id = ::shmget(IPC_PRIVATE, 4096, 0600);
  if (id < 0) GTEST_SKIP() << "no System V shared memory here";
  void* const memory = ::shmat(id, nullptr, 0);
  ::shmctl(id, IPC_RMID, nullptr);  // goes with the last one that holds it
  write(1 << 22, now_, fmt::format("  5432001     {}", id));
  EXPECT_TRUE(server_is_running(path_));
  ::shmdt(memory);
  EXPECT_FALSE(server_is_running(path_));
}

TEST_F(ServerRunning, TextThatIsNoPidFile) {
  for (const std::string_view text : {"", "\n", "x\n", "0\n", "99999999999999\n"}) {
    os::replace_file(path_ / "postmaster.pid", as_bytes(text));
    EXPECT_FALSE(server_is_running(path_)) << text;
  }
}

}  // namespace
}  // namespace owl::postgres
