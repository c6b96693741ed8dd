// Passphrase wraps: refused parameters never reach Argon2id, and what was changed does not open.
#include "base/check.h"
#include "crypto/passphrase_wrap.h"

namespace {

using namespace owl;          // NOLINT(google-build-using-namespace): one short program
using namespace owl::crypto;  // NOLINT(google-build-using-namespace)

const SecretKey& root() {
  static const SecretKey key{Bytes(32, 7)};
  return key;
}

const Bytes& wrapped() {
  static const Bytes bytes = wrap_with_root(root(), {.memory_kib = 64 * 1024, .passes = 1}, {}, as_bytes("secrets"));
  return bytes;
}

void must_not_open(ByteView input) {
  try {
    (void)unwrap_with_root(root(), input);
  } catch (const Error&) {
    return;
  }
  OWL_CHECK(equal(input, wrapped()), "opened what was never wrapped");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  if (const auto header = parse_passphrase_header(input)) {
    OWL_CHECK(header->parameters.memory_kib <= 4 * 1024 * 1024 && header->parameters.passes <= 64,
              "too much is let in");
  }
  must_not_open(input);
  Bytes changed = wrapped();
  for (std::size_t i = 0; i < size && i < changed.size(); ++i) changed[i] ^= data[i];
  must_not_open(changed);
  return 0;
}
