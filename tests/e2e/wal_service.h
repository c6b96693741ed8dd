#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "e2e/site.h"
#include "os/process.h"

namespace owl::test {

struct WalServiceOptions {
  std::vector<std::string> command = {"wal", "serve"};
  std::filesystem::path config = {}, socket = {};  ///< empty: the site's
};

/// `owlbackup wal serve` beside a site, for as long as it lives. What it says goes to log().
class WalService {
 public:
  explicit WalService(Site& site, WalServiceOptions options = {}) : site_(site), options_(std::move(options)) {}
  ~WalService();
  WalService(const WalService&) = delete;
  WalService& operator=(const WalService&) = delete;

  void launch();  ///< doesn't wait for it
  void start();   ///< waits until it answers; throws Error with its log where it doesn't come to that
  bool running();
  void kill9();
  int stop();  ///< its exit code

  std::optional<codec::Json> status() const;  ///< nullopt: it doesn't answer
  std::string log() const;

 private:
  std::filesystem::path log_file() const { return site_.folder() / "service.log"; }

  Site& site_;
  const WalServiceOptions options_;
  std::optional<os::ChildProcess> process_;
};

}  // namespace owl::test
