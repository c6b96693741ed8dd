// global/pg_control. The checksum would keep a fuzzer out, so that it is made right before the second reading.

#include "base/check.h"
#include "postgres/control_file.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  (void)postgres::parse_control_file(input);
  try {
    const Bytes poisoned = postgres::poison_checkpoint(input);
    const auto parsed = postgres::parse_control_file(poisoned);
    if (parsed) OWL_CHECK(parsed->checkpoint.value == 0xDEAD, "not poisoned");
  } catch (const Error&) {
    // Not a control file of a version that is known.
  }
  return 0;
}
