#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/output.h"
#include "base/clock.h"
#include "config/settings.h"
#include "crypto/wrap.h"
#include "repository/repository.h"
#include "repository/stores.h"
#include "storage/open.h"

namespace owl::app {

/// What stands before the command's name.
struct GlobalOptions {
  std::string config_file, env_file, store;
  bool json = false, quiet = false, verbose = false, no_progress = false;
  std::string color = "auto";
};

/// One run of the program: the parts that a command needs, each made when it is first asked for. The composition root:
/// only here are concrete stores, clocks and listeners named. One thread.
class Invocation {
 public:
  Invocation(GlobalOptions options, Clock& clock, Random& random, std::stop_token stop);
  ~Invocation();

  const GlobalOptions& options() const { return options_; }
  Clock& clock() { return clock_; }
  Random& random() { return random_; }
  std::stop_token stop() const { return stop_; }
  /// The exit code is the action's, warnings or not: PostgreSQL takes any but 0 for a failure.
  void exit_exactly() { exact_exit_ = true; }
  bool exits_exactly() const { return exact_exit_; }
  Output& output() { return *output_; }
  Monitor& monitor() { return output_->monitor(); }

  const config::Settings& settings();
  std::filesystem::path key_file() { return settings().state.directory / "host.key"; }
  /// As options for storage::open_store; `--store NAME` narrows to one.
  std::vector<storage::StoreOptions> store_options();
  /// Opens them; nothing is contacted.
  repository::StoreSet& stores();
  /// Opens them anew, for work beside the command's own: who drops out of one set stays in the other.
  std::vector<repository::StoreSet::Member> open_stores();
  /// The host's key file; Error(config) that names `init` and `keys enroll` when there is none.
  const crypto::HostKeys& keys();
  /// As keys(), and each store is checked to hold this repository; stores that can't be reached drop out with a
  /// warning.
  const crypto::HostKeys& checked_keys();
  crypto::UnwrapSources unwrap_sources();
  /// Keys for reading data: from the key file and the private key; without a key file all from the private key.
  struct Secrets {
    crypto::HostKeys keys;
    std::vector<crypto::EpochSecrets> secrets;
    bool enrolled = false;  ///< the host has a key file
  };
  Secrets unwrap();

 private:
  GlobalOptions options_;
  Clock& clock_;
  Random& random_;
  std::stop_token stop_;
  bool exact_exit_ = false;
  std::unique_ptr<Output> output_;
  std::optional<config::Settings> settings_;
  std::unique_ptr<repository::StoreSet> stores_;
  std::optional<crypto::HostKeys> keys_;
};

}  // namespace owl::app
