#include "cluster/file_pieces.h"

#include <algorithm>
#include <utility>

#include "codec/hash.h"

namespace owl::cluster {

void FilePieces::add(std::uint32_t file, FilePiece piece) {
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = gathered_.try_emplace(file);
  auto& gathered = at->second;
  held_bytes_ += (is_new ? size_of(Gathered{}) : 0) + sizeof(Kept);
  gathered.planned += piece.planned;
  gathered.pieces.push_back(keep(piece));
  if (!piece.bad_blocks.empty()) bad_blocks_[file][piece.offset] = std::move(piece.bad_blocks);
}

void FilePieces::vanished(std::uint32_t file, std::uint32_t planned) {
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = gathered_.try_emplace(file);
  if (is_new) held_bytes_ += size_of(Gathered{});
  at->second.planned += planned;
  at->second.vanished = true;
}

void FilePieces::take_over(std::uint32_t file, Assembled whole) {
  const std::lock_guard lock(mutex_);
  held_bytes_ += size_of(whole);
  whole_.insert_or_assign(file, std::move(whole));
}

std::size_t FilePieces::size_of(const Gathered& gathered) {
  constexpr std::size_t node = 32;  // of the table that it stands in
  return sizeof(Gathered) + node + gathered.pieces.size() * sizeof(Kept);
}

std::size_t FilePieces::size_of(const Assembled& file) {
  constexpr std::size_t node = 32;
  return sizeof(Assembled) + node + file.entry.path.size() + file.entry.extents.size() * sizeof(Extent) +
         file.blobs.size() * sizeof(repository::BlobRef);
}

FilePieces::Kept FilePieces::keep(const FilePiece& piece) {
  const auto blob = piece.blob.value_or(repository::BlobRef{no_blob, 0, {}});
  return {piece.offset, piece.planned, piece.length, piece.crc32c, piece.blob_offset, blob.pack, blob.entry, blob.name};
}

FilePiece FilePieces::give_back(const Kept& kept, BadBlocks& bad_blocks) {
  FilePiece piece{kept.offset, kept.planned, kept.length, kept.crc32c, std::nullopt, kept.blob_offset, {}};
  if (kept.pack != no_blob) piece.blob = repository::BlobRef{kept.pack, kept.entry, kept.name};
  if (const auto bad = bad_blocks.find(kept.offset); bad != bad_blocks.end()) {
    piece.bad_blocks = std::move(bad->second);
  }
  return piece;
}

namespace {

/// Two pieces that follow each other in the file and in the blob are one extent.
bool continues(const Extent& extent, const repository::BlobRef& blob, const FilePiece& piece) {
  return piece.blob->pack == blob.pack && piece.blob->entry == blob.entry &&
         extent.file_offset + extent.length == piece.offset && extent.blob_offset + extent.length == piece.blob_offset;
}

void add_extent(FilePieces::Assembled& file, const FilePiece& piece) {
  if (!file.blobs.empty() && continues(file.entry.extents.back(), file.blobs.back(), piece)) {
    file.entry.extents.back().length += piece.length;
    return;
  }
  file.entry.extents.push_back({piece.offset, piece.length, 0, piece.blob_offset});
  file.blobs.push_back(*piece.blob);
}

}  // namespace

std::optional<FilePieces::Assembled> FilePieces::take(std::uint32_t file, const ListedFile& listed) {
  const auto whole = listed.is_folder ? 0 : listed.size;
  Gathered gathered;
  BadBlocks bad_blocks;
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = whole_.find(file); known != whole_.end()) {
      held_bytes_ -= size_of(known->second);
      auto out = std::move(known->second);
      whole_.erase(known);
      return out;
    }
    const auto at = gathered_.find(file);
    if ((at == gathered_.end() ? 0 : at->second.planned) < whole) return std::nullopt;
    if (at != gathered_.end()) {
      held_bytes_ -= size_of(at->second);
      gathered = std::move(at->second);
      gathered_.erase(at);
    }
    if (const auto bad = bad_blocks_.find(file); bad != bad_blocks_.end()) {
      bad_blocks = std::move(bad->second);
      bad_blocks_.erase(bad);
    }
  }
  return assemble(listed, std::move(gathered), std::move(bad_blocks));
}

FilePieces::Assembled FilePieces::assemble(const ListedFile& listed, Gathered gathered, BadBlocks bad_blocks) {
  const auto type = listed.is_folder ? EntryType::folder : listed.is_relation ? EntryType::pages : EntryType::bytes;
  Assembled out;
  out.entry = {listed.path, type, listed.mode, listed.modified, 0, 0, {}, {}};
  out.vanished = gathered.vanished;
  std::ranges::sort(gathered.pieces, {}, &Kept::offset);
  for (const auto& kept : gathered.pieces) {
    const auto piece = give_back(kept, bad_blocks);
    out.entry.crc32c = codec::crc32c_combine(out.entry.crc32c, piece.crc32c, piece.length);
    if (piece.blob && piece.length > 0) add_extent(out, piece);
    out.entry.size = piece.offset + piece.length;
    out.entry.bad_blocks.insert(out.entry.bad_blocks.end(), piece.bad_blocks.begin(), piece.bad_blocks.end());
    if (piece.length < piece.planned) break;  // truncated while it was read: what follows is gone
  }
  return out;
}

}  // namespace owl::cluster
