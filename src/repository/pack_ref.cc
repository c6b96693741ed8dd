#include "repository/pack_ref.h"

namespace owl::repository {

void put_pack_ref(BinaryWriter& out, const PackRef& pack) {
  out.raw(pack.id);
  out.u8(static_cast<std::uint8_t>(pack.pack_class));
  out.varint(pack.month);
  out.varint(pack.size);
  out.varint(pack.directory_size);
}

PackRef get_pack_ref(BinaryReader& in) {
  PackRef pack;
  pack.id = in.array<32>();
  const auto pack_class = in.u8();
  if (pack_class < 1 || pack_class > 2) in.fail();
  pack.pack_class = static_cast<PackClass>(pack_class);
  const auto month = in.varint();
  pack.size = in.varint();
  const auto directory_size = in.varint();
  if (month < 100 || month > 999912 || directory_size > pack.size || directory_size > UINT32_MAX) in.fail();
  pack.month = static_cast<std::uint32_t>(month);
  pack.directory_size = static_cast<std::uint32_t>(directory_size);
  return pack;
}

}  // namespace owl::repository
