#pragma once

#include <string>
#include <string_view>

namespace owl::storage {

/// The first half of every message: "cannot store packs/ab in primary (s3://bucket)". `what` is a key or a prefix.
std::string attempt(std::string_view verb, std::string_view what, std::string_view store);

}  // namespace owl::storage
