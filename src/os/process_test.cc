#include "os/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "os/file.h"
#include "os/system.h"
#include "os/test_support.h"

namespace owl::os {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::error_of;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

ProcessOptions shell(const std::string& script) {
  return {.argv = {"sh", "-c", script}};
}

std::string output_of(ProcessOptions options) {
  return std::string(as_text(run_process(std::move(options)).output));
}

/// Waits for something that another process does; false after ten seconds.
template <typename Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

TEST(RunProcess, CollectsBothOutputsAndTheExitCode) {
  const auto result = run_process(shell("echo out; echo err >&2; exit 7"));
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(as_text(result.output), "out\n");
  EXPECT_EQ(result.errors, "err\n");
}

TEST(RunProcess, ASignalIsAnExitCode) {
  EXPECT_EQ(run_process(shell("kill -9 $$")).exit_code, 137);
}

/// More than any pipe holds in all three directions at once: whoever waits for one of them alone hangs.
TEST(RunProcess, DoesNotDeadlockOnFullPipes) {
  Bytes input(8 << 20);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(i * 2654435761U >> 13);
  const auto result = run_process(shell("tee /dev/stderr"), input, 60s);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(result.output == input);
}

TEST(RunProcess, FeedsAProgramThatWritesBeforeItReads) {
  const Bytes input(1 << 20, 'i');
  const auto result = run_process(shell("head -c 3000000 /dev/zero; wc -c"), input, 60s);
  EXPECT_EQ(result.output.size(), 3'000'000 + std::string_view("1048576\n").size());
}

TEST(RunProcess, KeepsTheEndOfALongErrorOutput) {
  const auto result = run_process(shell("head -c 1000000 /dev/zero >&2; echo the end >&2"));
  EXPECT_EQ(result.errors.size(), 64U << 10);
  EXPECT_TRUE(result.errors.ends_with("the end\n"));
}

TEST(RunProcess, AProgramMayLeaveItsInputUnread) {
  const auto result = run_process(shell("exec 0<&-; sleep 0.1; exit 3"), Bytes(1 << 20));
  EXPECT_EQ(result.exit_code, 3);
}

TEST(RunProcess, AnEmptyInputEndsAtOnce) {
  EXPECT_EQ(output_of({.argv = {"cat"}}), "");
}

TEST(RunProcess, KillsAtTheDeadline) {
  const auto start = steady_clock::now();
  const auto error = error_of([] { run_process(shell("echo waiting for a lock >&2; exec sleep 60"), {}, 300ms); });
  EXPECT_EQ(error.kind(), ErrorKind::timeout);
  EXPECT_STREQ(error.what(), "sh did not end within 300 ms and was killed; its last message: waiting for a lock");
  EXPECT_LT(steady_clock::now() - start, 5s);
}

TEST(RunProcess, KillsAChildThatIgnoresSigterm) {
  const TemporaryFolder folder;
  const auto pid_file = folder / "pid";
  const auto script = "trap '' TERM; echo $$ > " + pid_file.native() + "; while :; do sleep 0.1; done";
  EXPECT_EQ(error_of([&] { run_process(shell(script), {}, 500ms); }).kind(), ErrorKind::timeout);
  EXPECT_FALSE(process_alive(std::stoi(std::string(as_text(read_file(pid_file))))));
}

TEST(RunProcess, StopsWhenAsked) {
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(200ms);
    source.request_stop();
  });
  const auto start = steady_clock::now();
  const auto error = error_of([&] { run_process({.argv = {"sleep", "60"}}, {}, 60s, source.get_token()); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_STREQ(error.what(), "sleep was stopped on request");
  EXPECT_LT(steady_clock::now() - start, 5s);
}

TEST(RunProcess, DoesNotWaitForADaemonThatKeepsItsOutputs) {
  const auto start = steady_clock::now();
  const auto result = run_process(shell("sleep 20 & echo started $!"), {}, 15s);
  EXPECT_LT(steady_clock::now() - start, 10s);
  ASSERT_THAT(std::string(as_text(result.output)), HasSubstr("started "));
  ::kill(std::stoi(std::string(as_text(result.output)).substr(8)), SIGKILL);
}

TEST(RunProcess, RefusesEndlessOutput) {
  const auto error = error_of([] { run_process({.argv = {"cat", "/dev/zero"}}, {}, 60s, {}, 1 << 20); });
  EXPECT_EQ(error.kind(), ErrorKind::process);
  EXPECT_STREQ(error.what(), "cat printed more than 1.0 MiB");
}

TEST(RunProcess, SaysWhyAProgramCannotBeStarted) {
  const TemporaryFolder folder;
  replace_file(folder / "not-executable", as_bytes("x"));
  const auto absent = error_of([] { run_process({.argv = {"owl-no-such-program"}}); });
  EXPECT_EQ(absent.kind(), ErrorKind::process);
  EXPECT_STREQ(absent.what(), "cannot start owl-no-such-program: there is no such program in PATH");
  EXPECT_EQ(absent.hint(), "Install it, or add its folder to PATH.");
  const auto refused = error_of([&] { run_process({.argv = {(folder / "not-executable").native()}}); });
  EXPECT_EQ(refused.errno_value(), EACCES);
  EXPECT_EQ(refused.message(),
            "cannot start " + (folder / "not-executable").native() + ": executing it: Permission denied");
  const auto lost = error_of([] { run_process({.argv = {"true"}, .working_folder = "/no/such/folder"}); });
  EXPECT_STREQ(lost.what(), "cannot start true: entering its folder: No such file or directory");
}

TEST(ProcessOptions, EnvironmentAndFolder) {
  const TemporaryFolder folder;
  auto options = shell("echo \"$OWL_A|$HOME\"; pwd");
  options.extra_env = {{"OWL_A", "a b"}, {"HOME", "/elsewhere"}};
  options.working_folder = folder.path();
  EXPECT_EQ(output_of(options), "a b|/elsewhere\n" + fs::canonical(folder.path()).native() + "\n");
}

TEST(ProcessOptions, NoOtherFileIsInherited) {
  const TemporaryFolder folder;
  const int leaked = ::open((folder / "a").c_str(), O_RDWR | O_CREAT, 0600);  // without O_CLOEXEC, as a library might
  const auto passed = open_file(folder / "b", O_RDWR | O_CREAT);
  ASSERT_GE(leaked, 3);
  auto options = ProcessOptions{.argv = {"ls", "/proc/self/fd"}};
  EXPECT_EQ(output_of(options), "0\n1\n2\n3\n") << "3 is the folder that ls itself reads";
  options = shell("echo passed >&" + std::to_string(passed.get()));
  options.pass_fds = {passed.get()};
  EXPECT_EQ(run_process(options).exit_code, 0);
  EXPECT_EQ(as_text(read_file(folder / "b")), "passed\n");
  ::close(leaked);
}

TEST(ProcessOptions, SignalsAreAsAtLogin) {
  const ChildProcess first({.argv = {"true"}});  // from here on we ignore SIGPIPE
  sigset_t blocked, previous;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &previous);
  const auto status = output_of({.argv = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}});
  ::pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
  const auto ignored = std::stoull(status.substr(status.find("SigIgn:") + 7), nullptr, 16);
  EXPECT_EQ(ignored & (1ULL << (SIGPIPE - 1)), 0U);
}

