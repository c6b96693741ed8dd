#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/gpg_home.h"
#include "support/postgres_server.h"
#include "support/run.h"
#include "support/temp_dir.h"

namespace owl::test {

struct SiteOptions {
  std::vector<std::string> stores = {"primary"};  ///< a folder each, unless store_lines has it
  /// What stands in [storage.NAME] in place of a folder's url.
  std::map<std::string, std::string> store_lines = {};
  std::string acknowledge = "all";
  std::vector<std::string> server_settings = {};
  bool archive_module = false;                 ///< rather than archive_command: files go to the WAL service alone
  std::vector<std::string> wal_settings = {};  ///< lines of the configuration's section [wal]
  int version = 15;                            ///< of PostgreSQL; only 15 has the client programs beside the server's
};

/// A host as a user of owlbackup has it: a PostgreSQL that archives through owl-wal, a configuration file, keys, and a
/// repository in one or more folders. Everything runs as the server's account. What was restored and started is stopped
/// with this object, whatever became of the test.
class Site {
 public:
  explicit Site(SiteOptions options = {});
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// owlbackup with this site's configuration.
  RunResult owl(std::vector<std::string> arguments, std::map<std::string, std::string> env = {});
  std::string owl_ok(std::vector<std::string> arguments);  ///< its stdout; throws Error where it fails
  /// Any program, as the server's account.
  RunResult as_server(std::vector<std::string> argv, std::filesystem::path cwd = "/");

  PostgresServer& server() { return *server_; }
  std::string psql(const std::string& sql) { return server_->psql(sql); }
  std::string now();  ///< the server's clock, as --target-time takes it
  void archive();     ///< ends the open WAL segment, and waits until it is archived
  void wait_for_archived(PostgresServer& server, const std::string& wal_file);

  /// A new configuration file beside the site's own: another connection, state directory, GnuPG home …
  struct Variant {
    std::string name, connection;
    std::filesystem::path state = {}, gpg_home = {};
    std::string acknowledge = {};
    std::string primary = {};  ///< [postgres] primary
  };
  std::filesystem::path write_config(const Variant& variant);

  std::filesystem::path make(std::string_view name);  ///< a folder of the server's account
  /// A path that isn't there yet, for --to. Its agent and server end with this object.
  std::filesystem::path target(std::string_view name);
  std::filesystem::path folder() const { return folder_.path(); }
  std::filesystem::path store(const std::string& name = "primary") const { return folder_ / ("store-" + name); }
  std::filesystem::path state() const { return folder_ / "state"; }
  /// Where the WAL service listens, if a test starts one; else owl-wal does it without.
  std::filesystem::path socket() const { return state() / "wal.sock"; }
  std::filesystem::path config() const { return folder_ / "owlbackup.toml"; }
  std::filesystem::path programs() const { return folder_ / "bin"; }
  std::filesystem::path postgres_program(std::string_view name) { return server_->bin_dir() / name; }

  /// The stored object of a WAL file, and its removal from every store.
  std::vector<std::filesystem::path> wal_objects(const std::string& wal_file);
  void lose_wal(const std::string& wal_file);

  /// Of `restore --start`: the connection that it printed.
  static std::string connection_in(const std::string& output);
  void stop_restored(const std::filesystem::path& data_directory, const std::string& mode = "fast");

 private:
  void copy_programs();

  SiteOptions options_;
  TempDir folder_;
  std::unique_ptr<PostgresServer> server_;
  std::vector<std::filesystem::path> targets_;
};

}  // namespace owl::test
