#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/object_store.h"

namespace owl::storage {

/// The body of an error answer.
struct S3ErrorAnswer {
  std::string code, message;
};
/// Empty fields where the body is no such answer: a proxy's HTML page, nothing at all.
S3ErrorAnswer parse_s3_error(std::string_view body);

/// One page of ListObjectsV2. Keys are the bucket's, whole and decoded.
struct S3ListPage {
  std::vector<ObjectInfo> objects;
  std::vector<std::string> folders;  ///< common prefixes, each ending in the delimiter
  std::string next;                  ///< continuation token; empty: the last page
};
Result<S3ListPage> parse_s3_list(std::string_view body);

}  // namespace owl::storage
