// Manifests, and the voids that stand where one would.
#include "base/check.h"
#include "repository/document.h"
#include "repository/manifest.h"

namespace {

using namespace owl;              // NOLINT(google-build-using-namespace): one short program
using namespace owl::repository;  // NOLINT(google-build-using-namespace)

/// Once as it came, and once as the body of a well-made document, so that the fuzzer need not learn zstd. What parses
/// must be written and read again the same.
template <typename Parse>
void check(ByteView input, Parse parse) {
  for (const auto& document : {to_bytes(input), make_document(1, input)}) {
    const auto value = parse(document);
    if (!value) continue;
    const Bytes once = serialize(*value);
    const auto again = parse(once);
    OWL_CHECK(again && serialize(*again) == once, "what was read can't be written and read again");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size}, parse_manifest_body);
  (void)parse_void_marker({data, size});
  (void)parse_void_marker(make_document(1, {data, size}));
  return 0;
}
