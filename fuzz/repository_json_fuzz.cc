// owl.json and the public half of an epoch: the two objects that are read before any key is known.
#include "base/check.h"
#include "repository/epoch_public.h"
#include "repository/repository.h"

namespace {

using namespace owl;              // NOLINT(google-build-using-namespace): one short program
using namespace owl::repository;  // NOLINT(google-build-using-namespace)

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  (void)parse_repository_object(input);
  if (const auto half = parse_epoch_public(input)) {
    const auto again = parse_epoch_public(serialize(*half));
    OWL_CHECK(again && again->public_key == half->public_key && again->mac == half->mac,
              "a half that changes when it is written");
  }
  return 0;
}
