#include "support/postgres_server.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "support/environment.h"

namespace owl::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

std::string read_text(const fs::path& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string last_lines(const std::string& text, std::size_t limit = 4000) {
  return text.size() <= limit ? text : text.substr(text.size() - limit);
}

/// Living processes whose working directory is `folder`: each process of a server stays in its data directory, the
/// commands that it starts too. A zombie has no working directory any more.
std::vector<pid_t> processes_in(const fs::path& folder) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code ignored;
    if (fs::read_symlink(entry.path() / "cwd", ignored) == folder) found.push_back(std::stoi(name));
  }
  return found;
}

/// The state in the eighth line of postmaster.pid, if process `pid` wrote it: what pg_ctl goes by.
std::string postmaster_state(const fs::path& data_dir, int pid) {
  const std::string text = read_text(data_dir / "postmaster.pid");
  const auto lines = split(text, '\n');
  if (lines.size() < 8 || lines[0] != std::to_string(pid)) return {};
  return std::string(trim(lines[7]));
}

/// Debian's, because the fetched servers have no client programs; version 15 speaks to every one of them.
std::string psql_program() {
  const fs::path debian = "/usr/lib/postgresql/15/bin/psql";
  return fs::exists(debian) ? debian.string() : "psql";
}

}  // namespace

fs::path postgres_bin_dir(int version) {
  const fs::path script = source_dir() / "scripts/real/pg-install";
  return fs::path(trim(run_ok({script, std::to_string(version)}, {.deadline = 5min})));
}

PostgresServer::PostgresServer(PostgresOptions options)
    : options_(std::move(options)),
      bin_dir_(postgres_bin_dir(options_.version)),
      sockets_("/tmp"),
      data_dir_(options_.data_dir.empty() ? folder_ / "data" : fs::canonical(options_.data_dir)),
      log_file_(folder_ / "log"),
      owner_(::getpid()) {
  std::ofstream(log_file_).flush();
  give_to_server_user(log_file_);
  give_to_server_user(sockets_.path());
  if (options_.data_dir.empty()) initialise();
  if (options_.start) start();
}

PostgresServer::~PostgresServer() {
  if (owner_ != ::getpid() || !running()) return;
  try {
    stop(Stop::immediate);
  } catch (const std::exception&) {
    kill9();
  }
}

void PostgresServer::initialise() {
  fs::create_directory(data_dir_);
  give_to_server_user(data_dir_);
  std::vector<std::string> argv{bin_dir_ / "initdb",
                                "--pgdata=" + data_dir_.string(),
                                "--username=postgres",
                                "--auth=trust",
                                "--encoding=UTF8",
                                "--locale=C",
                                "--no-sync"};
  if (options_.data_checksums)
    argv.push_back("--data-checksums");
  else if (options_.version >= 18)
    argv.push_back("--no-data-checksums");  // on by default from there
  run_ok(std::move(argv), {.user = server_user()});

  std::ofstream conf(data_dir_ / "postgresql.conf", std::ios::app);
  conf << "\nfsync = off\nwal_level = replica\nshared_buffers = 32MB\n";
  for (const auto& setting : options_.settings) conf << setting << '\n';
}

std::vector<std::string> PostgresServer::command() const {
  std::vector<std::string> argv{"sh", "-c", "exec \"$@\" >>\"$0\" 2>&1", log_file_};
  // The kernel ends the server when the thread that started it ends, so only the main one may ask for that.
  if (::gettid() == ::getpid()) argv.insert(argv.end(), {"setpriv", "--pdeathsig", "QUIT", "--"});
  argv.insert(argv.end(), {bin_dir_ / "postgres", "-D", data_dir_});
  const auto set = [&](const std::string& setting) { argv.insert(argv.end(), {"-c", setting}); };
  set("listen_addresses=127.0.0.1");
  set("port=" + std::to_string(port()));
  set("unix_socket_directories=" + socket_dir().string());
  set("logging_collector=off");
  if (!options_.data_dir.empty()) {
    for (const auto& setting : options_.settings) {
      const auto equals = setting.find('=');
      std::string_view value = trim(std::string_view(setting).substr(equals + 1));
      if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') value = value.substr(1, value.size() - 2);
      set(std::string(trim(std::string_view(setting).substr(0, equals))) + "=" + std::string(value));
    }
  }
  return argv;
}

void PostgresServer::launch() {
  if (running()) throw Error(ErrorKind::refused, "the test's PostgreSQL server runs already");
  server_.emplace(os::ProcessOptions{.argv = command(), .working_folder = "/", .user = server_user()}, false, false);
}

void PostgresServer::start(std::chrono::milliseconds deadline) {
  launch();
  wait_until_ready(deadline);
}

void PostgresServer::wait_until_ready(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (std::chrono::steady_clock::now() < end) {
    if (!running()) fail("ended before it took connections");
    const std::string state = postmaster_state(data_dir_, server_->pid());
    if (state == "ready" || state == "standby") return;
    std::this_thread::sleep_for(10ms);
  }
  fail("doesn't take connections");
}

void PostgresServer::stop(Stop how) {
  if (!running()) return;
  static constexpr int signals[] = {SIGTERM, SIGINT, SIGQUIT};
  server_->signal(signals[static_cast<int>(how)]);
  if (!server_->wait_for(5min)) fail("doesn't stop");
  server_.reset();
}

void PostgresServer::restart() {
  stop();
  start();
}

void PostgresServer::kill9() {
  if (running()) server_->signal(SIGKILL);
  // Backends of a dead postmaster end by themselves, but not at once, and finish what they were writing.
  for (auto left = processes_in(data_dir_); !left.empty(); left = processes_in(data_dir_)) {
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(2ms);
  }
  if (server_) server_->wait();
  server_.reset();
}

bool PostgresServer::running() {
  return server_ && !server_->poll();
}

int PostgresServer::wait_for_exit(std::chrono::milliseconds deadline) {
  if (!server_) throw Error(ErrorKind::refused, "the test's PostgreSQL server wasn't started");
  if (!server_->wait_for(deadline)) fail("is to end by itself, and still runs");
  return server_->wait();
}

RunResult PostgresServer::try_psql(const std::string& sql, const std::string& database) {
  return run({psql_program(), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1",
              "--dbname=" + connection(database)},
             {.input = sql, .deadline = 5min});
}

std::string PostgresServer::psql(const std::string& sql, const std::string& database) {
  auto result = try_psql(sql, database);
  if (result.exit_code != 0) throw Error(ErrorKind::process, "psql: " + result.err + "in: " + sql);
  if (!result.out.empty() && result.out.back() == '\n') result.out.pop_back();
  return std::move(result.out);
}

int PostgresServer::pid() const {
  if (!server_) throw Error(ErrorKind::refused, "the test's PostgreSQL server wasn't started");
  return server_->pid();
}

std::string PostgresServer::connection(const std::string& database) const {
  return "host=" + socket_dir().string() + " port=" + std::to_string(port()) + " user=postgres dbname=" + database;
}

std::string PostgresServer::log() const {
  return read_text(log_file_);
}

void PostgresServer::fail(const std::string& what) const {
  throw Error(ErrorKind::process, "the test's PostgreSQL " + std::to_string(options_.version) + " in " +
                                      data_dir_.string() + " " + what + "; its log ends:\n" + last_lines(log()));
}

}  // namespace owl::test
