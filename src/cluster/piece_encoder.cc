#include "cluster/piece_encoder.h"

#include <algorithm>

#include "codec/hash.h"

namespace owl::cluster {
namespace {

/// The same for all segments of a fork, and never 0.
std::uint64_t relation_of(std::string_view path) {
  const auto digits = path.find_last_not_of("0123456789");
  if (digits != path.npos && digits > 0 && path[digits] == '.') path = path.substr(0, digits);
  return codec::xxh3_64(as_bytes(path)) | 1;
}

}  // namespace

PieceEncoder::PieceEncoder(std::uint32_t block_size, bool checksums, int zstd_level)
    : block_size_(block_size),
      checksums_(checksums),
      pages_({.block_size = block_size, .level = zstd_level <= 3 ? 1 : zstd_level, .plain_level = zstd_level}),
      bytes_(zstd_level) {}

std::size_t PieceEncoder::bound(std::size_t plain_size) const {
  return std::max(pages_.bound(plain_size), codec::ZstdEncoder::bound(plain_size));
}

codec::ZstdEncoder::Encoded PieceEncoder::encode_pages(ByteView plain, std::span<const Pages> parts, MutableBytes out) {
  runs_.clear();
  codec::PageBlob blob{.plain = plain, .checksums_hold = checksums_};
  for (const auto& part : parts) {
    if (part.length == 0) continue;
    const auto first = part.file.first_block + static_cast<std::uint32_t>(part.offset / block_size_);
    const auto relation = relation_of(part.file.path);
    blob.relation = runs_.empty() || blob.relation == relation ? relation : 0;
    blob.relation_bytes = std::uint64_t{part.file.first_block} * block_size_ + part.file.size;
    blob.checksums_hold = blob.checksums_hold && !part.has_bad_page;
    runs_.push_back({part.length / block_size_, first});
  }
  blob.runs = runs_;
  return pages_.encode(blob, out);
}

}  // namespace owl::cluster
