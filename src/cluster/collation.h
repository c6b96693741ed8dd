#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cluster/details.h"

namespace owl::cluster {

/// Lists, in one database, the indexes that are sorted by the C library's collations.
extern const std::string_view indexes_by_libc_collations;

/// Another version of the C library may sort text in another way than the one that built the indexes: searches then
/// miss rows, and unique indexes take doubles. What to say of it on a host with the version `here`; nullopt: it is the
/// same.
std::optional<std::string> collation_warning(const ClusterDetails& details, std::string_view here);

}  // namespace owl::cluster
