// Payload seals: frames that were changed, cut or added to never open.
#include "base/check.h"
#include "crypto/payload_seal.h"

namespace {

using namespace owl;          // NOLINT(google-build-using-namespace): one short program
using namespace owl::crypto;  // NOLINT(google-build-using-namespace)

class Zeros final : public Random {
 public:
  void fill(MutableBytes out) override { std::ranges::fill(out, std::uint8_t{0}); }
};

constexpr std::string_view path = "wal/1/2";

struct Fixture {
  Fixture() {
    Zeros zeros;
    secrets.push_back(generate_epoch({}, 1, zeros));
    const auto keys = make_host_keys(secrets[0], KeyMode::none, {}, {}, zeros);
    payload = seal_payload(keys, path, as_bytes("a segment"), zeros);
  }
  std::vector<EpochSecrets> secrets;
  SealedPayload payload;
};

void must_not_open(const Fixture& fixture, const ByteArray<32>& encapsulated_key, ByteView frames) {
  try {
    (void)open_payload(fixture.secrets, 1, encapsulated_key, path, frames);
  } catch (const Error&) {
    return;
  }
  OWL_CHECK(encapsulated_key == fixture.payload.encapsulated_key && equal(frames, fixture.payload.frames),
            "opened what was never sealed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  const ByteView input(data, size);
  must_not_open(fixture, fixture.payload.encapsulated_key, input);
  if (input.size() < 32) return 0;
  ByteArray<32> key = fixture.payload.encapsulated_key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] ^= input[i];
  Bytes frames = fixture.payload.frames;
  for (std::size_t i = 32; i < input.size() && i - 32 < frames.size(); ++i) frames[i - 32] ^= input[i];
  must_not_open(fixture, key, frames);
  must_not_open(fixture, key, input.subspan(32));
  return 0;
}
