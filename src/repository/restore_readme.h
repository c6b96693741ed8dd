#pragma once

#include <string>

#include "crypto/keys.h"

namespace owl::repository {

/// RESTORE.md: for whoever stands before this bucket, or folder, and a private key, and has never heard of the program.
std::string restore_readme(const crypto::HostKeys& host, const std::string& name);

}  // namespace owl::repository
