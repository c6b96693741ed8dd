#include <algorithm>

#include "codec/hash.h"
#include "codec/small_copy.h"
#include "codec/wal_contents.h"
#include "codec/wal_sink.h"
#include "codec/wal_split.h"

namespace owl::codec {
namespace {

namespace fragment = wal_layout::fragment;
namespace record = wal_layout::record;

/// Of a record with the most blocks.
constexpr std::size_t largest_headers = 1024;

template <typename T>
void put(std::uint8_t*& to, const T& value) {
  std::memcpy(to, &value, sizeof(T));
  to += sizeof(T);
}

}  // namespace

struct WalJoiner::State {
  struct Piece {
    const std::uint8_t* bytes;  ///< nullptr: compared already, at `place`
    std::size_t size;
    std::uint64_t place = 0;
  };

  void lay_out(WalSink& sink);
  void put_record(WalSink& sink, std::size_t shape_number, std::uint32_t xid);
  std::uint8_t* put_fragments(const WalShape& shape, const WalContents::LaneCursor* lanes);
  void put_raw_record(WalSink& sink, std::uint32_t xid);
  void put_pieces(WalSink& sink, std::size_t total, std::uint32_t xid, std::uint8_t info, std::uint8_t manager);
  std::uint8_t* put_main_header(std::uint8_t* to, const WalShape& shape, std::uint32_t size);
  void put_head(WalSink& sink);
  void put_piece(WalSink& sink, const Piece& piece);

