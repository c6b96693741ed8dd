#include "postgres/wal_decode.h"

#include "base/binary.h"
#include "codec/hash.h"
#include "codec/wal_layout.h"
#include "postgres/layout.h"
#include "postgres/wal_record_kinds.h"

namespace owl::postgres {
namespace {

namespace fragment = codec::wal_layout::fragment;
namespace block_flags = codec::wal_layout::block;
namespace image = codec::wal_layout::image;

/// Reads the headers of a record's fragments. Their data follow all the headers, in the same order. `begin` may be the
/// first part of a record only.
class FragmentReader {
 public:
  FragmentReader(ByteView begin, std::uint32_t total_size, int major, std::vector<BlockReference>& blocks)
      : reader_(begin), total_size_(total_size), is_whole_(begin.size() == total_size), major_(major), blocks_(blocks) {
    reader_.raw(WalRecordHeader::size);
  }

  LayoutState read(RecordLayout& layout) {
    blocks_.clear();
    bool more = true;
    while (more && reader_.ok() && rest() > data_size_) more = read_header(reader_.u8());
    if (!reader_.ok()) return malformed_ || is_whole_ ? LayoutState::wrong : LayoutState::cut_off;
    if (rest() != data_size_) return LayoutState::wrong;
    layout.headers_end = static_cast<std::uint32_t>(reader_.position());
    layout.main_begin = static_cast<std::uint32_t>(total_size_ - main_size_);
    return LayoutState::whole;
  }

 private:
  /// What of the record lies behind the headers that were read.
  std::uint64_t rest() const { return total_size_ - reader_.position(); }

  void refuse() {
    if (reader_.ok()) malformed_ = true;  // else the bytes ended, and nothing is known of this field
    reader_.fail();
  }

  /// False: this was the last one.
  bool read_header(std::uint8_t id) {
    if (id == fragment::short_data) return set_main_size(reader_.u8());
    if (id == fragment::long_data) return set_main_size(reader_.u32());
    if (id == fragment::origin) {
      reader_.u16();
    } else if (id == fragment::toplevel_xid && major_ >= 14) {
      reader_.u32();
    } else if (id <= fragment::highest_block && int{id} > last_block_id_) {
      last_block_id_ = id;
      read_block();
    } else {
      refuse();
    }
    return true;
  }

  bool set_main_size(std::uint32_t size) {
    main_size_ = size;
    data_size_ += size;
    return false;
  }

  void read_block() {
    const std::uint8_t flags = reader_.u8();
    const std::uint16_t data_size = reader_.u16();
    if (((flags & block_flags::has_data) != 0) != (data_size != 0)) refuse();
    data_size_ += data_size;
    if ((flags & block_flags::has_image) != 0) read_image();
    BlockReference block = relation(flags);
    block.fork = flags & block_flags::fork_mask;
    block.has_image = (flags & block_flags::has_image) != 0;
    block.block = reader_.u32();
    blocks_.push_back(block);
  }

  void read_image() {
    data_size_ += reader_.u16();
    reader_.u16();  // where the hole begins
    const std::uint8_t info = reader_.u8();
    if (image::tells_hole_size(info, major_)) reader_.u16();  // its length
  }

  /// Named here, or the same as the block before.
  BlockReference relation(std::uint8_t flags) {
    if ((flags & block_flags::same_relation) != 0) {
      if (!blocks_.empty()) return blocks_.back();
      refuse();
      return {};
    }
    BlockReference block;
    block.tablespace = reader_.u32();
    block.database = reader_.u32();
    block.relation = reader_.u32();
    return block;
  }

  BinaryReader reader_;
  const std::uint64_t total_size_;
  const bool is_whole_;
  const int major_;
  std::vector<BlockReference>& blocks_;
  bool malformed_ = false;
  int last_block_id_ = -1;
  std::uint64_t data_size_ = 0;  // of all fragments whose headers were read
  std::uint64_t main_size_ = 0;
};

}  // namespace

bool record_crc_fits(ByteView record, const WalRecordHeader& header) {
  const std::uint32_t crc = codec::crc32c(record.subspan(WalRecordHeader::size));
  return codec::crc32c(record.first(WalRecordHeader::crc_offset), crc) == header.crc;
}

LayoutState read_layout(ByteView begin, std::uint32_t total_size, int major, std::vector<BlockReference>& blocks,
                        RecordLayout& layout) {
  return FragmentReader(begin, total_size, major, blocks).read(layout);
}

bool parse_record(ByteView record, int major, RecordParts& parts) {
  RecordLayout layout;
  const auto size = static_cast<std::uint32_t>(record.size());
  if (read_layout(record, size, major, parts.blocks, layout) != LayoutState::whole) return false;
  parts.main_data = record.subspan(layout.main_begin);
  return true;
}

}  // namespace owl::postgres
