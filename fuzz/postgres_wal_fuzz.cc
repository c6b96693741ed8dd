// A WAL segment, or the first bytes of one. The input stands for the pages at the head of a segment: the first byte
// says whether their checksums are to be made right first, since nothing behind them would be reached otherwise.

#include <cstring>

#include "codec/hash.h"
#include "postgres/wal_record.h"

using namespace owl;
using namespace owl::postgres;

namespace {

constexpr std::uint32_t segment_size = 1 << 20;

std::uint32_t u32_at(const Bytes& bytes, std::size_t offset) {
  std::uint32_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// Gives every record that lies on one page a checksum that fits.
void fix_checksums(Bytes& bytes) {
  for (std::size_t page = 0; page + 64 <= bytes.size(); page += 8192) {
    const std::size_t end = std::min<std::size_t>(page + 8192, bytes.size());
    std::size_t at = page + (page == 0 ? 40 : 24);
    while (at + 24 <= end) {
      const std::size_t size = u32_at(bytes, at);
      if (size < 24 || size > end - at) break;
      const ByteView record(bytes.data() + at, size);
      const std::uint32_t crc = codec::crc32c(record.first(20), codec::crc32c(record.subspan(24)));
      std::memcpy(bytes.data() + at + 20, &crc, sizeof crc);
      at += (size + 7) / 8 * 8;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 41 || size > segment_size) return 0;
  Bytes segment(data + 1, data + size);
  if ((data[0] & 1) != 0) fix_checksums(segment);
  const auto header = parse_segment_header(segment);
  const Lsn begin = header ? header->page_address : Lsn{3 * segment_size};
  const SegmentId id = segment_of(3, begin, segment_size);
  std::optional<Lsn> start;
  if ((data[0] & 2) != 0) start = begin + (data[0] >> 2) * 8;

  WalVisitor nobody;
  WalWalker walker(segment_size, start);
  walker.feed(segment, id, nobody);
  segment.resize(segment_size);
  (void)check_segment(segment, id);
  WalWalker whole(segment_size, start);
  whole.feed(segment, id, nobody);
  whole.feed(segment, {id.timeline, id.number + 1}, nobody);
  return 0;
}
