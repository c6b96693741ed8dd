// Streams of pages, changed as the input says: whatever they come to, nothing is written but the page, and what one
// page leaves behind in the joiner does not hurt the next.

#include <array>

#include "base/check.h"
#include "codec/page_joiner.h"
#include "codec/page_samples.h"
#include "stream_edits.h"

using namespace owl;

namespace {

using codec::PageSplitter;

/// Which of the kinds of pages, so that the input need not hold whole pages.
Bytes sample_page(std::uint8_t kind, std::uint32_t size, std::uint32_t block) {
  codec::sample::Random random(kind / 3u);
  switch (kind % 3) {
    case 0:
      return codec::sample::random_heap_page(random, size, block);
    case 1:
      return codec::sample::random_btree_page(random, size, block);
    default:
      return codec::sample::random_page(random, size, block);
  }
}

}  // namespace

/// Block size, columns (a seed of them), kinds of four pages, then edits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t pages = 4, head = 2 + pages, most_edits = 32;
  if (size < head) return 0;
  const std::uint32_t block_size = 1024u << data[0] % 6;
  codec::sample::Random random(data[1]);
  const codec::PageColumns columns{codec::sample::random_columns(random), codec::sample::random_columns(random)};
  codec::PageState state(columns), whole(columns), changed(columns);
  codec::StreamSet streams(codec::page_stream::count);
  PageSplitter splitter(block_size);
  for (std::uint32_t i = 0; i < pages; ++i) {
    const Bytes page = sample_page(data[2 + i], block_size, i);
    splitter.split(page.data(), i, PageSplitter::Checksums::computed, PageSplitter::Holes::apart, state, streams);
  }
  codec::PageJoiner joiner(block_size);
  Bytes page(block_size + 64, 0xee);
  fuzz::EditedStreams edited(streams);
  for (const bool as_they_were : {true, false}) {
    if (!as_they_were) edited.edit({data + head, size - head}, most_edits);
    auto copy = edited;
    const auto views = copy.views();
    codec::StreamReader reader;
    reader.reset(views);
    for (std::uint32_t i = 0; i < pages && reader.ok(); ++i) {
      joiner.join(reader, i, PageSplitter::Holes::apart, as_they_were ? whole : changed, page.data());
    }
    OWL_CHECK(!as_they_were || reader.finished(), "streams that nobody changed are not read to their end");
  }
  for (std::size_t i = block_size; i < page.size(); ++i) OWL_CHECK(page[i] == 0xee, "written beyond the page");
  return 0;
}
