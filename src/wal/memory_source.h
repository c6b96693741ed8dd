#pragma once

#include <memory>
#include <string>

#include "wal/stream_buffer.h"
#include "wal/wal_file.h"

namespace owl::wal {

/// A file that was received, and not read from pg_wal, in the form in which the archiver takes files: its bytes lie in
/// a file without a name, in memory (memfd_create).
WalSource source_in_memory(const std::string& name, ByteView bytes, postgres::SystemId system_id,
                           std::uint32_t segment_size);
/// A whole segment, which knows the one before it where that is at hand.
WalSource source_in_memory(const StreamBuffer::Whole& whole, postgres::SystemId system_id);

}  // namespace owl::wal
