#include "support/temp_dir.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "support/environment.h"

namespace owl::test {

namespace fs = std::filesystem;

TempDir::TempDir() : TempDir(fs::temp_directory_path()) {}

TempDir::TempDir(const fs::path& parent) : owner_(::getpid()) {
  std::string name = (parent / "owl-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorKind::io, "can't make a folder in " + parent.string()).with_errno(errno);
  }
  path_ = name;
  fs::permissions(path_, fs::perms(0755));
}

TempDir::~TempDir() {
  if (owner_ != ::getpid()) return;
  if (keep_files()) {
    std::fprintf(stderr, "kept: %s\n", path_.c_str());
    return;
  }
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace owl::test
