#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

#include "app/command.h"
#include "app/invocation.h"
#include "base/units.h"
#include "os/file.h"
#include "os/process.h"
#include "os/system.h"
#include "postgres/connection.h"
#include "postgres/server_process.h"

namespace owl::app {
namespace {

namespace fs = std::filesystem;

struct DemoArguments {
  std::string folder;
  bool keep = false;
};

/// The main job, shown with the real parts: a PostgreSQL server, GnuPG, and this program's own commands as anybody
/// would type them.
class Demo {
 public:
  Demo(Invocation& in, const DemoArguments& arguments) : in_(in), keep_(arguments.keep || !arguments.folder.empty()) {
    folder_ = arguments.folder.empty() ? fs::path("/tmp") / ("owlbackup-demo-" + to_hex(in.random().array<4>()))
                                       : fs::path(arguments.folder);
    if (os::is_root()) account_ = "postgres";
  }
  ~Demo() {
    server_.reset();
    if (!restored_folder_.empty()) stop_restored();
    run_quietly({"gpgconf", "--homedir", (folder_ / "gnupg").string(), "--kill", "all"});
    std::error_code ignored;
    if (!keep_) fs::remove_all(folder_, ignored);
  }

  int run() {
    const auto begin = in_.clock().monotonic();
    prepare();
    start_server();
    title("A repository, encrypted to an OpenPGP key. This host keeps nothing that opens a backup.");
    owlbackup({"init"});
    title("Some life in the database, and a base backup while it goes on.");
    sql("CREATE TABLE orders (id int PRIMARY KEY, what text);");
    sql("INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 20000) i;");
    owlbackup({"backup", "cluster", "--label", "demo"});
    const auto moment = write_history();
    destroy();
    title(fmt::format("Back to {}, between the two transactions.", moment));
    restored_folder_ = folder_ / "restored";
    owlbackup({"restore", "cluster", "--to", restored_folder_.string(), "--target-time", moment, "--start", "--port",
               "5499"});
    const bool right = show_result();
    say(fmt::format("\n{} in {}.",
                    right ? "Everything before the moment is there, nothing after it" : "THE RESULT IS WRONG",
                    format_duration(in_.clock().monotonic() - begin)));
    if (keep_) say(fmt::format("Kept: {}", folder_.string()));
    return right ? 0 : 1;
  }

 private:
  void say(const std::string& line) { in_.output().say(line); }
  void title(const std::string& text) { say("\n# " + text); }

  void own(const fs::path& path) {
    if (!account_) return;
    const auto account = os::account_by_name(*account_);
    if (!account || ::chown(path.c_str(), account->uid, account->gid) != 0) {
      throw Error(ErrorKind::refused, "PostgreSQL does not run as root, and the account \"postgres\" can't be used")
          .with_hint("Install postgresql, or run the demo as another account.");
    }
  }

  fs::path make(const std::string& name, unsigned mode = 0700) {
    const auto path = folder_ / name;
    os::make_folders(path, mode);
    fs::permissions(path, static_cast<fs::perms>(mode));
    own(path);
    return path;
  }

  /// The programs must be within reach of the server's account, wherever this checkout is.
  void copy_programs() {
    const auto own_folder = fs::canonical("/proc/self/exe").parent_path();
    make("bin", 0755);
    for (const char* name : {"owlbackup", "owl-wal"}) {
      fs::copy_file(own_folder / name, folder_ / "bin" / name, fs::copy_options::overwrite_existing);
    }
  }

  void prepare() {
    for (int major = 18; major >= 13 && programs_.empty(); --major) {
      if (const auto found = postgres::find_server_programs(major)) programs_ = *found;
    }
    if (programs_.empty()) {
      throw Error(ErrorKind::refused, "the demo needs a PostgreSQL server (13 to 18) on this host")
          .with_hint("On Debian: apt-get install postgresql. `./dev demo` does that.");
    }
    os::make_folders(folder_, 0755);
    own(folder_);
    copy_programs();
    make("gnupg");
    const auto made = run({"gpg", "--homedir", (folder_ / "gnupg").string(), "--batch", "--quiet", "--passphrase", "",
                           "--quick-generate-key", "demo@owlbackup.example", "future-default", "default", "never"});
    if (made.exit_code != 0) throw Error(ErrorKind::process, "gpg can't make a key: " + made.errors);
    write_config();
  }

  void write_config() {
    const auto text = fmt::format(R"(name = "demo"
[postgres]
connection = "host={0}/socket port=5498 dbname=postgres user=postgres"
bin_directory = "{1}"
[storage.primary]
url = "file://{0}/repository"
[encryption]
mode = "openpgp"
recipients = ["demo@owlbackup.example"]
gpg_home = "{0}/gnupg"
[state]
directory = "{0}/state"
)",
                                  folder_.string(), programs_.string());
    os::replace_file(config(), as_bytes(text), 0600);
    own(config());
    make("repository");
    make("state");
  }

  fs::path config() const { return folder_ / "owlbackup.toml"; }

  void start_server() {
    title(fmt::format("A throwaway PostgreSQL in {}, archiving its WAL with owlbackup.", folder_.string()));
    postgres::ServerOptions options;
    options.programs = programs_;
    options.data_directory = make("data");
    options.socket_directory = make("socket", 0755);
    options.log_file = folder_ / "server.log";
    options.account = account_;
    options.port = 5498;
    options.settings = {{"archive_mode", "on"},
                        {"archive_command", fmt::format("{} -q -c {} wal push %p", (folder_ / "bin/owlbackup").string(),
                                                        config().string())},
                        {"listen_addresses", ""},
                        {"wal_level", "replica"},
                        {"fsync", "on"}};
    postgres::run_initdb(options,
                         {"--username=postgres", "--auth=trust", "--data-checksums", "--encoding=UTF8", "--locale=C"});
    server_.emplace(options);
    server_->start();
    server_->wait_until_ready(in_.clock(), std::chrono::seconds(60), in_.stop());
    say(fmt::format("archive_command = '{}'", options.settings["archive_command"]));
  }

