#include "cluster/piece_reader.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "cluster/page_verifier.h"
#include "codec/hash.h"

namespace owl::cluster {

PieceReader::PieceReader(const Listing& files, FilePieces& pieces, repository::BackupSession& session,
                         const crypto::NamingKeys& naming, const Options& options, Clock& clock)
    : files_(files),
      pieces_(pieces),
      session_(session),
      options_(options),
      clock_(clock),
      namer_(naming),
      encoder_(options.block_size, options.checksums, options.zstd_level),
      joiner_(options.block_size),
      plain_(piece_bytes),
      encoded_(encoder_.bound(piece_bytes)) {}

std::uint64_t PieceReader::process(const WorkItem& item) {
  plain_.resize(0);
  for (const auto& part : item.parts) read_part(part, item.kind);
  open_file_ = {};
  store(item.kind);
  return plain_.size();
}

void PieceReader::process_bytes(std::uint32_t file, ByteView content) {
  plain_.resize(content.size());
  std::ranges::copy(content, plain_.data());
  const auto size = static_cast<std::uint32_t>(content.size());
  const auto planned = static_cast<std::uint32_t>(files_[file].size);
  pending_.push_back({file, {0, planned, size, codec::crc32c(content), std::nullopt, 0, {}}});
  store(crypto::BlobKind::bytes);
}

/// An incremental backup has many short parts of one file.
const os::FileDescriptor& PieceReader::open(std::uint32_t file) {
  if (open_file_.valid() && open_index_ == file) return open_file_;
  open_file_ = os::open_if_exists(source_of(files_[file], options_.data_directory), O_RDONLY);
  open_index_ = file;
  return open_file_;
}

void PieceReader::read_part(const Part& part, crypto::BlobKind kind) {
  const auto& file = files_[part.file];
  const auto& fd = open(part.file);
  if (!fd.valid()) return pieces_.vanished(part.file, part.length);  // dropped since it was listed: WAL says so, too
  const std::size_t begin = plain_.size();
  auto size = os::read_at(fd, plain_.free_space().first(part.length), part.offset, file.path);
  if (kind == crypto::BlobKind::pages) size -= size % options_.block_size;
  plain_.resize(begin + size);
  FilePiece piece{part.offset, part.length,  static_cast<std::uint32_t>(size),
                  0,           std::nullopt, static_cast<std::uint32_t>(begin),
                  {}};
  if (kind == crypto::BlobKind::pages) {
    check_pages(piece, file, fd);
  } else {
    piece.crc32c = codec::crc32c(plain_.view().subspan(begin));
  }
  pending_.push_back({part.file, std::move(piece)});
}

void PieceReader::check_pages(FilePiece& piece, const ListedFile& file, const os::FileDescriptor& fd) {
  const auto pages = plain_.whole().subspan(piece.blob_offset, piece.length);
  const auto first_in_file = static_cast<std::uint32_t>(piece.offset / options_.block_size);
  piece.bad_blocks = verify_pages(
      pages, {fd, file.path, piece.offset, file.first_block + first_in_file, options_.block_size, options_.checksums},
      clock_);
  note_lsns(pages, piece.bad_blocks);
  for (auto& block : piece.bad_blocks) block += first_in_file;
  for (std::size_t at = 0; at < pages.size(); at += options_.block_size) {
    const ByteView page = pages.subspan(at, options_.block_size);
    const auto check = repository::page_check(page);
    piece.crc32c = joiner_.join(piece.crc32c, check.crc32c);
    checks_.push_back(check);
  }
}

codec::ZstdEncoder::Encoded PieceReader::encode(crypto::BlobKind kind, ByteView plain) {
  if (kind != crypto::BlobKind::pages) return encoder_.encode_bytes(plain, encoded_.whole());
  std::vector<PieceEncoder::Pages> parts;
  for (const auto& [file, piece] : pending_) {
    parts.push_back({files_[file], piece.offset, piece.length, !piece.bad_blocks.empty()});
  }
  return encoder_.encode_pages(plain, parts, encoded_.whole());
}

void PieceReader::note_lsns(ByteView pages, std::span<const std::uint32_t> bad_pages) {
  for (std::uint32_t i = 0; std::size_t{i} * options_.block_size < pages.size(); ++i) {
    const auto lsn = postgres::page_lsn(pages.subspan(std::size_t{i} * options_.block_size, options_.block_size));
    if (lsn > greatest_lsn_ && std::ranges::find(bad_pages, i) == bad_pages.end()) greatest_lsn_ = lsn;
  }
}

/// Names what `plain_` holds and gives every pending piece its blob.
void PieceReader::store(crypto::BlobKind kind) {
  auto checks = std::exchange(checks_, {});
  const ByteView plain = plain_.view();
  std::optional<repository::BlobRef> blob;
  if (!all_zero(plain)) {
    const auto name = namer_.name(kind, plain);
    const auto size = static_cast<std::uint32_t>(plain.size());
    blob = session_.find(name, size);
    if (!blob) {
      const auto encoded = encode(kind, plain);
      const ByteView stored{encoded_.data(), encoded.size};
      blob = session_.append(kind, name, encoded.codec, stored, size, std::move(checks));
    }
  }
  for (auto& [file, piece] : pending_) {
    piece.blob = blob;
    pieces_.add(file, std::move(piece));
  }
  pending_.clear();
}

}  // namespace owl::cluster