TEST(ProcessOptions, ANewSession) {
  auto options = shell("ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat; echo $$");
  options.new_session = true;
  const auto text = output_of(options);
  EXPECT_EQ(std::stoi(text), std::stoi(text.substr(text.find('\n') + 1)));
}

TEST(ProcessOptions, AnotherAccount) {
  if (!is_root()) GTEST_SKIP() << "only root can run a program as another account";
  auto options = shell("id -u; id -g; id -G; echo $HOME; echo $USER");
  options.user = "nobody";
  const auto account = account_by_name("nobody");
  ASSERT_TRUE(account);
  const auto uid = std::to_string(account->uid), gid = std::to_string(account->gid);
  const auto expected = uid + "\n" + gid + "\n" + gid + "\n" + account->home + "\nnobody\n";
  const int code = test::exit_code_in_child([&] {
    const gid_t ours[] = {0, 4, 27};
    if (::setgroups(std::size(ours), ours) != 0) return 1;
    return output_of(options) == expected ? 0 : 2;  // 2: one of our groups was left, perhaps
  });
  EXPECT_EQ(code, 0) << output_of(options);
}

TEST(ProcessOptions, AnAccountThatIsNotThereOrNotOurs) {
  auto options = ProcessOptions{.argv = {"true"}, .user = "owl-no-such-account"};
  EXPECT_STREQ(error_of([&] { run_process(options); }).what(),
               "cannot start true as owl-no-such-account: there is no such account");
  const int code = test::exit_code_in_child([] {
    if (is_root() && ::setuid(65534) != 0) return 1;
    const auto error = error_of([] { run_process({.argv = {"true"}, .user = "root"}); });
    return error.message() == "cannot start true as root: only root can run a program as another account" ? 0 : 2;
  });
  EXPECT_EQ(code, 0);
}

