// Sealed objects: bytes from nowhere never open, and an object that was changed in any way does not either.
#include "base/check.h"
#include "crypto/sealed_object.h"

namespace {

using namespace owl;          // NOLINT(google-build-using-namespace): one short program
using namespace owl::crypto;  // NOLINT(google-build-using-namespace)

class Zeros final : public Random {
 public:
  void fill(MutableBytes out) override { std::ranges::fill(out, std::uint8_t{0}); }
};

constexpr std::string_view path = "leases/x";

struct Fixture {
  Fixture() {
    Zeros zeros;
    keys = make_host_keys(generate_epoch({}, 1, zeros), KeyMode::none, {}, {}, zeros);
    object = seal_object(keys.current(), keys.repository, ObjectType::lease, path, as_bytes("a lease"), zeros);
  }
  HostKeys keys;
  Bytes object;
};

void must_not_open(const Fixture& fixture, ByteView object) {
  try {
    (void)open_object(fixture.keys, ObjectType::lease, path, object);
  } catch (const Error&) {
    return;
  }
  OWL_CHECK(equal(object, fixture.object), "opened what was never sealed");
}

/// The valid object with the input XORed over it from some place on: keeps the fuzzer near what is interesting.
Bytes changed(const Bytes& object, ByteView input) {
  Bytes out = object;
  const std::size_t start = input.empty() ? 0 : input[0];
  for (std::size_t i = 1; i < input.size(); ++i) {
    const std::size_t at = start + i - 1;
    if (at >= out.size())
      out.push_back(input[i]);
    else
      out[at] ^= input[i];
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  const ByteView input(data, size);
  if (const auto header = parse_sealed_header(input)) OWL_CHECK(size >= sealed_header_size, "a header from too little");
  must_not_open(fixture, input);
  must_not_open(fixture, changed(fixture.object, input));
  return 0;
}
