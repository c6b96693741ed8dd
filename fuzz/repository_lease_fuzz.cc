// Leases and trash objects.
#include "document_round_trip.h"
#include "repository/lease.h"
#include "repository/trash.h"

using namespace owl;              // NOLINT(google-build-using-namespace): one short program
using namespace owl::repository;  // NOLINT(google-build-using-namespace)
using fuzz::check_document;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_document({data, size}, parse_lease_body);
  check_document({data, size}, parse_trash_object);
  return 0;
}
