#include "cluster/read_set.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"
#include "cluster/work_items.h"

namespace owl::cluster {
namespace {

// pg_tablespace.dat: where base/ and global/ belong.
constexpr postgres::Oid default_tablespace = 1663, global_tablespace = 1664;

std::optional<postgres::Oid> number(std::string_view text) {
  postgres::Oid value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<postgres::RelationFile> in_folder(std::optional<postgres::Oid> tablespace,
                                                std::optional<postgres::Oid> database, std::string_view name) {
  const auto parsed = parse_relation_file_name(name);
  if (!tablespace || !database || !parsed || parsed->fork != "main") return std::nullopt;
  return postgres::RelationFile{*tablespace, *database, parsed->relation};
}

/// The blocks of a set that lie in one file of the relation, as pages of that file.
void add_blocks(const wal::BlockSet& blocks, std::uint64_t first_block, std::uint32_t pages, ReadSet& out) {
  const std::uint64_t end = first_block + pages;
  for (const auto& run : blocks.runs()) {
    if (run.last < first_block || run.first >= end) continue;
    const auto from = std::max<std::uint64_t>(run.first, first_block),
               to = std::min<std::uint64_t>(run.last + 1ull, end);
    out.push_back({static_cast<std::uint32_t>(from - first_block), static_cast<std::uint32_t>(to - first_block)});
  }
}

/// Block `block` of the relation as a page of the file, where it lies in it; else the nearest border.
std::uint32_t page_in_file(std::uint64_t block, std::uint64_t first_block, std::uint32_t pages) {
  if (block <= first_block) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(block - first_block, pages));
}

}  // namespace

std::optional<postgres::RelationFile> main_fork_of(std::string_view path) {
  const auto parts = split(path, '/');
  if (parts.size() == 2 && parts[0] == "global") return in_folder(global_tablespace, 0, parts[1]);
  if (parts.size() == 3 && parts[0] == "base") return in_folder(default_tablespace, number(parts[1]), parts[2]);
  if (parts.size() == 5 && parts[0] == "pg_tblspc") return in_folder(number(parts[1]), number(parts[3]), parts[4]);
  return std::nullopt;
}

ReadSet joined(ReadSet runs) {
  std::erase_if(runs, [](const PageRun& run) { return run.first >= run.end; });
  std::ranges::sort(runs, {}, &PageRun::first);
  ReadSet out;
  for (const auto& run : runs) {
    if (!out.empty() && run.first <= out.back().end) {
      out.back().end = std::max(out.back().end, run.end);
    } else {
      out.push_back(run);
    }
  }
  return out;
}

ReadSet complement(const ReadSet& reads, std::uint32_t pages) {
  ReadSet out;
  std::uint32_t from = 0;
  for (const auto& run : reads) {
    if (run.first > from) out.push_back({from, run.first});
    from = run.end;
  }
  if (from < pages) out.push_back({from, pages});
  return out;
}

ReadSet pages_to_read(const ListedFile& file, const FileEntry* earlier, const wal::ChangedBlocks& changes,
                      std::uint32_t block_size) {
  const auto pages = static_cast<std::uint32_t>(file.size / block_size);
  const ReadSet all = joined({{0, pages}});
  const auto relation = main_fork_of(file.path);
  if (!file.is_relation || !relation || file.is_ragged || earlier == nullptr || earlier->type != EntryType::pages) {
    return all;
  }
  if (earlier->size % block_size != 0) return all;
  const auto pages_then = static_cast<std::uint32_t>(earlier->size / block_size);
  const auto limit = changes.limit_of(*relation);
  if (pages < pages_then && (!limit || *limit > file.first_block + std::uint64_t{pages})) return all;

  ReadSet reads;
  if (const auto found = changes.relations.find(*relation); found != changes.relations.end()) {
    add_blocks(found->second.blocks, file.first_block, pages, reads);
  }
  const auto from_limit = limit ? page_in_file(*limit, file.first_block, pages) : pages;
  reads.push_back({std::min(from_limit, pages_then), pages});
  for (const auto block : earlier->bad_blocks) {
    if (block < pages) reads.push_back({block, block + 1});
  }
  return joined(std::move(reads));
}

namespace {

constexpr std::size_t most_blobs = 16, blobs_after_merging = 8;

/// One aligned stretch of a file: what of it is read, and what each blob would still give to it.
class Stretch {
 public:
  Stretch(PageRun pages, const ReadSet& reads) : pages_(pages) {
    auto run = std::ranges::lower_bound(reads, pages.first, {}, [](const PageRun& r) { return r.end - 1; });
    for (; run != reads.end() && run->first < pages.end; ++run) {
      reads_.push_back({std::max(run->first, pages.first), std::min(run->end, pages.end)});
    }
    for (const auto& one : reads_) count_ += one.count();
  }

