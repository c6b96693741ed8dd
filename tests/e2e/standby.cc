#include "e2e/standby.h"

#include "base/error.h"
#include "support/environment.h"
#include "support/eventually.h"

namespace owl::test {

namespace fs = std::filesystem;

Standby::Standby(Site& site) : site_(site), config_(site.folder() / "standby.toml") {
  const auto data = site.folder() / "standby";
  const auto made = site.as_server({site.postgres_program("pg_basebackup"), "-D", data, "-R", "-X", "stream", "-c",
                                    "fast", "-d", site.server().connection()});
  if (made.exit_code != 0) throw Error(ErrorKind::internal, "pg_basebackup: " + made.err);
  site.make("standby-state");
  fs::copy_file(site.state() / "host.key", state() / "host.key");
  give_to_server_user(state() / "host.key");
  const auto command = "OWLBACKUP_CONFIG=" + config_.string() + " " + (site.programs() / "owl-wal").string() +
                       " --socket " + socket().string() + " push %p";
  server_ = std::make_unique<PostgresServer>(
      PostgresOptions{.settings = {"archive_mode = on", "archive_command = '" + command + "'", "wal_keep_size = 512MB"},
                      .data_dir = data,
                      .start = false});
  know_primary({});
  server_->start();
}

RunResult Standby::owl(std::vector<std::string> arguments) {
  return site_.owl(std::move(arguments), {{"OWLBACKUP_CONFIG", config_}});
}

void Standby::know_primary(const std::string& connection) {
  site_.write_config({.name = "standby", .connection = server_->connection(), .state = state(), .primary = connection});
}

bool Standby::catch_up() {
  const auto end = site_.psql("SELECT pg_current_wal_flush_lsn();");
  return eventually([&] { return server_->psql("SELECT pg_last_wal_replay_lsn() >= '" + end + "';") == "t"; });
}

}  // namespace owl::test
