#include "postgres/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "os/file.h"
#include "os/process.h"
#include "os/system.h"
#include "postgres/control_file.h"
#include "postgres/process_tree.h"

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;

constexpr auto poll_interval = std::chrono::milliseconds(20);
constexpr auto stop_deadline = std::chrono::minutes(5);  // the last checkpoint of a large server takes its time
constexpr auto kill_deadline = std::chrono::seconds(30);

/// Only root can, and must, be somebody else.
std::optional<std::string> user_of(const ServerOptions& options) {
  if (!os::is_root()) return std::nullopt;
  if (!options.account) {
    throw Error(ErrorKind::config, "PostgreSQL does not run as root, and no account was named to run it as");
  }
  return options.account;
}

/// Makes a folder that the server's account owns.
void make_folder_for(const ServerOptions& options, const fs::path& folder) {
  if (os::status_of(folder, true)) return;
  os::make_folders(folder, 0700);
  const auto user = user_of(options);
  if (!user) return;
  const auto account = os::account_by_name(*user);
  if (!account) throw Error(ErrorKind::config, fmt::format("there is no account {}", *user));
  if (::chown(folder.c_str(), account->uid, account->gid) != 0) {
    throw Error(ErrorKind::io, fmt::format("cannot give {} to {}", folder.string(), *user)).with_errno(errno);
  }
}

void check_socket_length(const ServerOptions& options) {
  const auto name = fmt::format("{}/.s.PGSQL.{}", options.socket_directory.string(), options.port);
  if (name.size() < sizeof(sockaddr_un::sun_path)) return;
  throw Error(ErrorKind::config, fmt::format("the socket {} has a longer name than the {} bytes that the system allows",
                                             name, sizeof(sockaddr_un::sun_path) - 1))
      .with_hint("Use a folder with a shorter path, /tmp for instance.");
}

std::vector<std::string> server_command(const ServerOptions& options) {
  std::vector<std::string> argv{(options.programs / "postgres").string(), "-D", options.data_directory.string()};
  auto settings = options.settings;
  settings.emplace("listen_addresses", "");
  settings.emplace("port", std::to_string(options.port));
  settings.emplace("unix_socket_directories", options.socket_directory.string());
  if (options.config_file) settings.emplace("config_file", options.config_file->string());
  for (const auto& [name, value] : settings) argv.insert(argv.end(), {"-c", name + '=' + value});
  return argv;
}

/// Runs a program in the background of a shell that ends at once, and tells its process id: nobody waits for it then,
/// and it may outlive us. $0 is the log.
constexpr const char* background_script = R"("$@" </dev/null >>"$0" 2>&1 & echo $!)";

int run_in_background(const ServerOptions& options, const std::vector<std::string>& command) {
  std::vector<std::string> argv{"/bin/sh", "-c", background_script, options.log_file.string()};
  argv.insert(argv.end(), command.begin(), command.end());
  const auto result = os::run_process({.argv = std::move(argv),
                                       .working_folder = "/",  // ours may be closed to the account
                                       .user = user_of(options),
                                       .new_session = true});
  const auto text = trim(as_text(result.output));
  int pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  if (result.exit_code != 0 || pid <= 0) {
    throw Error(ErrorKind::process, fmt::format("cannot start postgres: {}", trim(result.errors)));
  }
  return pid;
}

int signal_of_mode(const std::string& mode) {
  if (mode == "smart") return SIGTERM;
  if (mode == "fast") return SIGINT;
  OWL_CHECK(mode == "immediate", "a server stops smart, fast or immediate");
  return SIGQUIT;
}

/// The process id in the first line of postmaster.pid, or 0.
int pid_in_file(const fs::path& data_directory) {
  const auto bytes = os::read_file_if_exists(data_directory / "postmaster.pid");
  if (!bytes) return 0;
  const auto line = split(as_text(*bytes), '\n')[0];
  int pid = 0;
  std::from_chars(line.data(), line.data() + line.size(), pid);
  return pid;
}

std::string conninfo_value(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + '\'';
}

std::string last_lines(std::string_view text, std::size_t count) {
  std::size_t from = text.size();
  for (; count > 0; --count) {
    const auto line_break = text.substr(0, from).rfind('\n');
    if (line_break == std::string_view::npos) return std::string(text);
    from = line_break;
  }
  return std::string(text.substr(from + 1));
}

}  // namespace

