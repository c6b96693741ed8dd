// What an S3 server answers: errors and listings, from a server that may be anybody's.

#include <cstdlib>

#include "base/bytes.h"
#include "storage/byte_range.h"
#include "storage/s3_answers.h"
#include "storage/xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = owl::as_text({data, size});
  owl::storage::parse_s3_error(text);
  const auto page = owl::storage::parse_s3_list(text);
  if (page && !owl::storage::parse_xml(text)) std::abort();
  const auto range = owl::storage::parse_content_range(text);
  if (range && (range->last < range->first || (range->size && range->last >= *range->size))) std::abort();
  return 0;
}
