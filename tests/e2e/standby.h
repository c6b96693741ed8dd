#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "e2e/site.h"

namespace owl::test {

/// A streaming standby of a site's server, with a configuration and a state directory of its own, but the site's host
/// key. archive_mode is on: what it gets by streaming it marks as archived, whether the primary had archived it or not.
class Standby {
 public:
  explicit Standby(Site& site);

  PostgresServer& server() { return *server_; }
  /// owlbackup with the standby's configuration.
  RunResult owl(std::vector<std::string> arguments);
  /// Sets or removes [postgres] primary.
  void know_primary(const std::string& connection);
  /// Waits until it has replayed all that the primary wrote so far. False: it didn't in half a minute.
  bool catch_up();

  const std::filesystem::path& config() const { return config_; }
  std::filesystem::path state() const { return site_.folder() / "standby-state"; }
  std::filesystem::path socket() const { return state() / "wal.sock"; }

 private:
  Site& site_;
  std::filesystem::path config_;
  std::unique_ptr<PostgresServer> server_;
};

}  // namespace owl::test
