// Key objects: whatever is read must come back from its own text, and nothing may crash.
#include "base/check.h"
#include "crypto/keys.h"

namespace {

template <typename Parse>
void round_trip(owl::ByteView input, Parse parse) {
  const auto read = parse(input);
  if (!read) return;
  const auto text = owl::crypto::serialize(*read);
  const auto again = parse(text);
  OWL_CHECK(again && owl::crypto::serialize(*again) == text, "a key object does not come back from its own text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const owl::ByteView input(data, size);
  round_trip(input, owl::crypto::parse_epoch_secrets);
  round_trip(input, owl::crypto::parse_host_keys);
  return 0;
}