  WalContents in;
  // Where the records' laying out has come to.
  std::uint64_t previous = 0;
  std::size_t next_raw = 0, next_origin = 0, next_toplevel_xid = 0, next_block = 0, next_image = 0;
  Bytes scratch;
  std::vector<Piece> pieces;
};

WalJoiner::WalJoiner() : state_(std::make_unique<State>()) {}
WalJoiner::WalJoiner(WalJoiner&&) noexcept = default;
WalJoiner::~WalJoiner() = default;

Result<void> WalJoiner::join(std::span<const ByteView> streams, MutableBytes wal) {
  auto& in = state_->in;
  if (streams.size() != wal_stream::count) return bad_format("WAL of another number of streams");
  if (!in.read(streams, wal.size(), nullptr)) return bad_format("WAL whose streams are malformed");
  auto sink = WalSink::writing(wal, in.frame.page_size, in.odd_pages, in.odd_headers.data());
  state_->lay_out(sink);
  if (!sink.ok() || !in.reader.finished()) return bad_format("WAL whose streams don't fill its segment");
  return {};
}

bool WalJoiner::gives(const WalSplitter& splitter, ByteView wal) {
  auto& in = state_->in;
  const auto& streams = splitter.streams();
  const WalImageJoiner::Original original{wal, splitter.pages(), splitter.parsed().images};
  std::array<ByteView, wal_stream::count> views;
  for (std::size_t i = 0; i < views.size(); ++i) views[i] = streams.view(i);
  if (!in.read(views, wal.size(), &original)) return false;
  auto sink = WalSink::comparing(wal, in.frame.page_size, in.odd_pages, in.odd_headers.data());
  state_->lay_out(sink);
  return sink.ok() && in.reader.finished();
}

void WalJoiner::State::lay_out(WalSink& sink) {
  previous = in.first_previous;
  next_raw = next_origin = next_toplevel_xid = next_block = next_image = 0;
  scratch.resize(largest_headers + WalShape::most_blocks * std::size_t{65536} + largest_main_row);
  sink.put_here(in.first_header.data(), in.first_header.size());
  std::uint32_t remaining;
  std::memcpy(&remaining, in.first_header.data() + wal_layout::page::remaining_at, sizeof(remaining));
  sink.begin(remaining);
  sink.put(in.head.data(), in.head.size());
  for (std::size_t i = 0; i < in.sequence.size() && sink.ok(); ++i) {
    const std::uint64_t address = in.base + sink.place();
    if (in.sequence[i] == ParsedWal::raw_record) {
      put_raw_record(sink, in.xids[i]);
    } else {
      put_record(sink, in.sequence[i] - 1u, in.xids[i]);
    }
    previous = address;
  }
  std::uint32_t claimed = 0;
  if (in.tail.size() >= sizeof(claimed)) std::memcpy(&claimed, in.tail.data(), sizeof(claimed));
  sink.begin(claimed >= record::header ? claimed : 0);
  sink.put(in.tail.data(), in.tail.size());
  if (!sink.ok() || sink.position() != in.frame.pages * in.frame.page_size || !sink.all_odd_pages_used())
    return sink.fail();
  sink.put_here(in.outside.data(), in.outside.size());
  sink.put_zeros();
}

void WalJoiner::State::put_raw_record(WalSink& sink, std::uint32_t xid) {
  const std::size_t number = next_raw++;
  const std::uint32_t total = in.raw_totals[number];
  if (total < record::header || total > in.frame.size) return sink.fail();
  const auto body = in.reader.view(wal_stream::raw, total - record::header);
  if (!in.reader.ok()) return sink.fail();
  pieces.clear();
  pieces.push_back({scratch.data(), record::header});
  pieces.push_back({body.data(), body.size()});
  put_pieces(sink, total, xid, in.raw_heads[2 * number], in.raw_heads[2 * number + 1]);
}

void WalJoiner::State::put_record(WalSink& sink, std::size_t shape_number, std::uint32_t xid) {
  const auto& shape = in.shapes[shape_number];
  auto* lane = in.cursors.data() + in.first_lane[shape_number];
  auto* to = put_fragments(shape, lane);
  if (to == nullptr) return sink.fail();
  pieces.clear();
  auto* begin = scratch.data();
  std::size_t total = 0;
  const auto put_row = [&](WalContents::LaneCursor& cursor) {
    const std::size_t size = *cursor.size;
    copy_small(to, cursor.next, size);
    to += size;
    cursor.next += size;
    cursor.size += cursor.step;
  };
  const auto end_piece = [&] {
    pieces.push_back({begin, static_cast<std::size_t>(to - begin)});
    total += pieces.back().size;
    begin = to;
  };
  for (const auto& block : shape.all_blocks()) {
    if (block.has_image()) {
      end_piece();
      const auto& image = in.images[next_image++];
      pieces.push_back({image.bytes, image.size, image.place});
      total += image.size;
    }
    if (block.has_data()) put_row(*lane++);
  }
  if (shape.has_main()) put_row(*lane);
  end_piece();
  put_pieces(sink, total, xid, shape.info, shape.manager);
}

/// The headers of blocks and of what else there is, behind the room for the record's own. nullptr: sizes that can't be.
std::uint8_t* WalJoiner::State::put_fragments(const WalShape& shape, const WalContents::LaneCursor* lane) {
  auto* to = scratch.data() + record::header;
  std::size_t image = next_image;
  for (const auto& block : shape.all_blocks()) {
    std::uint32_t size = 0;
    if (block.has_data()) size = *lane++->size;
    if (block.has_data() != (size != 0) || size > UINT16_MAX) return nullptr;
    put(to, block.id);
    put(to, block.flags);
    put(to, static_cast<std::uint16_t>(size));
    if (block.has_image()) {
      const auto& one = in.images[image++];
      put(to, one.size);
      put(to, one.hole_at);
      put(to, one.info);
      if (one.tells_hole_size) put(to, one.hole_size);
    }
    if (block.names_relation()) put(to, in.relations[block.relation].bytes);
    put(to, in.block_numbers[next_block++]);
  }
  if ((shape.extras & WalShape::has_origin) != 0) {
    put(to, fragment::origin);
    put(to, static_cast<std::uint16_t>(in.origins[next_origin++]));
  }
  if ((shape.extras & WalShape::has_toplevel_xid) != 0) {
    put(to, fragment::toplevel_xid);
    put(to, in.toplevel_xids[next_toplevel_xid++]);
  }
  return shape.has_main() ? put_main_header(to, shape, *lane->size) : to;
}

std::uint8_t* WalJoiner::State::put_main_header(std::uint8_t* to, const WalShape& shape, std::uint32_t size) {
  if ((shape.extras & WalShape::main_short) != 0) {
    if (size > UINT8_MAX) return nullptr;
    put(to, fragment::short_data);
    put(to, static_cast<std::uint8_t>(size));
  } else {
    if (size > largest_main_row) return nullptr;
    put(to, fragment::long_data);
    put(to, size);
  }
  return to;
}

/// The first piece, which begins with the record's header but for its checksum.
void WalJoiner::State::put_head(WalSink& sink) {
  auto first = pieces.front();
  if (sink.compares()) {
    sink.put(first.bytes, record::crc_at);
    sink.skip(record::header - record::crc_at);
    return sink.put(first.bytes + record::header, first.size - record::header);
  }
  std::uint32_t crc = crc32c({first.bytes + record::header, first.size - record::header});
  for (std::size_t i = 1; i < pieces.size(); ++i) crc = crc32c({pieces[i].bytes, pieces[i].size}, crc);
  store(scratch.data() + record::crc_at, crc32c({scratch.data(), record::crc_at}, crc));
  sink.put(first.bytes, first.size);
}

void WalJoiner::State::put_piece(WalSink& sink, const Piece& piece) {
  if (piece.bytes != nullptr || piece.size == 0) {
    sink.put(piece.bytes, piece.size);
  } else if (sink.compares() && sink.place() == piece.place) {
    sink.skip(piece.size);
  } else {
    sink.fail();
  }
}

/// The first piece begins with the room for the record's header.
void WalJoiner::State::put_pieces(WalSink& sink, std::size_t total, std::uint32_t xid, std::uint8_t info,
                                  std::uint8_t manager) {
  auto* to = scratch.data();
  put(to, static_cast<std::uint32_t>(total));
  put(to, xid);
  put(to, previous);
  put(to, info);
  put(to, manager);
  put(to, std::uint16_t{0});
  sink.begin(total);
  put_head(sink);
  for (std::size_t i = 1; i < pieces.size(); ++i) put_piece(sink, pieces[i]);
  constexpr std::array<std::uint8_t, 8> padding{};
  sink.put(padding.data(), wal_layout::aligned(total) - total);
}

}  // namespace owl::codec
