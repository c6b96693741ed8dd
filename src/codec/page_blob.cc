#include "codec/page_blob.h"

#include <bit>
#include <optional>

#include "base/binary.h"
#include "codec/page_joiner.h"
#include "codec/stream_frames.h"

namespace owl::codec {
namespace {

constexpr std::uint8_t holes_with_tails = 1;
constexpr std::size_t largest_runs = largest_streams(64u << 20) / least_page_size;

void put_columns(BinaryWriter& out, const ColumnList& columns) {
  out.u8(columns.count);
  for (const auto form : columns.view()) out.u8(static_cast<std::uint8_t>(form));
}

ColumnList get_columns(BinaryReader& in) {
  ColumnList columns;
  const std::uint8_t count = in.u8();
  if (count > ColumnList::largest_count) in.fail();
  for (std::uint8_t i = 0; i < count && in.ok(); ++i) {
    const std::uint8_t form = in.u8();
    if (form >= column_forms) in.fail();
    columns.forms[columns.count++] = static_cast<ColumnForm>(form);
    if (columns.width() > ColumnList::largest_width) in.fail();
  }
  return in.ok() ? columns : ColumnList{};
}

PageBlobHeader get_header(BinaryReader& in) {
  PageBlobHeader header;
  if (in.u8() != page_blob_version) in.fail();
  const std::uint8_t size_log = in.u8();
  if (size_log < 10 || size_log > 15) in.fail();
  header.block_size = in.ok() ? 1u << size_log : std::uint32_t{least_page_size};
  const std::uint8_t flags = in.u8();
  if ((flags & ~holes_with_tails) != 0) in.fail();
  header.scheme.holes = flags == holes_with_tails ? PageSplitter::Holes::with_tails : PageSplitter::Holes::apart;
  header.scheme.columns.heap = get_columns(in);
  header.scheme.columns.index = get_columns(in);
  const std::size_t runs = in.count(2);
  if (runs > largest_runs) in.fail();
  for (std::size_t i = 0; i < runs && in.ok(); ++i) {
    const std::uint64_t pages = in.varint(), first_block = in.varint();
    if (pages > UINT32_MAX || first_block > UINT32_MAX) in.fail();
    header.runs.push_back({static_cast<std::uint32_t>(pages), static_cast<std::uint32_t>(first_block)});
  }
  return header;
}

}  // namespace

std::uint64_t PageBlobHeader::plain_size() const {
  std::uint64_t pages = 0;
  for (const auto& run : runs) pages += run.pages;  // each of 32 bits, and no more than fit in memory
  return pages * block_size;
}

void put_page_blob_header(const PageBlobHeader& header, Bytes& out) {
  BinaryWriter writer(out);
  writer.u8(page_blob_version);
  writer.u8(static_cast<std::uint8_t>(std::countr_zero(header.block_size)));
  writer.u8(header.scheme.holes == PageSplitter::Holes::with_tails ? holes_with_tails : 0);
  put_columns(writer, header.scheme.columns.heap);
  put_columns(writer, header.scheme.columns.index);
  writer.varint(header.runs.size());
  for (const auto& run : header.runs) {
    writer.varint(run.pages);
    writer.varint(run.first_block);
  }
}

struct PageDecoder::State {
  /// Calls `page(number)` for the place of each page, and `done(number)` when it is written.
  template <typename Place, typename Done>
  Result<void> each_page(ByteView stored, std::size_t plain_size, Place place, Done done) {
    BinaryReader in(stored);
    const PageBlobHeader header = get_header(in);
    if (!in.ok()) return bad_format("a blob of pages whose header is malformed or of a newer version");
    if (header.plain_size() != plain_size) return bad_format("a blob of pages of another size than its plain size");
    const auto streams = frames.decode(in.raw(in.remaining()), page_stream::count, largest_streams(plain_size));
    if (!streams) return tl::unexpected(streams.error());
    reader.reset(*streams);
    if (!joiner || joiner_block_size != header.block_size) joiner.emplace(joiner_block_size = header.block_size);
    PageState pages(header.scheme.columns);
    std::size_t number = 0;
    for (const auto& run : header.runs) {
      for (std::uint32_t i = 0; i < run.pages; ++i, ++number) {
        joiner->join(reader, run.first_block + i, header.scheme.holes, pages, place(number, header.block_size));
        if (!reader.ok() || !done(number, header.block_size))
          return bad_format("a blob of pages whose streams are malformed");
      }
    }
    if (!reader.finished()) return bad_format("a blob of pages whose streams are longer than its pages");
    return {};
  }

  StreamFramesDecoder frames;
  StreamReader reader;
  std::optional<PageJoiner> joiner;
  std::uint32_t joiner_block_size = 0;
  std::array<std::uint8_t, largest_page_size> page;
};

PageDecoder::PageDecoder() : state_(std::make_unique<State>()) {}
PageDecoder::PageDecoder(PageDecoder&&) noexcept = default;
PageDecoder::~PageDecoder() = default;

Result<void> PageDecoder::decode(ByteView stored, MutableBytes plain) {
  return state_->each_page(
      stored, plain.size(),
      [&](std::size_t number, std::size_t block_size) { return plain.data() + number * block_size; },
      [](std::size_t, std::size_t) { return true; });
}

bool PageDecoder::gives(ByteView stored, ByteView plain) {
  auto* const page = state_->page.data();
  return state_
      ->each_page(
          stored, plain.size(), [&](std::size_t, std::size_t) { return page; },
          [&](std::size_t number, std::size_t block_size) {
            return std::memcmp(page, plain.data() + number * block_size, block_size) == 0;
          })
      .has_value();
}

}  // namespace owl::codec
