#pragma once

#include <string>

#include "crypto/keys.h"

namespace owl::repository {

/// RESTORE.md: for whoever stands before this bucket, or folder, and a private key, and has never heard of the program.
/// Its last line is a MAC over all before it: what is said depends on the configuration and the program's version of
/// that day, so that nobody could make the same text again to compare with.
std::string restore_readme(const crypto::HostKeys& host, const std::string& name);
/// Is this text, whichever it is, as some host of the repository wrote it? A host that doesn't know the first epoch
/// can't tell: true.
bool restore_readme_is_genuine(const crypto::HostKeys& host, ByteView text);

}  // namespace owl::repository
