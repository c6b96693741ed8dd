// Base64 is read only as it is written: every text has one meaning and every meaning one text.

#include "base/check.h"
#include "codec/hash.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto decoded = codec::from_base64(as_text(input));
  if (decoded) OWL_CHECK(codec::to_base64(*decoded) == as_text(input), "another text with the same meaning");
  OWL_CHECK(value_or_throw(codec::from_base64(codec::to_base64(input))) == to_bytes(input), "does not round-trip");
  return 0;
}
