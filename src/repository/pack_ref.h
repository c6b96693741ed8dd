#pragma once

#include "base/binary.h"
#include "repository/object_keys.h"

namespace owl::repository {

/// A pack as manifests, indexes and extent maps refer to it: id[32] u8 class, varints month, size, directory size.
inline constexpr std::size_t min_pack_ref_size = 36;
void put_pack_ref(BinaryWriter& out, const PackRef& pack);
PackRef get_pack_ref(BinaryReader& in);

}  // namespace owl::repository
