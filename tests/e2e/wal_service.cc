#include "e2e/wal_service.h"

#include <signal.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "e2e/files.h"
#include "os/unix_socket.h"
#include "support/environment.h"

namespace owl::test {

using namespace std::chrono_literals;

WalService::~WalService() {
  if (running()) stop();
}

void WalService::launch() {
  const auto config = options_.config.empty() ? site_.config() : options_.config;
  std::vector<std::string> argv{"sh", "-c",  "exec \"$@\" >>\"$0\" 2>&1", log_file(), site_.programs() / "owlbackup",
                                "-c", config};
  argv.insert(argv.end(), options_.command.begin(), options_.command.end());
  process_.emplace(os::ProcessOptions{.argv = std::move(argv), .working_folder = "/", .user = server_user()}, false,
                   false);
}

void WalService::start() {
  launch();
  for (int i = 0; i < 600 && running() && !status(); ++i) std::this_thread::sleep_for(50ms);
  if (!status()) throw Error(ErrorKind::timeout, "the service does not answer: " + log());
}

bool WalService::running() {
  return process_ && !process_->poll();
}

void WalService::kill9() {
  process_->signal(SIGKILL);
  process_->wait();
}

int WalService::stop() {
  process_->signal(SIGTERM);
  return process_->wait();
}

std::optional<codec::Json> WalService::status() const {
  const auto answer = os::ask_socket(options_.socket.empty() ? site_.socket() : options_.socket, "status");
  if (!answer || !answer->starts_with("ok ")) return std::nullopt;
  return value_or_throw(codec::Json::parse(answer->substr(3)));
}

std::string WalService::log() const {
  return read_text(log_file());
}

}  // namespace owl::test
