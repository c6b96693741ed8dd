// Manifests, and the voids that stand where one would.
#include "document_round_trip.h"
#include "repository/manifest.h"

using namespace owl;              // NOLINT(google-build-using-namespace): one short program
using namespace owl::repository;  // NOLINT(google-build-using-namespace)
using fuzz::check_document;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_document({data, size}, parse_manifest_body);
  (void)parse_void_marker({data, size});
  (void)parse_void_marker(make_document(1, {data, size}));
  return 0;
}
