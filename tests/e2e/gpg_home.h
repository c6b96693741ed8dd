#pragma once

#include <filesystem>

#include "support/temp_dir.h"

namespace owl::test {

/// A GnuPG home with one key that has no passphrase, owned by the server's account. Its agent ends with it.
class GpgHome {
 public:
  static constexpr const char* recipient = "e2e@owlbackup.example";

  GpgHome();
  ~GpgHome();
  GpgHome(const GpgHome&) = delete;
  GpgHome& operator=(const GpgHome&) = delete;

  /// Made when it is first asked for, one for each test program.
  static GpgHome& shared();

  const std::filesystem::path& path() const { return path_; }

 private:
  TempDir folder_;
  std::filesystem::path path_;
};

}  // namespace owl::test
