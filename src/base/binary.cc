#include "base/binary.h"

namespace owl {

void BinaryWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<std::uint8_t>(value));
}

void BinaryWriter::signed_varint(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  varint((bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void BinaryWriter::bytes(ByteView value) {
  varint(value.size());
  raw(value);
}

std::uint64_t BinaryReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = u8();
    if (!ok_) return 0;
    if (shift == 63 && byte > 1) break;  // more than 64 bits
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) {
      if (byte == 0 && shift != 0) break;  // one value, one encoding
      return value;
    }
  }
  ok_ = false;
  return 0;
}

std::int64_t BinaryReader::signed_varint() {
  const std::uint64_t bits = varint();
  return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

ByteView BinaryReader::bytes() {
  const std::uint64_t size = varint();
  if (size > remaining()) ok_ = false;
  return ok_ ? raw(static_cast<std::size_t>(size)) : ByteView{};
}

std::size_t BinaryReader::count(std::size_t min_item_size) {
  const std::uint64_t items = varint();
  if (!ok_ || (min_item_size > 0 && items > remaining() / min_item_size)) {
    ok_ = false;
    return 0;
  }
  return static_cast<std::size_t>(items);
}

Result<void> BinaryReader::status(std::string_view what) const {
  if (!ok_) return bad_format(std::string(what) + " is cut short or malformed at byte " + std::to_string(position_));
  return {};
}

Result<void> BinaryReader::finish(std::string_view what) const {
  if (ok_ && remaining() != 0) {
    return bad_format(std::string(what) + " has " + std::to_string(remaining()) + " bytes too many");
  }
  return status(what);
}

}  // namespace owl
