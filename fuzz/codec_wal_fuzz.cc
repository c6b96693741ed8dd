// WAL segments of the codec: what it makes of any records must give the same bytes, and streams that say anything at
// all are joined to nothing beyond their segment. The input's first byte says which way.

#include "base/check.h"
#include "codec/wal_codec.h"
#include "codec/wal_split.h"
#include "postgres/wal_builder.h"

using namespace owl;

namespace {

constexpr std::uint32_t page_size = 8192;

/// Two bytes of length, then a record's bytes: kind, fragments, data. The builder gives them a header and a checksum.
void encode_records(ByteView input) {
  static codec::WalEncoder encoder(1);
  if (input.empty()) return;
  postgres::WalBuilder wal({.major = 13 + input[0] % 6});
  input = input.subspan(1);
  while (input.size() > 4 && wal.segments().size() < 2) {
    const std::size_t size = std::min<std::size_t>(input[0] + 256u * input[1], input.size() - 4);
    const auto repeat = input[2] % 64;
    postgres::WalBuilder::Record record{.resource_manager = input[3], .info = input[4]};
    record.fragments = to_bytes(input.subspan(4, size));
    for (int i = 0; i <= repeat; ++i) wal.add(record);
    input = input.subspan(4 + size);
  }
  for (const auto& segment : wal.segments()) {
    Bytes out(codec::WalEncoder::bound(segment.size())), back(segment.size());
    const std::size_t size = encoder.encode(segment, out);
    if (size == 0) continue;
    OWL_CHECK(codec::WalDecoder().decode(ByteView(out).first(size), back).has_value(), "does not decode");
    OWL_CHECK(equal(back, segment), "decodes to other bytes");
  }
  OWL_CHECK(encoder.counters().unproven == 0, "what was split gives other bytes");
}

/// One byte of a stream's number, two of its length, its bytes; the last of a number counts.
void join_streams(ByteView input) {
  static codec::WalJoiner joiner;
  std::vector<Bytes> streams(codec::wal_stream::count, Bytes(codec::stream_slack));
  while (input.size() > 3) {
    const std::size_t number = input[0] % codec::wal_stream::count;
    const std::size_t size = std::min<std::size_t>(input[1] + 256u * input[2], input.size() - 3);
    streams[number] = to_bytes(input.subspan(3, size));
    streams[number].resize(size + codec::stream_slack);
    input = input.subspan(3 + size);
  }
  std::vector<ByteView> views;
  for (const auto& stream : streams) views.push_back(ByteView(stream).first(stream.size() - codec::stream_slack));
  Bytes segment(8 * page_size);
  (void)joiner.join(views, segment);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      encode_records(input);
      break;
    case 1:
      join_streams(input);
      break;
    default: {
      static codec::WalDecoder decoder;
      Bytes segment(8 * page_size);
      (void)decoder.decode(input, segment);
    }
  }
  return 0;
}
