// Pack directories, and a pack's header and trailer.
#include "base/check.h"
#include "document_round_trip.h"
#include "repository/pack.h"

using namespace owl;              // NOLINT(google-build-using-namespace): one short program
using namespace owl::repository;  // NOLINT(google-build-using-namespace)
using fuzz::check_document;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  check_document(input, parse_pack_directory);
  if (const auto directory = parse_pack_directory(make_document(1, input))) {
    OWL_CHECK(directory->offsets().size() == directory->entries.size() + 1, "an offset for each entry and the end");
  }
  (void)parse_pack_header(input);
  (void)parse_pack_trailer(input);
  return 0;
}