  void sql(const std::string& text) {
    say("postgres=# " + text);
    postgres::Connection(server_->conninfo()).query(text);
  }

  /// Two transactions and a moment between them.
  std::string write_history() {
    title("Two transactions; between them a moment that we will want back.");
    sql("INSERT INTO orders VALUES (100001, 'before the accident');");
    postgres::Connection connection(server_->conninfo());
    in_.clock().sleep(std::chrono::milliseconds(50), in_.stop());
    const auto moment = connection.query_text(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'");
    in_.clock().sleep(std::chrono::milliseconds(50), in_.stop());
    say("           … the moment: " + moment);
    sql("DELETE FROM orders WHERE id <= 20000;");
    sql("INSERT INTO orders VALUES (100002, 'after the accident');");
    sql("SELECT pg_switch_wal();");
    wait_until_archived(connection);
    return moment;
  }

  void wait_until_archived(postgres::Connection& connection) {
    const auto last = connection.query_text("SELECT pg_walfile_name(pg_current_wal_lsn() - 1)");
    for (int i = 0; i < 600; ++i) {
      const auto rows = connection.query("SELECT last_archived_wal FROM pg_stat_archiver");
      if (rows[0][0] && *rows[0][0] >= last.substr(0, 24)) return;
      in_.clock().sleep(std::chrono::milliseconds(100), in_.stop());
    }
    throw Error(ErrorKind::timeout, fmt::format("the server did not archive its WAL: {}", server_->log_tail()));
  }

  void destroy() {
    title("The accident: the server is killed and its data directory removed.");
    server_->kill();
    server_.reset();
    say("$ rm -rf " + (folder_ / "data").string());
    fs::remove_all(folder_ / "data");
  }

  bool show_result() {
    postgres::Connection connection(
        fmt::format("host={} port=5499 dbname=postgres user=postgres", restored_socket().string()));
    const auto rows = connection.query(
        "SELECT count(*) FILTER (WHERE id <= 20000), count(*) FILTER (WHERE id = 100001), count(*) FILTER (WHERE id = "
        "100002) FROM orders");
    say(fmt::format("\nOrders of before                    {} of 20000", *rows[0][0]));
    say(fmt::format("Last transaction before the moment  {}", rows[0][1] == "1" ? "there" : "MISSING"));
    say(fmt::format("First transactions after it         {}",
                    rows[0][2] == "0" ? "not there, as it should be" : "THERE"));
    return rows[0][0] == "20000" && rows[0][1] == "1" && rows[0][2] == "0";
  }

  /// Where `restore --start` put the server's socket: its postmaster.pid says so.
  fs::path restored_socket() {
    const auto text = os::read_file(restored_folder_ / "postmaster.pid");
    std::string_view rest = as_text(text);
    for (int line = 0; line < 4; ++line) rest.remove_prefix(std::min(rest.size(), rest.find('\n') + 1));
    return std::string(rest.substr(0, rest.find('\n')));
  }

  void stop_restored() {
    run_quietly({(programs_ / "pg_ctl").string(), "-D", restored_folder_.string(), "-m", "immediate", "stop"});
  }

  os::ProcessResult run(std::vector<std::string> argv) {
    os::ProcessOptions options;
    options.argv = std::move(argv);
    options.user = account_;
    options.working_folder = folder_;
    return os::run_process(options, {}, std::chrono::minutes(5), in_.stop());
  }
  void run_quietly(std::vector<std::string> argv) {
    try {
      run(std::move(argv));
    } catch (const Error&) {  // cleaning up: what is gone is gone
    }
  }

  /// One of this program's own commands, shown as it would be typed.
  void owlbackup(std::vector<std::string> arguments) {
    std::string shown = "$ owlbackup";
    for (const auto& word : arguments) shown += word.find(' ') == word.npos ? " " + word : " '" + word + "'";
    say(shown);
    std::vector<std::string> argv{(folder_ / "bin/owlbackup").string(), "-c", config().string(), "--no-progress"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto result = run(std::move(argv));
    std::string output(as_text(result.output));
    while (output.ends_with('\n')) output.pop_back();
    if (!output.empty()) say(output);
    if (result.exit_code != 0)
      throw Error(ErrorKind::process, fmt::format("`{}` failed with {}: {}", shown, result.exit_code, result.errors));
  }

  Invocation& in_;
  bool keep_;
  fs::path folder_, programs_, restored_folder_;
  std::optional<std::string> account_;
  std::optional<postgres::ServerProcess> server_;
};

}  // namespace

void add_demo(Command& app) {
  auto command = app.add_command(
      "demo", "A throwaway PostgreSQL, backed up, destroyed and brought back before your eyes", "owlbackup demo");
  const auto arguments = std::make_shared<DemoArguments>();
  command.option("--folder", arguments->folder, "Work here and keep it (else in /tmp, removed at the end)");
  command.flag("--keep", arguments->keep, "Don't remove the folder at the end");
  command.runs([arguments](Invocation& in) { return Demo(in, *arguments).run(); });
}

}  // namespace owl::app
