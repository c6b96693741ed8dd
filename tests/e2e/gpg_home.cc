#include "e2e/gpg_home.h"

#include <exception>

#include "support/environment.h"
#include "support/run.h"

namespace owl::test {

namespace fs = std::filesystem;

GpgHome::GpgHome() : folder_("/tmp"), path_(folder_ / "gnupg") {
  fs::create_directory(path_);
  fs::permissions(path_, fs::perms::owner_all);
  give_to_server_user(path_);
  run_ok({"gpg", "--homedir", path_, "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", recipient,
          "future-default", "default", "never"},
         {.user = server_user()});
}

GpgHome::~GpgHome() {
  try {
    run({"gpgconf", "--homedir", path_, "--kill", "all"}, {.user = server_user()});
  } catch (const std::exception&) {  // nothing is left to end
  }
}

GpgHome& GpgHome::shared() {
  static GpgHome home;
  return home;
}

}  // namespace owl::test
