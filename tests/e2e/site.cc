#include "e2e/site.h"

#include <chrono>
#include <exception>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "e2e/files.h"
#include "postgres/connection.h"
#include "support/environment.h"

namespace owl::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Site::Site(SiteOptions options) : options_(std::move(options)), folder_("/tmp") {
  give_to_server_user(folder_.path());
  copy_programs();
  make("state");
  for (const auto& name : options_.stores) make("store-" + name);
  PostgresOptions server;
  server.version = options_.version;
  server.settings = options_.server_settings;
  server.settings.push_back("archive_mode = on");
  if (options_.archive_module) {
    const auto module = program("owlbackup").parent_path().parent_path() / "lib/postgresql-15/owlbackup.so";
    fs::copy_file(module, make("lib") / "owlbackup.so");
    server.settings.push_back("archive_library = '" + (folder_ / "lib/owlbackup").string() + "'");
    server.settings.push_back("owlbackup.socket = '" + socket().string() + "'");
  } else {
    server.settings.push_back("archive_command = 'OWLBACKUP_CONFIG=" + config().string() + " " +
                              (programs() / "owl-wal").string() + " --socket " + socket().string() + " push %p'");
  }
  server.start = false;
  server_ = std::make_unique<PostgresServer>(server);
  write_config({.name = "owlbackup", .connection = server_->connection()});
  server_->start();
  owl_ok({"init"});
}

Site::~Site() {
  for (const auto& target : targets_) {
    try {
      owl({"restore", "finish", "--to", target});
      if (fs::exists(target / "postmaster.pid")) stop_restored(target, "immediate");
    } catch (const std::exception&) {  // cleaning up: what is gone is gone
    }
  }
}

/// The programs must be within reach of the server's account, wherever this checkout is.
void Site::copy_programs() {
  fs::create_directory(programs());
  for (const char* name : {"owlbackup", "owl-wal"}) fs::copy_file(program(name), programs() / name);
}

fs::path Site::make(std::string_view name) {
  auto path = folder_ / name;
  fs::create_directory(path);
  fs::permissions(path, fs::perms::owner_all);
  give_to_server_user(path);
  return path;
}

fs::path Site::target(std::string_view name) {
  targets_.push_back(folder_ / name);
  return targets_.back();
}

fs::path Site::write_config(const Variant& variant) {
  auto path = folder_ / (variant.name + ".toml");
  const auto gpg_home = variant.gpg_home.empty() ? GpgHome::shared().path() : variant.gpg_home;
  std::ofstream file(path);
  file << "name = \"e2e\"\n[postgres]\nconnection = \"" << variant.connection << "\"\nbin_directory = \""
       << server_->bin_dir().string() << "\"\n";
  if (!variant.primary.empty()) file << "primary = \"" << variant.primary << "\"\n";
  for (const auto& name : options_.stores) {
    const auto lines = options_.store_lines.find(name);
    file << "[storage." << name << "]\n"
         << (lines != options_.store_lines.end() ? lines->second : "url = \"file://" + store(name).string() + "\"")
         << "\n";
  }
  file << "[encryption]\nrecipients = [\"" << GpgHome::recipient << "\"]\ngpg_home = \"" << gpg_home.string() << "\"\n"
       << "[wal]\nacknowledge = \"" << (variant.acknowledge.empty() ? options_.acknowledge : variant.acknowledge)
       << "\"\n";
  for (const auto& line : options_.wal_settings) file << line << "\n";
  file << "[state]\ndirectory = \"" << (variant.state.empty() ? state() : variant.state).string() << "\"\n";
  file.close();
  give_to_server_user(path);
  return path;
}

RunResult Site::owl(std::vector<std::string> arguments, std::map<std::string, std::string> env) {
  std::vector<std::string> argv{programs() / "owlbackup", "--no-progress"};
  if (!env.contains("OWLBACKUP_CONFIG")) argv.insert(argv.end(), {"-c", config()});
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run(std::move(argv), {.env = std::move(env), .cwd = "/", .user = server_user(), .deadline = 3min});
}

std::string Site::owl_ok(std::vector<std::string> arguments) {
  const auto result = owl(arguments);
  if (result.exit_code == 0) return result.out;
  std::string shown = "owlbackup";
  for (const auto& word : arguments) shown += " " + word;
  throw Error(ErrorKind::process,
              shown + " ended with " + std::to_string(result.exit_code) + ": " + result.err + result.out);
}

RunResult Site::as_server(std::vector<std::string> argv, fs::path cwd) {
  return run(std::move(argv), {.cwd = std::move(cwd), .user = server_user(), .deadline = 3min});
}

std::string Site::now() {
  return psql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'");
}

void Site::archive() {
  // A switch right behind another one does nothing, so something is written first. The byte before its end lies in the
  // segment that is meant; 13 can't subtract from an LSN, but names that segment anyway.
  const std::string byte_before = options_.version == 13 ? "" : " - 1";
  const auto file = psql("SELECT pg_walfile_name(pg_logical_emit_message(false, 'e2e', '')" + byte_before + ");");
  psql("SELECT pg_switch_wal();");
  wait_for_archived(*server_, file);
}

void Site::wait_for_archived(PostgresServer& server, const std::string& wal_file) {
  const auto done = server.data_dir() / "pg_wal/archive_status" / (wal_file + ".done");
  for (int i = 0; i < 3600; ++i) {
    // A checkpoint may have removed the segment together with its mark.
    if (fs::exists(done) || !fs::exists(server.data_dir() / "pg_wal" / wal_file)) return;
    std::this_thread::sleep_for(50ms);
  }
  throw Error(ErrorKind::timeout, wal_file + " was not archived; the server says: " + server.log());
}

std::vector<fs::path> Site::wal_objects(const std::string& wal_file) {
  std::vector<fs::path> found;
  for (const auto& name : options_.stores) {
    for (auto& path : files_with(store(name), wal_file)) found.push_back(std::move(path));
  }
  return found;
}

void Site::lose_wal(const std::string& wal_file) {
  const auto objects = wal_objects(wal_file);
  if (objects.empty()) throw Error(ErrorKind::not_found, wal_file + " is in no store of the test");
  for (const auto& object : objects) fs::remove(object);
}

std::string Site::connection_in(const std::string& output) {
  static constexpr std::string_view before = "Running: psql \"";
  const auto at = output.find(before);
  if (at == std::string::npos) throw Error(ErrorKind::not_found, "no server was started: " + output);
  const auto begin = at + before.size();
  return output.substr(begin, output.find('"', begin) - begin) + " user=postgres";
}

void Site::stop_restored(const fs::path& data_directory, const std::string& mode) {
  run_ok({server_->bin_dir() / "pg_ctl", "-D", data_directory, "-m", mode, "-w", "stop"},
         {.cwd = "/", .user = server_user(), .deadline = 1min});
}

}  // namespace owl::test
