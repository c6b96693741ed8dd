#include "postgres/wal_decode.h"

#include "base/binary.h"
#include "codec/hash.h"
#include "postgres/layout.h"

namespace owl::postgres {
namespace {

constexpr std::size_t crc_offset = 20;

// Fragment ids (xlogrecord.h). 0 to 32 are block references.
constexpr std::uint8_t highest_block_id = 32;
constexpr std::uint8_t toplevel_xid_id = 252;  // 14 and later
constexpr std::uint8_t origin_id = 253;
constexpr std::uint8_t long_data_id = 254;
constexpr std::uint8_t short_data_id = 255;

// fork_flags
constexpr std::uint8_t fork_mask = 0x0f;
constexpr std::uint8_t has_image_flag = 0x10;
constexpr std::uint8_t has_data_flag = 0x20;
constexpr std::uint8_t same_relation_flag = 0x80;

constexpr std::uint8_t has_hole_flag = 0x01;  // bimg_info

/// 15 moved "apply" to where "compressed" was, and has one bit for each method.
bool image_is_compressed(std::uint8_t image_info, int major) {
  return (image_info & (major <= 14 ? 0x02 : 0x1c)) != 0;
}

/// Reads the headers of a record's fragments. Their data follow all the headers, in the same order.
class FragmentReader {
 public:
  FragmentReader(ByteView record, int major, RecordParts& parts)
      : reader_(record.subspan(WalRecordHeader::size)), major_(major), parts_(parts) {}

  bool read() {
    parts_.blocks.clear();
    bool more = true;
    while (more && reader_.ok() && reader_.remaining() > data_size_) more = read_header(reader_.u8());
    if (!reader_.ok() || reader_.remaining() != data_size_) return false;
    reader_.raw(data_size_ - main_size_);
    parts_.main_data = reader_.raw(main_size_);
    return true;
  }

 private:
  /// False: this was the last one.
  bool read_header(std::uint8_t id) {
    if (id == short_data_id) return set_main_size(reader_.u8());
    if (id == long_data_id) return set_main_size(reader_.u32());
    if (id == origin_id) {
      reader_.u16();
    } else if (id == toplevel_xid_id && major_ >= 14) {
      reader_.u32();
    } else if (id <= highest_block_id && int{id} > last_block_id_) {
      last_block_id_ = id;
      read_block();
    } else {
      reader_.fail();
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
    if (((flags & has_data_flag) != 0) != (data_size != 0)) reader_.fail();
    data_size_ += data_size;
    if ((flags & has_image_flag) != 0) read_image();
    BlockReference block = relation(flags);
    block.fork = flags & fork_mask;
    block.has_image = (flags & has_image_flag) != 0;
    block.block = reader_.u32();
    parts_.blocks.push_back(block);
  }

  void read_image() {
    data_size_ += reader_.u16();
    reader_.u16();  // where the hole begins
    const std::uint8_t info = reader_.u8();
    if ((info & has_hole_flag) != 0 && image_is_compressed(info, major_)) reader_.u16();  // its length
  }

  /// Named here, or the same as the block before.
  BlockReference relation(std::uint8_t flags) {
    if ((flags & same_relation_flag) != 0) {
      if (!parts_.blocks.empty()) return parts_.blocks.back();
      reader_.fail();
      return {};
    }
    BlockReference block;
    block.tablespace = reader_.u32();
    block.database = reader_.u32();
    block.relation = reader_.u32();
    return block;
  }

  BinaryReader reader_;
  const int major_;
  RecordParts& parts_;
  int last_block_id_ = -1;
  std::uint64_t data_size_ = 0;  // of all fragments whose headers were read
  std::uint64_t main_size_ = 0;
};

}  // namespace

WalRecordHeader read_record_header(ByteView record) {
  return {.total_size = field<std::uint32_t>(record, 0),
          .xid = field<std::uint32_t>(record, 4),
          .previous = {field<std::uint64_t>(record, 8)},
          .info = field<std::uint8_t>(record, 16),
          .resource_manager = field<std::uint8_t>(record, 17),
          .crc = field<std::uint32_t>(record, crc_offset)};
}

bool is_resource_manager(std::uint8_t id, int major) {
  return id <= 21 || (id >= 128 && major >= 15);
}

bool record_crc_fits(ByteView record, const WalRecordHeader& header) {
  const std::uint32_t crc = codec::crc32c(record.subspan(WalRecordHeader::size));
  return codec::crc32c(record.first(crc_offset), crc) == header.crc;
}

bool parse_record(ByteView record, int major, RecordParts& parts) {
  return FragmentReader(record, major, parts).read();
}

}  // namespace owl::postgres
