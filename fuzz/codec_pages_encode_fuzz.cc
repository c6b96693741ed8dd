// Any bytes taken for pages come back as they were, in every block size, with any columns: the proof that the encoder
// makes never fails.

#include "base/check.h"
#include "codec/blob_decoder.h"
#include "codec/page_encoder.h"
#include "codec/page_joiner.h"

using namespace owl;

namespace {

/// Columns as the first bytes say, which the encoder would hardly choose.
codec::ColumnList columns_from(ByteView bytes) {
  codec::ColumnList columns;
  for (const auto byte : bytes) {
    if (byte % 4 >= codec::column_forms || columns.width() + 8 > codec::ColumnList::largest_width) break;
    columns.forms[columns.count++] = static_cast<codec::ColumnForm>(byte % 4);
  }
  return columns;
}

/// Splitter and joiner alone, so that what the encoder would leave to zstd is tried, too.
void split_and_join(ByteView pages, std::uint32_t block_size, const codec::PageColumns& columns) {
  codec::PageSplitter splitter(block_size);
  codec::PageJoiner joiner(block_size);
  codec::PageState state(columns), other(columns);
  static codec::StreamSet streams(codec::page_stream::count);
  streams.clear();
  std::uint32_t block = 100;
  for (std::size_t at = 0; at < pages.size(); at += block_size) {
    splitter.split(pages.data() + at, block++, codec::PageSplitter::Checksums::computed,
                   codec::PageSplitter::Holes::with_tails, state, streams);
  }
  OWL_CHECK(streams.total_size() <= 2 * pages.size(), "streams of more than twice the pages");
  std::vector<ByteView> views;
  for (std::size_t i = 0; i < streams.count(); ++i) views.push_back(streams.view(i));
  codec::StreamReader reader;
  reader.reset(views);
  Bytes again(block_size);
  block = 100;
  for (std::size_t at = 0; at < pages.size(); at += block_size) {
    joiner.join(reader, block++, codec::PageSplitter::Holes::with_tails, other, again.data());
    OWL_CHECK(equal(again, pages.subspan(at, block_size)), "a page does not come back");
  }
  OWL_CHECK(reader.finished(), "streams are left over");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 16) return 0;
  const std::uint32_t block_size = 1024u << data[0] % 6;
  const codec::PageColumns columns{columns_from({data + 1, 7}), columns_from({data + 8, 8})};
  Bytes pages(data + 16, data + size);
  pages.resize((pages.size() + block_size - 1) / block_size * block_size);
  // What the fuzzer would take long to find: the layout version and that the special space has a size of an index.
  for (std::size_t at = 0; at < pages.size(); at += block_size) {
    codec::store(pages.data() + at + codec::page_at::size_version, static_cast<std::uint16_t>(block_size | 4));
    const std::uint32_t special = block_size - 8 * (pages[at + codec::page_at::special] % 3);
    codec::store(pages.data() + at + codec::page_at::special, static_cast<std::uint16_t>(special));
  }
  split_and_join(pages, block_size, columns);

  codec::PageEncoder encoder({.block_size = block_size});
  codec::BlobDecoder decoder;
  const codec::PageRun run{static_cast<std::uint32_t>(pages.size() / block_size), data[1]};
  Bytes stored(encoder.bound(pages.size())), again(pages.size());
  const auto encoded = encoder.encode({pages, {&run, 1}, data[2], std::uint64_t{data[3]} << 20}, stored);
  OWL_CHECK(encoder.counters().fallbacks == 0, "a blob was not proven");
  OWL_CHECK(decoder.decode(encoded.codec, ByteView(stored).first(encoded.size), again).has_value(), "does not decode");
  OWL_CHECK(equal(again, pages), "decodes to other bytes");
  return 0;
}
