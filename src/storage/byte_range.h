#pragma once

#include <algorithm>
#include <string>

#include "storage/object_store.h"

namespace owl::storage {

struct Bounds {
  std::uint64_t begin, end;
};

/// The part of an object of `size` bytes that a range means; empty where it lies beyond the end.
inline Bounds within(const ByteRange& range, std::uint64_t size) {
  const auto length = std::min(range.length, size);
  const auto begin = range.offset ? std::min(*range.offset, size) : size - length;
  return {begin, begin + std::min(range.length, size - begin)};
}

/// "bytes=10-19", "bytes=-20" (RFC 9110). The length must not be 0: HTTP can't say that.
std::string to_range_header(const ByteRange& range);

/// What a Content-Range field says: "bytes 10-19/1000".
struct ContentRange {
  std::uint64_t first, last;
  std::optional<std::uint64_t> size;  ///< nullopt: "*"
};
std::optional<ContentRange> parse_content_range(std::string_view text);

}  // namespace owl::storage
