// Stored blobs of pages and stream frames: whatever they say, no more than the plain size is written and no more than
// the limit allocated. What decodes is encoded again and decodes to the same.

#include "base/check.h"
#include "codec/page_encoder.h"
#include "codec/stream_frames.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  static codec::PageDecoder decoder;
  static codec::StreamFramesDecoder frames;

  constexpr std::size_t limit = 64u << 10;
  if (const auto streams = frames.decode(input, codec::page_stream::count, limit)) {
    std::size_t total = 0;
    for (const auto& stream : *streams) total += stream.size();
    OWL_CHECK(total <= limit, "more than the limit");
  }
  for (const std::size_t plain_size :
       {std::size_t{1024}, std::size_t{8192}, std::size_t{2 * 8192}, std::size_t{32768}}) {
    Bytes plain(plain_size);
    if (!decoder.decode(input, plain)) continue;
    OWL_CHECK(decoder.gives(input, plain), "decodes to one thing and gives another");
    plain[plain_size / 2] ^= 1;
    OWL_CHECK(!decoder.gives(input, plain), "gives what it does not decode to");
  }
  return 0;
}
