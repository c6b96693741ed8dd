// WAL segments of the codec: what it makes of any records must give the same bytes, and streams that say anything at
// all, or say what they said but for some changes, are joined to nothing beyond their segment. The input's first byte
// says which way.

#include "base/check.h"
#include "codec/wal_codec.h"
#include "codec/wal_split.h"
#include "postgres/wal_builder.h"
#include "stream_edits.h"

using namespace owl;

namespace {

constexpr std::uint32_t page_size = 8192;

/// Two bytes of length, then a record's bytes: kind, fragments, data. The builder gives them a header and a checksum.
postgres::WalBuilder build_records(ByteView input) {
  postgres::WalBuilder wal({.major = 13 + (input.empty() ? 0 : input[0]) % 6});
  if (input.empty()) return wal;
  input = input.subspan(1);
  while (input.size() > 4 && wal.segments().size() < 2) {
    const std::size_t size = std::min<std::size_t>(input[0] + 256u * input[1], input.size() - 4);
    const auto repeat = input[2] % 64;
    postgres::WalBuilder::Record record{.resource_manager = input[3], .info = input[4]};
    record.fragments = to_bytes(input.subspan(4, size));
    for (int i = 0; i <= repeat; ++i) wal.add(record);
    input = input.subspan(4 + size);
  }
  return wal;
}

void encode_records(ByteView input) {
  static codec::WalEncoder encoder(1);
  auto wal = build_records(input);
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

/// Eight edits of the streams, then the records that these are made of.
void join_changed_streams(ByteView input) {
  constexpr std::size_t edits = 8, edit_size = 5;
  if (input.size() < edits * edit_size) return;
  auto wal = build_records(input.subspan(edits * edit_size));
  if (wal.segments().empty()) return;
  const auto& segment = wal.segments().front();
  static codec::WalSplitter splitter;
  if (!splitter.split(segment, page_size)) return;
  fuzz::EditedStreams edited(splitter.streams());
  codec::WalJoiner joiner;
  Bytes back(segment.size());
  auto copy = edited;
  OWL_CHECK(joiner.join(copy.views(), back).has_value() && equal(back, segment), "does not come back");
  edited.edit(input.first(edits * edit_size), edits);
  (void)joiner.join(edited.views(), back);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      encode_records(input);
      break;
    case 1:
      join_streams(input);
      break;
    case 2:
      join_changed_streams(input);
      break;
    default: {
      static codec::WalDecoder decoder;
      Bytes segment(8 * page_size);
      (void)decoder.decode(input, segment);
    }
  }
  return 0;
}
