// Stored blobs and compressed metadata: decoding never writes beyond the plain size that was agreed on, and what the
// encoder makes of any bytes decodes to the same bytes.

#include <cstdlib>

#include "base/check.h"
#include "codec/zstd.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  static codec::ZstdDecoder decoder;
  static codec::ZstdEncoder encoder(1);

  (void)codec::decompress(input, 1 << 20);
  for (const std::size_t plain_size : {std::size_t{0}, size, std::size_t{8192}}) {
    Bytes plain(plain_size);
    (void)decoder.decode(codec::Codec::zstd, input, plain);
    (void)decoder.decode(codec::Codec::stored, input, plain);
  }

  Bytes stored(codec::ZstdEncoder::bound(size)), again(size);
  const auto encoded = encoder.encode(input, stored);
  OWL_CHECK(decoder.decode(encoded.codec, ByteView(stored).first(encoded.size), again).has_value(), "does not decode");
  OWL_CHECK(equal(again, input), "decodes to other bytes");
  return 0;
}