TEST(ChildProcess, TalksThroughItsPipes) {
  ChildProcess child({.argv = {"cat"}});
  EXPECT_GT(child.pid(), 0);
  EXPECT_FALSE(child.poll());
  write_all(child.standard_input(), as_bytes("hello"), "cat");
  Bytes out(5);
  EXPECT_EQ(read_some(child.standard_output(), out, "cat"), 5U);
  EXPECT_EQ(as_text(out), "hello");
  child.standard_input().reset();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(child.poll(), 0);
  EXPECT_EQ(child.wait(), 0) << "asked again";
}

TEST(ChildProcess, AWriteToAChildThatHasGoneIsAnError) {
  ChildProcess child({.argv = {"true"}});
  child.wait();
  const auto error = error_of([&] { write_all(child.standard_input(), as_bytes("x"), "true"); });
  EXPECT_EQ(error.errno_value(), EPIPE);
}

TEST(ChildProcess, SignalsAndWaitsWithALimit) {
  ChildProcess child({.argv = {"sleep", "60"}});
  EXPECT_FALSE(child.wait_for(20ms));
  child.signal(SIGINT);
  EXPECT_TRUE(child.wait_for(10s));
  EXPECT_EQ(child.poll(), 130);
  child.signal(SIGKILL);  // does nothing: the number may be somebody else's by now
}

TEST(ChildProcess, TheDestructorLeavesNobodyBehind) {
  int pid = -1;
  {
    const ChildProcess child({.argv = {"sleep", "60"}});
    pid = child.pid();
    EXPECT_TRUE(process_alive(pid));
  }
  EXPECT_FALSE(process_alive(pid));
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1) << "no zombie";
}

/// The shell sees its signal only when cat has ended, and cat ends only when nobody can read its output any more.
TEST(ChildProcess, TheDestructorFreesOneThatIsStuckInAFullPipe) {
  auto start = steady_clock::now();
  {
    ChildProcess child(shell("trap 'exit 0' TERM; cat /dev/zero; true"));
    Bytes out(1 << 20);
    read_some(child.standard_output(), out, "sh");
    start = steady_clock::now();
  }
  EXPECT_LT(steady_clock::now() - start, 4s);
}

TEST(ChildProcess, MovesItsChild) {
  ChildProcess first({.argv = {"cat"}});
  ChildProcess second(std::move(first));
  EXPECT_EQ(first.pid(), -1);  // NOLINT(bugprone-use-after-move): that is the test
  EXPECT_FALSE(first.poll());
  second.standard_input().reset();
  EXPECT_EQ(second.wait(), 0);
}

TEST(ChildProcess, PipesItsErrorsWhereAsked) {
  ChildProcess child(shell("echo oops >&2"), false, false, true);
  Bytes out(100);
  EXPECT_EQ(read_some(child.standard_error(), out, "sh"), 5U);
  EXPECT_FALSE(child.standard_input().valid());
  EXPECT_FALSE(child.standard_output().valid());
}

/// With the standard streams closed, our pipes would get their numbers.
TEST(ChildProcess, StartsFromAProcessWithoutStandardStreams) {
  const int code = test::exit_code_in_child([] {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    const auto result = run_process(shell("cat; echo err >&2"), as_bytes("text"));
    return as_text(result.output) == "text" && result.errors == "err\n" ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(RunProcess, ManyAtOnceFromManyThreads) {
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 10; ++round) {
          const auto text = std::to_string(i * 100 + round);
          if (as_text(run_process({.argv = {"cat"}}, as_bytes(text)).output) == text) ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, 80);
}

TEST(FindProgram, LooksInPathAndTakesPaths) {
  EXPECT_TRUE(find_program("sh"));
  EXPECT_EQ(find_program("/bin/sh"), fs::path("/bin/sh"));
  EXPECT_FALSE(find_program("owl-no-such-program"));
  EXPECT_FALSE(find_program("/etc/passwd")) << "not executable";
  EXPECT_FALSE(find_program("/usr"));
  EXPECT_FALSE(find_program(""));
}

TEST(ProcessAlive, TellsTheLivingFromTheRest) {
  EXPECT_TRUE(process_alive(::getpid()));
  EXPECT_TRUE(process_alive(1)) << "also one that is not ours";
  EXPECT_FALSE(process_alive(0));
  EXPECT_FALSE(process_alive(-1));
  EXPECT_FALSE(process_alive(0x7fffffff));
  ChildProcess child({.argv = {"true"}});
  EXPECT_TRUE(eventually([&] { return !process_alive(child.pid()); })) << "a zombie counts as dead";
}

}  // namespace
}  // namespace owl::os