void run_initdb(const ServerOptions& options, const std::vector<std::string>& arguments) {
  make_folder_for(options, options.data_directory);
  std::vector<std::string> argv{(options.programs / "initdb").string(), "-D", options.data_directory.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const auto result = os::run_process({.argv = std::move(argv), .working_folder = "/", .user = user_of(options)}, {},
                                      std::chrono::minutes(5));
  if (result.exit_code == 0) return;
  throw Error(ErrorKind::process,
              fmt::format("initdb failed with exit code {}: {}", result.exit_code, trim(result.errors)));
}

ServerProcess::ServerProcess(ServerOptions options) : options_(std::move(options)) {}
ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : options_(std::move(other.options_)),
      owned_(std::exchange(other.owned_, false)),
      pid_(std::exchange(other.pid_, 0)) {}

ServerProcess::~ServerProcess() {
  if (!owned_ || pid_ == 0) return;
  try {
    stop("immediate");
  } catch (const std::exception&) {
    // It does not stop, or /proc can't be read: nothing more to do here.
  }
}

void ServerProcess::start() {
  if (running()) {
    throw Error(ErrorKind::conflict, fmt::format("a server is running on {}", options_.data_directory.string()));
  }
  check_socket_length(options_);
  make_folder_for(options_, options_.socket_directory);
  make_folder_for(options_, options_.log_file.parent_path());
  pid_ = run_in_background(options_, server_command(options_));
}

void ServerProcess::wait_until_ready(Clock& clock, std::chrono::milliseconds deadline, std::stop_token stop) {
  const auto end = clock.monotonic() + deadline;
  while (!ready()) {
    if (!running()) {
      throw Error(ErrorKind::process, "postgres ended before it was ready; its log ends with:\n" + log_tail());
    }
    if (clock.monotonic() >= end) {
      throw Error(ErrorKind::timeout, "postgres was not ready in time; its log ends with:\n" + log_tail());
    }
    if (!clock.sleep(poll_interval, stop)) throw Error(ErrorKind::cancelled, "stopped while a server was starting");
  }
}

bool ServerProcess::running() const {
  return pid_ != 0 ? os::process_alive(pid_) : server_is_running(options_.data_directory);
}

bool ServerProcess::ready() const {
  return PQping(conninfo().c_str()) == PQPING_OK;
}

void ServerProcess::stop(const std::string& mode) {
  const int number = signal_of_mode(mode);
  const int pid = pid_ != 0 ? pid_ : pid_in_file(options_.data_directory);
  if (!running() || pid <= 0) return;
  ::kill(pid, number);
  wait_for_end(pid, stop_deadline);
  pid_ = 0;
}

void ServerProcess::kill() {
  const int pid = pid_ != 0 ? pid_ : pid_in_file(options_.data_directory);
  if (!running() || pid <= 0) return;
  // The postmaster first, or it would start new children for the dead ones; they keep their parent until it is dead.
  const auto children = children_of(pid);
  ::kill(pid, SIGKILL);
  for (const int child : children) ::kill(child, SIGKILL);
  wait_for_end(pid, kill_deadline);
  for (const int child : children) wait_for_end(child, kill_deadline);
  wait_for_reaping(pid, kill_deadline);  // else a new server takes the dead one's postmaster.pid for a living one's
  pid_ = 0;
}

void ServerProcess::detach() {
  owned_ = false;
}

std::string ServerProcess::conninfo(const std::string& database) const {
  auto text = fmt::format("host={} port={} dbname={}", conninfo_value(options_.socket_directory.string()),
                          options_.port, conninfo_value(database));
  const auto role = options_.role.empty() ? options_.account.value_or("") : options_.role;
  if (!role.empty()) text += " user=" + conninfo_value(role);
  return text;
}

std::string ServerProcess::log_tail(std::size_t lines) const {
  const auto fd = os::open_if_exists(options_.log_file, O_RDONLY);
  if (!fd.valid()) return "(no log)";
  constexpr std::uint64_t enough = 64 << 10;
  const auto size = os::status_of(options_.log_file, true)->size;
  Bytes bytes(std::min(size, enough));
  bytes.resize(os::read_at(fd, bytes, size - bytes.size(), options_.log_file.string()));
  return last_lines(trim(as_text(bytes)), lines);
}

}  // namespace owl::postgres
