#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "os/file_descriptor.h"
#include "postgres/page.h"

namespace owl::cluster {

/// Checks pages that were read while the server may be writing them. A page whose checksum fails is read again: a torn
/// read mends itself (the writer finishes within microseconds), and a page that changes between two readings is being
/// written, so that WAL from the backup's start restores it. Only a page that stays bad and unchanged is damaged.
struct PageSource {
  const os::FileDescriptor& file;
  std::string_view name;
  std::uint64_t offset = 0;               ///< of `pages` in the file, bytes
  postgres::BlockNumber first_block = 0;  ///< of `pages`, within the relation
  std::uint32_t block_size = 0;
  bool checksums = false;
};
/// May replace pages in `pages` by what a later reading gave. Returns the indices of damaged ones.
std::vector<std::uint32_t> verify_pages(MutableBytes pages, const PageSource& source, Clock& clock);

}  // namespace owl::cluster
