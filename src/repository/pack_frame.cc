#include "base/binary.h"
#include "repository/pack.h"

namespace owl::repository {
namespace {

constexpr std::string_view header_magic = "OWLPACK1", trailer_magic = "OWLPEND1";

}  // namespace

ByteArray<pack_header_size> pack_header(PackClass pack_class) {
  ByteArray<pack_header_size> header{};
  std::ranges::copy(as_bytes(header_magic), header.begin());
  header[header_magic.size()] = static_cast<std::uint8_t>(pack_class);
  return header;
}

ByteArray<pack_trailer_size> pack_trailer(std::uint64_t directory_size) {
  Bytes bytes;
  BinaryWriter out(bytes);
  out.u64(directory_size);
  out.raw(as_bytes(trailer_magic));
  ByteArray<pack_trailer_size> trailer{};
  std::ranges::copy(bytes, trailer.begin());
  return trailer;
}

Result<PackClass> parse_pack_header(ByteView bytes) {
  if (bytes.size() != pack_header_size) return bad_format("a pack's header is cut short");
  for (const auto pack_class : {PackClass::data, PackClass::metadata}) {
    if (equal(bytes, pack_header(pack_class))) return pack_class;
  }
  return bad_format("a pack does not begin with OWLPACK1 and its class");
}

Result<std::uint64_t> parse_pack_trailer(ByteView bytes) {
  if (bytes.size() != pack_trailer_size) return bad_format("a pack's trailer is cut short");
  BinaryReader in(bytes);
  const auto directory_size = in.u64();
  if (!equal(in.raw(trailer_magic.size()), as_bytes(trailer_magic)))
    return bad_format("a pack does not end with OWLPEND1");
  return directory_size;
}

}  // namespace owl::repository
