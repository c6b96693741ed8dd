#pragma once

#include <string_view>

#include "base/bytes.h"
#include "os/file_descriptor.h"

namespace owl::os {

/// Writes the start of `bytes`, as much of it as suits, past the page cache, and returns how many bytes that were; the
/// rest is the caller's to write. 0 where it does not suit: few bytes, memory that is not aligned to 4 KiB, a file
/// system that has no O_DIRECT. The descriptor stands at a multiple of 4 KiB, and is an ordinary one again afterwards.
///
/// For what is written once and not read soon: the copy into the page cache took an eighth of a backup's processor
/// time.
std::size_t write_direct(const FileDescriptor& fd, ByteView bytes, std::string_view name);

}  // namespace owl::os
