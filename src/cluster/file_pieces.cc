#include "cluster/file_pieces.h"

#include <algorithm>
#include <utility>

#include "codec/hash.h"

namespace owl::cluster {

void FilePieces::add(std::uint32_t file, FilePiece piece) {
  const std::lock_guard lock(mutex_);
  auto& gathered = gathered_[file];
  gathered.planned += piece.planned;
  gathered.pieces.push_back(keep(piece));
  if (!piece.bad_blocks.empty()) gathered.bad_blocks[piece.offset] = std::move(piece.bad_blocks);
}

void FilePieces::vanished(std::uint32_t file, std::uint32_t planned) {
  const std::lock_guard lock(mutex_);
  gathered_[file].planned += planned;
  gathered_[file].vanished = true;
}

FilePieces::Kept FilePieces::keep(const FilePiece& piece) {
  const auto blob = piece.blob.value_or(repository::BlobRef{no_blob, 0, {}});
  return {piece.offset, piece.planned, piece.length, piece.crc32c, piece.blob_offset, blob.pack, blob.entry, blob.name};
}

FilePiece FilePieces::give_back(Gathered& from, const Kept& kept) {
  FilePiece piece{kept.offset, kept.planned, kept.length, kept.crc32c, std::nullopt, kept.blob_offset, {}};
  if (kept.pack != no_blob) piece.blob = repository::BlobRef{kept.pack, kept.entry, kept.name};
  if (const auto bad = from.bad_blocks.find(kept.offset); bad != from.bad_blocks.end()) {
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

std::optional<FilePieces::Assembled> FilePieces::take(std::uint32_t file) {
  const auto& listed = files_[file];
  const auto whole = listed.is_folder ? 0 : listed.size;
  Gathered gathered;
  {
    const std::lock_guard lock(mutex_);
    const auto at = gathered_.find(file);
    if ((at == gathered_.end() ? 0 : at->second.planned) < whole) return std::nullopt;
    if (at != gathered_.end()) {
      gathered = std::move(at->second);
      gathered_.erase(at);
    }
  }
  return assemble(listed, std::move(gathered));
}

FilePieces::Assembled FilePieces::assemble(const ListedFile& listed, Gathered gathered) {
  const auto type = listed.is_folder ? EntryType::folder : listed.is_relation ? EntryType::pages : EntryType::bytes;
  Assembled out;
  out.entry = {listed.path, type, listed.mode, listed.modified, 0, 0, {}, {}};
  out.vanished = gathered.vanished;
  std::ranges::sort(gathered.pieces, {}, &Kept::offset);
  for (const auto& kept : gathered.pieces) {
    const auto piece = give_back(gathered, kept);
    out.entry.crc32c = codec::crc32c_combine(out.entry.crc32c, piece.crc32c, piece.length);
    if (piece.blob && piece.length > 0) add_extent(out, piece);
    out.entry.size = piece.offset + piece.length;
    out.entry.bad_blocks.insert(out.entry.bad_blocks.end(), piece.bad_blocks.begin(), piece.bad_blocks.end());
    if (piece.length < piece.planned) break;  // truncated while it was read: what follows is gone
  }
  return out;
}

}  // namespace owl::cluster