  /// The stretch's own reads, and more.
  ReadSet mended(const FileEntry& earlier, std::uint32_t block_size) const {
    if (reads_.empty()) return {};
    if (count_ * 4 >= pages_.count() * 3) return {pages_};
    auto shares = shares_of_blobs(earlier, block_size);
    if (shares.size() + 1 <= most_blobs) return reads_;
    std::vector<ReadSet> by_size;
    for (auto& [blob, runs] : shares) by_size.push_back(std::move(runs));
    std::ranges::stable_sort(by_size, {}, [](const ReadSet& runs) {
      std::uint32_t count = 0;
      for (const auto& run : runs) count += run.count();
      return count;
    });
    auto out = reads_;
    const std::size_t merged = by_size.size() + 1 - blobs_after_merging;
    for (std::size_t i = 0; i < merged; ++i) out.insert(out.end(), by_size[i].begin(), by_size[i].end());
    return out;
  }

 private:
  std::map<std::uint32_t, ReadSet> shares_of_blobs(const FileEntry& earlier, std::uint32_t block_size) const {
    std::map<std::uint32_t, ReadSet> out;
    for (const auto& kept : complement_within()) {
      const std::uint64_t begin = std::uint64_t{kept.first} * block_size, end = std::uint64_t{kept.end} * block_size;
      auto extent = std::ranges::upper_bound(earlier.extents, begin, {},
                                             [](const Extent& e) { return e.file_offset + e.length; });
      for (; extent != earlier.extents.end() && extent->file_offset < end; ++extent) {
        const auto from = std::max(extent->file_offset, begin),
                   to = std::min(extent->file_offset + extent->length, end);
        out[extent->blob].push_back({static_cast<std::uint32_t>(from / block_size),
                                     static_cast<std::uint32_t>((to + block_size - 1) / block_size)});
      }
    }
    return out;
  }
  ReadSet complement_within() const {
    ReadSet out;
    std::uint32_t from = pages_.first;
    for (const auto& run : reads_) {
      if (run.first > from) out.push_back({from, run.first});
      from = run.end;
    }
    if (from < pages_.end) out.push_back({from, pages_.end});
    return out;
  }

  PageRun pages_;
  ReadSet reads_;
  std::uint32_t count_ = 0;
};

}  // namespace

ReadSet without_crumbs(ReadSet reads, const FileEntry& earlier, std::uint32_t pages, std::uint32_t block_size) {
  const std::uint32_t stretch_pages = piece_bytes / block_size;
  ReadSet out;
  std::uint32_t done = 0;  // everything before this page is in `out`
  for (const auto& run : reads) {
    for (auto first = std::max(run.first / stretch_pages * stretch_pages, done); first < run.end;
         first += stretch_pages) {
      const PageRun stretch{first, std::min(first + stretch_pages, pages)};
      const auto mended = Stretch(stretch, reads).mended(earlier, block_size);
      out.insert(out.end(), mended.begin(), mended.end());
      done = first + stretch_pages;
    }
  }
  return joined(std::move(out));
}

}  // namespace owl::cluster
