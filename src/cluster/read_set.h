#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cluster/extent_map.h"
#include "cluster/listing.h"
#include "wal/change_map.h"

namespace owl::cluster {

/// Whose main fork a path of a data directory is: base/<oid>, global, pg_tblspc/<oid>/<version>/<oid>, and a name of
/// digits, with a segment number if need be. nullopt: another fork, or no relation: maps tell nothing of it.
std::optional<postgres::RelationFile> main_fork_of(std::string_view path);

/// Pages `first` to `end` (excluded) of one file.
struct PageRun {
  std::uint32_t first = 0, end = 0;

  std::uint32_t count() const { return end - first; }
  friend bool operator==(const PageRun&, const PageRun&) = default;
};

/// What is to be read of one file of a main fork: ascending, with gaps between them. All else may be taken over from
/// the earlier backup.
using ReadSet = std::vector<PageRun>;

/// The contract of docs/change-map.md ("What is read"), pure. `file` is a main fork as it was listed, `earlier` the
/// same path in the earlier backup. What isn't proven to be unchanged is read:
///  - everything of a file that wasn't there, was no pages, has a part of a page at its end, or is shorter than it was
///    although no map tells that it was cut;
///  - the blocks that the maps name, and those that were damaged then;
///  - everything from the limit, or from the length that it had, on: extension leaves no WAL.
ReadSet pages_to_read(const ListedFile& file, const FileEntry* earlier, const wal::ChangedBlocks& changes,
                      std::uint32_t block_size);

/// The pages of [0, pages) that are not in the set.
ReadSet complement(const ReadSet& reads, std::uint32_t pages);
/// Both together.
ReadSet joined(ReadSet runs);

/// Reads more where that keeps a file from falling to pieces: a stretch of 1 MiB (aligned) of which most is read anyway
/// is read whole; one that would lie in more than 16 blobs afterwards has the pages of its smallest ones read, too, so
/// that they become one.
ReadSet without_crumbs(ReadSet reads, const FileEntry& earlier, std::uint32_t pages, std::uint32_t block_size);

}  // namespace owl::cluster
