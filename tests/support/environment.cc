#include "support/environment.h"

#include <unistd.h>

#include "base/error.h"
#include "os/system.h"

namespace owl::test {

namespace fs = std::filesystem;

fs::path source_dir() {
  return OWL_SOURCE_DIR;
}
fs::path program(std::string_view name) {
  return fs::path(OWL_BIN_DIR) / name;
}

bool long_run() {
  return os::environment("OWL_LONG") == "1";
}
bool keep_files() {
  return os::environment("OWL_KEEP") == "1";
}

std::optional<std::string> server_user() {
  if (os::is_root()) return "postgres";
  return std::nullopt;
}

void give_to_server_user(const fs::path& path) {
  const auto user = server_user();
  if (!user) return;
  const auto account = os::account_by_name(*user);
  if (!account) throw Error(ErrorKind::not_found, "no user " + *user + ", whom PostgreSQL is to run as");
  const auto give = [&](const fs::path& one) {
    if (::lchown(one.c_str(), account->uid, account->gid) != 0) {
      throw Error(ErrorKind::io, "can't give " + one.string() + " to " + *user).with_errno(errno);
    }
  };
  give(path);
  if (!fs::is_directory(fs::symlink_status(path))) return;
  for (const auto& entry : fs::recursive_directory_iterator(path)) give(entry.path());
}

}  // namespace owl::test
