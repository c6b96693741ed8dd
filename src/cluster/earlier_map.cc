#include "cluster/earlier_map.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "codec/hash.h"

namespace owl::cluster {
namespace {

/// Read together: neighbours in few requests.
constexpr std::size_t leaves_at_once = 8;

/// What goes wrong with an earlier backup is no reason to fail: only not to build on it.
template <typename Body>
auto refuting(Body body) {
  try {
    return body();
  } catch (const MapRefuted&) {
    throw;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity && error.kind() != ErrorKind::not_found) throw;
    throw MapRefuted(fmt::format("the earlier backup can't be read: {}", error.what()));
  }
}

}  // namespace

EarlierMap::EarlierMap(const repository::LoadedManifest& backup, repository::BlobReader& reader,
                       repository::BackupSession& session, std::uint32_t block_size, std::stop_token stop)
    : manifest_(backup.manifest),
      reader_(reader),
      session_(session),
      block_size_(block_size),
      stop_(std::move(stop)),
      joiner_(block_size) {}

void EarlierMap::read_leaves(std::size_t first, std::size_t count) {
  leaves_.assign(count, {});
  std::map<std::uint32_t, std::map<std::uint32_t, std::size_t>> by_pack;  // pack → entry → place
  for (std::size_t i = 0; i < count; ++i) {
    const auto& ref = manifest_.leaves[first + i];
    by_pack[ref.pack][ref.entry] = i;
  }
  for (const auto& [number, places] : by_pack) {
    const auto& pack = manifest_.packs[number];
    const auto directory = reader_.directory(pack, stop_);
    std::vector<std::uint32_t> entries;
    for (const auto& [entry, place] : places) {
      repository::require_name(*directory, pack, manifest_.leaves[first + place]);
      entries.push_back(entry);
    }
    reader_.read(
        pack, entries,
        [&, where = &places](std::uint32_t entry, ByteView plain) {
          leaves_[where->at(entry)] = value_or_throw(parse_extent_leaf(plain));
        },
        stop_);
  }
}

bool EarlierMap::load_more() {
  const auto count = std::min(leaves_at_once, manifest_.leaves.size() - next_leaf_);
  if (count == 0) return false;
  refuting([&] { read_leaves(next_leaf_, count); });
  next_leaf_ += count;
  leaf_ = file_ = 0;
  return true;
}

const FileEntry* EarlierMap::find(std::string_view path) {
  found_ = nullptr;
  while (true) {
    if (leaf_ == leaves_.size() && !load_more()) return nullptr;
    const auto& files = leaves_[leaf_].files;
    if (file_ == files.size()) {
      ++leaf_;
      file_ = 0;
      continue;
    }
    const auto& entry = files[file_];
    if (entry.path >= path) {
      if (entry.path != path) return nullptr;
      found_in_ = &leaves_[leaf_];
      found_ = &entry;
      return found_;
    }
    if (entry.path <= last_path_ && !last_path_.empty())
      throw MapRefuted("the earlier backup's files are out of order");
    last_path_ = entry.path;
    ++file_;
  }
}

repository::BlobRef EarlierMap::blob_of(const Extent& extent) const {
  auto blob = found_in_->blobs[extent.blob];
  blob.pack = session_.number_of(found_in_->packs[blob.pack]);
  return blob;
}

FilePieces::Assembled EarlierMap::whole() const {
  FilePieces::Assembled out;
  out.entry = *found_;
  for (const auto& extent : found_->extents) out.blobs.push_back(blob_of(extent));
  return out;
}

/// The parts of extents that lie in these pages.
std::vector<Extent> EarlierMap::within(const PageRun& run) const {
  const std::uint64_t begin = std::uint64_t{run.first} * block_size_, end = std::uint64_t{run.end} * block_size_;
  std::vector<Extent> out;
  auto at =
      std::ranges::upper_bound(found_->extents, begin, {}, [](const Extent& e) { return e.file_offset + e.length; });
  for (; at != found_->extents.end() && at->file_offset < end; ++at) {
    const auto from = std::max(at->file_offset, begin), to = std::min(at->file_offset + at->length, end);
    const auto skipped = static_cast<std::uint32_t>(from - at->file_offset);
    out.push_back({from, static_cast<std::uint32_t>(to - from), at->blob, at->blob_offset + skipped});
  }
  return out;
}

const repository::PackEntry& EarlierMap::entry_of(const Extent& extent) {
  const auto& blob = found_in_->blobs[extent.blob];
  const auto& pack = found_in_->packs[blob.pack];
  if (!directory_ || directory_of_ != pack.id) {
    refuting([&] { directory_ = reader_.directory(pack, stop_); });
    directory_of_ = pack.id;
  }
  refuting([&] { repository::require_name(*directory_, pack, blob); });
  const auto& entry = directory_->entries[blob.entry];
  const bool fits = extent.blob_offset % block_size_ == 0 && extent.length % block_size_ == 0 &&
                    extent.file_offset % block_size_ == 0 &&
                    std::uint64_t{extent.blob_offset} + extent.length <= entry.plain_size &&
                    entry.checks.size() * std::uint64_t{block_size_} == entry.plain_size;
  if (!fits) throw MapRefuted(fmt::format("{} lies in a blob without page checks", found_->path));
  return entry;
}

std::vector<FilePiece> EarlierMap::pieces(const PageRun& run) {
  std::vector<FilePiece> out;
  std::uint64_t position = std::uint64_t{run.first} * block_size_;
  const auto zeros_up_to = [&](std::uint64_t end) {
    for (; position < end;) {
      const auto length = static_cast<std::uint32_t>(std::min<std::uint64_t>(end - position, 1u << 30));
      out.push_back({position, length, length, codec::crc32c_zeros(length), std::nullopt, 0, {}});
      position += length;
    }
  };
  for (const auto& extent : within(run)) {
    zeros_up_to(extent.file_offset);
    const auto& entry = entry_of(extent);
    std::uint32_t crc = 0;
    for (std::uint32_t at = 0; at < extent.length; at += block_size_) {
      crc = joiner_.join(crc, entry.checks[(extent.blob_offset + at) / block_size_].crc32c);
    }
    out.push_back({extent.file_offset, extent.length, extent.length, crc, blob_of(extent), extent.blob_offset, {}});
    position = extent.file_offset + extent.length;
  }
  zeros_up_to(std::uint64_t{run.end} * block_size_);
  return out;
}

std::vector<repository::PageCheck> EarlierMap::checks(const PageRun& run) {
  std::vector<repository::PageCheck> out(run.count(), repository::page_check(Bytes(block_size_)));
  for (const auto& extent : within(run)) {
    const auto& entry = entry_of(extent);
    const auto first = static_cast<std::uint32_t>(extent.file_offset / block_size_) - run.first;
    for (std::uint32_t i = 0; i < extent.length / block_size_; ++i) {
      out[first + i] = entry.checks[extent.blob_offset / block_size_ + i];
    }
  }
  return out;
}

}  // namespace owl::cluster
