#include "cluster/extent_map.h"

#include <algorithm>

#include "base/binary.h"
#include "base/units.h"
#include "codec/hash.h"
#include "repository/pack_ref.h"

namespace owl::cluster {
namespace {

constexpr std::uint8_t leaf_version = 1;
constexpr std::size_t longest_leaf = 4096, leaf_period = 512, batch_period = 8;

void put_extent(BinaryWriter& out, const Extent& extent, std::uint64_t& position) {
  out.varint(extent.file_offset - position);  // ascending: the gap of zeros before it, mostly 0
  out.varint(extent.length);
  out.varint(extent.blob);
  out.varint(extent.blob_offset);
  position = extent.file_offset + extent.length;
}

void put_file(BinaryWriter& out, const FileEntry& file) {
  out.text(file.path);
  out.u8(static_cast<std::uint8_t>(file.type));
  out.varint(file.mode);
  out.signed_varint(file.modified.micros);
  if (file.type == EntryType::folder) return;
  out.varint(file.size);
  out.u32(file.crc32c);
  out.varint(file.extents.size());
  std::uint64_t position = 0;
  for (const auto& extent : file.extents) put_extent(out, extent, position);
  out.varint(file.bad_blocks.size());
  for (auto block : file.bad_blocks) out.varint(block);
}

Extent get_extent(BinaryReader& in, std::uint64_t& position, const ExtentLeaf& leaf, std::uint64_t file_size) {
  Extent extent;
  const std::uint64_t gap = in.varint(), length = in.varint(), blob = in.varint(), blob_offset = in.varint();
  if (gap > file_size - position || length == 0 || length > file_size - position - gap || blob >= leaf.blobs.size() ||
      length > UINT32_MAX || blob_offset > UINT32_MAX) {
    in.fail();
    return extent;
  }
  extent = {position + gap, static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(blob),
            static_cast<std::uint32_t>(blob_offset)};
  position = extent.file_offset + length;
  return extent;
}

FileEntry get_file(BinaryReader& in, const ExtentLeaf& leaf) {
  FileEntry file;
  file.path = in.text();
  const auto type = in.u8();
  if (type < 1 || type > 3) in.fail();
  file.type = static_cast<EntryType>(type);
  file.mode = static_cast<std::uint32_t>(in.varint() & 07777);
  file.modified = {in.signed_varint()};
  if (file.type == EntryType::folder) return file;
  file.size = in.varint();
  file.crc32c = in.u32();
  std::uint64_t position = 0;
  const auto extents = in.count(4);
  file.extents.reserve(extents);
  for (std::size_t i = 0; i < extents && in.ok(); ++i) {
    file.extents.push_back(get_extent(in, position, leaf, file.size));
  }
  const auto bad = in.count(1);
  for (std::size_t i = 0; i < bad && in.ok(); ++i) file.bad_blocks.push_back(static_cast<std::uint32_t>(in.varint()));
  return file;
}

/// A path that stays inside the folder it is restored to, whatever a forged map says.
bool safe_path(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.back() == '/' || path.find('\0') != path.npos) return false;
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(std::min(path.size(), part.size() + 1));
  }
  return true;
}

}  // namespace

Bytes serialize(const ExtentLeaf& leaf) {
  Bytes bytes;
  BinaryWriter out(bytes);
  out.u8(leaf_version);
  out.varint(leaf.packs.size());
  for (const auto& pack : leaf.packs) repository::put_pack_ref(out, pack);
  out.varint(leaf.blobs.size());
  for (const auto& blob : leaf.blobs) {
    out.varint(blob.pack);
    out.varint(blob.entry);
    out.raw(blob.name);
  }
  out.varint(leaf.files.size());
  for (const auto& file : leaf.files) put_file(out, file);
  return bytes;
}

Result<ExtentLeaf> parse_extent_leaf(ByteView bytes) {
  BinaryReader in(bytes);
  ExtentLeaf leaf;
  if (in.u8() != leaf_version) return bad_format("an extent map of an unknown version");
  const auto packs = in.count(repository::min_pack_ref_size);
  for (std::size_t i = 0; i < packs && in.ok(); ++i) leaf.packs.push_back(repository::get_pack_ref(in));
  const auto blobs = in.count(18);
  leaf.blobs.reserve(blobs);
  for (std::size_t i = 0; i < blobs && in.ok(); ++i) {
    const auto pack = in.varint(), entry = in.varint();
    if (pack >= leaf.packs.size() || entry > UINT32_MAX) in.fail();
    leaf.blobs.push_back({static_cast<std::uint32_t>(pack), static_cast<std::uint32_t>(entry), in.array<16>()});
  }
  const auto files = in.count(4);
  leaf.files.reserve(files);
  for (std::size_t i = 0; i < files && in.ok(); ++i) {
    leaf.files.push_back(get_file(in, leaf));
    if (in.ok() && !safe_path(leaf.files.back().path)) {
      return bad_format("an extent map with the unsafe path \"" + leaf.files.back().path + "\"");
    }
  }
  if (auto end = in.finish("an extent map"); !end) return tl::unexpected(end.error());
  return leaf;
}

namespace {
/// A border is no secret, and must be the same for ever.
std::uint64_t border_hash(std::string_view path) {
  return codec::xxh3_64(as_bytes(path));
}
}  // namespace

bool leaf_ends_after(std::string_view path, std::uint64_t size, std::size_t files_in_leaf) {
  return files_in_leaf >= longest_leaf || border_hash(path) % leaf_period <= size / (GiB / leaf_period);
}

bool path_ends_batch(std::string_view path) {
  return border_hash(path) % batch_period == 0;
}

}  // namespace owl::cluster
