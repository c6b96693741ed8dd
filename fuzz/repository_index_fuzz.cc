// Index objects.
#include "document_round_trip.h"
#include "repository/index.h"

using namespace owl;              // NOLINT(google-build-using-namespace): one short program
using namespace owl::repository;  // NOLINT(google-build-using-namespace)
using fuzz::check_document;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_document({data, size}, parse_index_object);
  return 0;
}
