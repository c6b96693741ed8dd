#include "os/spawn.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "os/os_error.h"

namespace owl::os::detail {
namespace {

/// What a child writes into its error pipe when it could not become the program. `step` is a string literal's address,
/// which parent and child share.
struct Failure {
  const char* step;
  int error;
};

std::string resolve_program(const ProcessOptions& options) {
  if (options.argv.empty()) throw Error(ErrorKind::internal, "a child process without a program");
  const bool is_path = options.argv[0].find('/') != std::string::npos;
  if (is_path) return options.argv[0];  // exec says best what is wrong with it, and knows the child's own folder
  if (const auto path = find_program(options.argv[0])) return path->native();
  throw Error(ErrorKind::process, fmt::format("cannot start {}: there is no such program in PATH", options.argv[0]))
      .with_hint("Install it, or add its folder to PATH.");
}

/// nullopt: nobody else than we are already.
std::optional<Account> resolve_account(const ProcessOptions& options) {
  if (!options.user) return std::nullopt;
  auto account = account_by_name(*options.user);
  if (!account) {
    throw Error(ErrorKind::process,
                fmt::format("cannot start {} as {}: there is no such account", options.argv[0], *options.user));
  }
  if (!is_root() && account->uid == effective_uid()) return std::nullopt;
  if (!is_root()) {
    throw Error(ErrorKind::process, fmt::format("cannot start {} as {}: only root can run a program as another account",
                                                options.argv[0], *options.user));
  }
  return account;
}

std::vector<gid_t> groups_of(const Account& account) {
  int count = 64;
  std::vector<gid_t> groups(64);
  while (::getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) < 0) {
    groups.resize(std::max(static_cast<std::size_t>(count), groups.size() * 2));
    count = static_cast<int>(groups.size());
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

std::vector<std::string> make_environment(const ProcessOptions& options, const std::optional<Account>& account) {
  std::map<std::string, std::string> merged;
  for (auto& [name, value] : environment_with_prefix("")) merged.insert_or_assign(name, value);
  if (account) {
    merged["HOME"] = account->home;
    merged["USER"] = merged["LOGNAME"] = account->name;
  }
  for (const auto& [name, value] : options.extra_env) merged.insert_or_assign(name, value);
  std::vector<std::string> entries;
  for (const auto& [name, value] : merged) entries.push_back(name + '=' + value);
  return entries;
}

/// The null-terminated array of C strings that execve wants.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Keeps every signal away for the time of a fork: a handler of ours must not run in the child.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &previous_);
  }
  BlockSignals(const BlockSignals&) = delete;
  BlockSignals& operator=(const BlockSignals&) = delete;
  ~BlockSignals() { ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

 private:
  sigset_t previous_{};
};

/// In the child: handlers go, what was ignored on purpose (nohup) stays so, but for the SIGPIPE that we ignore
/// ourselves.
void reset_signals() {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction current {};
    if (::sigaction(number, nullptr, &current) != 0) continue;
    if (current.sa_handler != SIG_IGN || number == SIGPIPE) ::sigaction(number, &by_default, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool arrange_streams(const std::array<int, 3>& streams) {
  for (int number = 0; number < 3; ++number) {
    const int from = streams[static_cast<std::size_t>(number)];
    if (from >= 0 && retry_eintr([&] { return ::dup2(from, number); }) < 0) return false;
  }
  return true;
}

/// For kernels before 5.11. Our own descriptors are O_CLOEXEC anyway; this is about those of libraries.
void mark_close_on_exec_one_by_one() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const int end = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 65536));
  for (int fd = 3; fd < end; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

FileDescriptor above_standard_streams(FileDescriptor fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  const int lifted = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (lifted < 0) throw_errno("duplicate", "a pipe");
  return FileDescriptor(lifted);
}

/// nullopt: the pipe was closed by a successful exec.
std::optional<Failure> read_failure(const FileDescriptor& reader) {
  Failure failure{};
  const MutableBytes bytes(reinterpret_cast<std::uint8_t*>(&failure), sizeof failure);
  if (read_some(reader, bytes, "a pipe from a child process") != sizeof failure) return std::nullopt;
  return failure;
}

}  // namespace

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("make", "a pipe");
  FileDescriptor reader(ends[0]), writer(ends[1]);
  return {above_standard_streams(std::move(reader)), above_standard_streams(std::move(writer))};
}

SpawnPlan::SpawnPlan(const ProcessOptions& options)
    : options_(options), program_(resolve_program(options)), account_(resolve_account(options)) {
  environment_ = make_environment(options_, account_);
  if (account_) groups_ = groups_of(*account_);
  argv_ = pointers_to(options_.argv);
  envp_ = pointers_to(environment_);
}

int SpawnPlan::start(const std::array<int, 3>& streams) const {
  auto error_pipe = make_pipe();
  const int pid = [&] {
    const BlockSignals blocked;
    const int child = ::fork();
    if (child == 0) run_child(streams, error_pipe.writer.get());
    if (child < 0) throw_errno("start", options_.argv[0]);
    return child;
  }();
  error_pipe.writer.reset();
  const auto failure = read_failure(error_pipe.reader);
  if (!failure) return pid;
  retry_eintr([&] { return ::waitpid(pid, nullptr, 0); });
  throw Error(ErrorKind::process, fmt::format("cannot start {}: {}", options_.argv[0], failure->step))
      .with_errno(failure->error);
}

void SpawnPlan::run_child(const std::array<int, 3>& streams, int error_pipe) const {
  reset_signals();
  const char* step = become_program(streams, error_pipe);
  const Failure failure{step, errno};
  [[maybe_unused]] const auto written = ::write(error_pipe, &failure, sizeof failure);
  ::_exit(127);
}

/// Returns only when a step failed: which one, for a person; errno says why.
const char* SpawnPlan::become_program(const std::array<int, 3>& streams, int error_pipe) const {
  if (options_.new_session && ::setsid() < 0) return "opening a session";
  if (!arrange_streams(streams)) return "connecting its streams";
  if (!close_other_files(error_pipe)) return "passing files on";
  if (!become_user()) return "becoming its account";
  // As that account: the folder may be closed to root (a network share), and must not be open to root only.
  if (!options_.working_folder.empty() && ::chdir(options_.working_folder.c_str()) != 0) return "entering its folder";
  ::execve(program_.c_str(), argv_.data(), envp_.data());
  return "executing it";
}

/// Supplementary groups and group first: without the user's privilege neither could be changed any more.
bool SpawnPlan::become_user() const {
  if (!account_) return true;
  return ::setgroups(groups_.size(), groups_.data()) == 0 && ::setgid(account_->gid) == 0 &&
         ::setuid(account_->uid) == 0;
}

/// Marks all but the standard streams to be closed by exec, then takes the mark from what is passed on. The error pipe
/// keeps it: its closing is how the parent learns of success.
bool SpawnPlan::close_other_files(int error_pipe) const {
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) mark_close_on_exec_one_by_one();
  return std::ranges::all_of(options_.pass_fds,
                             [&](int fd) { return fd != error_pipe && ::fcntl(fd, F_SETFD, 0) == 0; });
}

}  // namespace owl::os::detail
