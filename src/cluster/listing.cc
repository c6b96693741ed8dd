#include "cluster/listing.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/binary.h"
#include "base/check.h"

namespace owl::cluster {
namespace {

constexpr std::uint8_t folder_flag = 1, relation_flag = 2, ragged_flag = 4, marked_flag = 8;

/// Against the file before: u8 flags, varint bytes that the paths share, text of the rest, varints mode and size,
/// signed varint difference of the times, varint first block, u64 mark where there is one.
void put(BinaryWriter& out, const ListedFile& file, const ListedFile& before) {
  out.u8(static_cast<std::uint8_t>((file.is_folder ? folder_flag : 0) | (file.is_relation ? relation_flag : 0) |
                                   (file.is_ragged ? ragged_flag : 0) | (file.mark != 0 ? marked_flag : 0)));
  const auto shared = static_cast<std::size_t>(std::ranges::mismatch(before.path, file.path).in1 - before.path.begin());
  out.varint(shared);
  out.text(std::string_view(file.path).substr(shared));
  out.varint(file.mode);
  out.varint(file.size);
  out.signed_varint(file.modified.micros - before.modified.micros);
  out.varint(file.first_block);
  if (file.mark != 0) out.u64(file.mark);
}

ListedFile take(BinaryReader& in, const ListedFile& before) {
  ListedFile file;
  const auto flags = in.u8();
  file.is_folder = (flags & folder_flag) != 0;
  file.is_relation = (flags & relation_flag) != 0;
  file.is_ragged = (flags & ragged_flag) != 0;
  file.path = before.path.substr(0, static_cast<std::size_t>(in.varint()));
  file.path += as_text(in.bytes());
  file.mode = static_cast<std::uint32_t>(in.varint());
  file.size = in.varint();
  file.modified.micros = before.modified.micros + in.signed_varint();
  file.first_block = static_cast<std::uint32_t>(in.varint());
  if ((flags & marked_flag) != 0) file.mark = in.u64();
  return file;
}

}  // namespace

std::filesystem::path source_of(const ListedFile& file, const std::filesystem::path& data_directory) {
  if (file.path.starts_with(config_prefix)) return file.path.substr(config_prefix.size());
  return data_directory / file.path;
}

Listing::Listing(std::span<const ListedFile> files) {
  for (const auto& file : files) add(file);
}

void Listing::add(const ListedFile& file) {
  OWL_CHECK(!holds_control() && (empty() || last_path_ < file.path || file.path == control_path),
            "files are listed in the order of their paths, pg_control last");
  BinaryWriter out(open_block_);
  put(out, file, before_);
  before_ = file;
  last_path_ = file.path;
  bytes_ += file.size;
  if (++size_ % block_files == 0) close_block();
}

void Listing::close_block() {
  begins_.push_back(kept_bytes_);
  keep(open_block_);
  kept_bytes_ += open_block_.size();
  open_block_.clear();
  before_ = {};
}

void Listing::keep(ByteView block) {
  if (!in_file() && (room_.folder.empty() || memory_.size() + block.size() <= room_.memory_bytes)) {
    return append(memory_, block);
  }
  if (!in_file()) {
    spill_ = os::make_nameless_file(room_.folder, "the list of the cluster's files");
    os::write_at(spill_.file, memory_, 0, spill_.name);
    memory_ = {};
  }
  os::write_at(spill_.file, block, kept_bytes_, spill_.name);
}

void Listing::read_block(std::size_t block, std::vector<ListedFile>& out) const {
  const bool is_closed = block < begins_.size();
  Bytes from_file;
  ByteView bytes = open_block_;
  if (is_closed) {
    const auto begin = begins_[block], end = block + 1 < begins_.size() ? begins_[block + 1] : kept_bytes_;
    if (in_file()) {
      from_file.resize(static_cast<std::size_t>(end - begin));
      from_file.resize(os::read_at(spill_.file, from_file, begin, spill_.name));
      bytes = from_file;
    } else {
      bytes = ByteView(memory_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    }
  }
  BinaryReader in(bytes);
  const auto count = std::min(block_files, size_ - block * block_files);
  out.clear();
  for (std::size_t i = 0; i < count && in.ok(); ++i) out.push_back(take(in, i == 0 ? ListedFile{} : out.back()));
  if (!in.ok()) throw Error(ErrorKind::io, fmt::format("{} does not hold what was written to it", spill_.name));
}

const ListedFile& ListingReader::operator[](std::size_t index) {
  OWL_CHECK(index < listing_.size(), "a file that is not in the listing");
  const auto block = index / Listing::block_files;
  if (block != block_) {
    block_ = SIZE_MAX;
    listing_.read_block(block, files_);
    block_ = block;
  }
  return files_[index % Listing::block_files];
}

}  // namespace owl::cluster
