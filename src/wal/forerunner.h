#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "postgres/wal_unfinished.h"
#include "wal/wal_object.h"

// What the segment before left unfinished. Whoever describes a segment alone sees the end of a record at its head, and
// can't tell headers from rows there; its beginning says which is which.

namespace owl::wal {

/// Does a segment's head belong to a record that began before it? If not, there is nothing to look for.
bool record_continues_into(ByteView plain);

/// Reads plain bytes at an LSN, page headers included. False: they aren't there, or not those of that place.
using ReadWal = std::function<bool(postgres::Lsn at, MutableBytes out)>;

/// The record that goes on into the segment `plain`, with its headers and no more, out of the WAL before it. nullopt:
/// none does, or that WAL can't be read. `read` is asked for whole pages, backwards from the segment's start.
std::optional<postgres::UnfinishedRecord> unfinished_before(ByteView plain, const postgres::SegmentHeader& header,
                                                            const ReadWal& read);

/// Out of the files that lie beside the segment, in pg_wal: usually the one before is still there. A file that was
/// recycled meanwhile gives nullopt.
std::optional<postgres::UnfinishedRecord> unfinished_in_folder(ByteView plain, const postgres::SegmentHeader& header,
                                                               const std::filesystem::path& folder);

/// Out of what was stored of the segments before. `info` tells of a segment by its name, or nullopt.
std::optional<postgres::UnfinishedRecord> unfinished_in_archive(
    const postgres::SegmentHeader& header, const std::function<std::optional<WalInfo>(const std::string&)>& info);

}  // namespace owl::wal
