// Maps that somebody made up, joined. The input is up to eight info sections, each behind two bytes of length; what
// was sealed is trusted to be ours, but nothing in it may make the glue read or allocate what isn't there. And: a
// record that is cut where the input says must come out of the glue as it went in, or not at all.

#include <cstdlib>
#include <cstring>

#include "codec/hash.h"
#include "postgres/wal_decode.h"
#include "postgres/wal_unfinished.h"
#include "wal/change_union.h"
#include "wal/wal_object.h"

using namespace owl;

namespace {

void join_maps(ByteView input) {
  std::vector<wal::ChangeMap> maps;
  while (input.size() > 2 && maps.size() < 8) {
    const std::size_t size = std::min<std::size_t>(input[0] | input[1] << 8, input.size() - 2);
    const auto info = wal::parse_wal_info(input.subspan(2, size));
    if (info && info->segment.map) maps.push_back(*info->segment.map);
    input = input.subspan(2 + size);
  }
  if (maps.empty()) return;
  std::vector<const wal::ChangeMap*> pointers;
  for (const auto& map : maps) pointers.push_back(&map);
  (void)wal::union_of(pointers, maps.front().segment_start, maps.back().end);
  (void)wal::union_of(pointers, {}, {~std::uint64_t{0}});
}

struct Count final : postgres::WalVisitor {
  void record(const postgres::WalRecord& r) override { blocks += r.blocks.size() + 1; }
  void transaction_end(const postgres::TransactionEnd& end) override { files += end.dropped.size(); }
  std::size_t blocks = 0, files = 0;
};

/// Nothing behind the checksum would be reached otherwise.
void make_checksum_fit(Bytes& record) {
  const auto put = [&](std::size_t at, std::uint32_t value) { std::memcpy(record.data() + at, &value, sizeof value); };
  put(0, static_cast<std::uint32_t>(record.size()));
  put(20, codec::crc32c(ByteView(record).first(20), codec::crc32c(ByteView(record).subspan(24))));
}

void cut_record(ByteView input) {
  if (input.size() < 40) return;
  const int major = 13 + input[0] % 6;
  const std::size_t first = 8 + input[1], second = first + input[2];
  Bytes record = to_bytes(input.subspan(8));
  if (second >= record.size()) return;
  make_checksum_fit(record);
  Count whole;
  postgres::RecordParts parts;
  const auto head = postgres::read_record_header(record);
  const bool good = head.total_size == record.size() && postgres::is_resource_manager(head.resource_manager, major) &&
                    postgres::record_crc_fits(record, head) && postgres::parse_record(record, major, parts) &&
                    postgres::report_record({.lsn = {8},
                                             .end = {16},
                                             .previous = head.previous,
                                             .xid = head.xid,
                                             .resource_manager = head.resource_manager,
                                             .info = head.info,
                                             .crc = head.crc,
                                             .main_data = parts.main_data,
                                             .blocks = parts.blocks},
                                            major, whole);
  auto joined = postgres::begin_unfinished(ByteView(record).first(first), {8}, major);
  for (const auto& rest : {ByteView(record).subspan(first, second - first), ByteView(record).subspan(second)}) {
    const auto part = postgres::next_part(joined, rest, major);
    if (part) postgres::append_part(joined, *part);
  }
  Count seen;
  const bool finished = postgres::finish_record(joined, {16}, major, seen);
  if (finished != good || (good && (seen.blocks != whole.blocks || seen.files != whole.files))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  if ((data[0] & 1) != 0) {
    cut_record(input);
  } else {
    join_maps(input);
  }
  return 0;
}
