#include "codec/wal_codec.h"

#include <algorithm>

#include "base/binary.h"
#include "base/check.h"
#include "codec/page_blob.h"
#include "codec/page_choice.h"
#include "codec/stream_frames.h"
#include "codec/wal_layout.h"
#include "codec/wal_split.h"
#include "codec/zstd.h"

namespace owl::codec {
namespace {

constexpr std::uint8_t version = 1;
/// Of a stretch: u8 kind, u32 size of what follows.
enum class Kind : std::uint8_t { stored = 0, zstd = 1, split = 2 };
constexpr std::size_t stretch_header = 5;

/// Of each stream the group that it goes with: planes by their entropy. What is no plane may look random and yet
/// repeat.
std::vector<std::uint8_t> stream_groups() {
  auto groups = page_stream_groups();
  const auto first = static_cast<std::uint8_t>(*std::ranges::max_element(groups) + 1);
  groups.resize(wal_stream::count, 0);
  groups[wal_stream::text] = first;
  groups[wal_stream::raw] = groups[wal_stream::edges] = static_cast<std::uint8_t>(first + 1);
  groups[wal_stream::kept] = static_cast<std::uint8_t>(first + 2);
  return groups;
}

/// Streams gain little by more than the least level (docs/performance.md).
int stream_level(int zstd_level) {
  return std::min(zstd_level, 1);
}

std::size_t stretch_count(std::size_t size) {
  return (size + largest_wal_stretch - 1) / largest_wal_stretch;
}

}  // namespace

struct WalEncoder::State {
  explicit State(int zstd_level)
      : frames(stream_level(zstd_level), stream_groups()), plain(zstd_level, Content::pages) {}

  /// A stretch behind its header; what came of it, and how many bytes.
  std::pair<Kind, std::size_t> encode(ByteView wal, std::uint32_t page_size, MutableBytes out);
  std::size_t encode_split(ByteView wal, std::uint32_t page_size, MutableBytes out);

  WalSplitter splitter;
  WalJoiner prover;
  StreamFramesEncoder frames;
  ZstdEncoder plain;
  Counters counters;
};

WalEncoder::WalEncoder(int zstd_level) : state_(std::make_unique<State>(zstd_level)) {}
WalEncoder::WalEncoder(WalEncoder&&) noexcept = default;
WalEncoder::~WalEncoder() = default;

std::size_t WalEncoder::bound(std::size_t plain_size) {
  // Behind the stretches before, which took no more than their own bounds, the last one needs room for its streams.
  const std::size_t last = std::min(plain_size, largest_wal_stretch);
  const std::size_t streams = 2 * ZstdEncoder::bound(largest_streams(last)) + (std::size_t{1} << 20);
  return 1 + stretch_count(plain_size) * stretch_header + ZstdEncoder::bound(plain_size) + streams;
}

std::size_t WalEncoder::encode(ByteView segment, MutableBytes out) {
  OWL_CHECK(out.size() >= bound(segment.size()), "the room for a WAL segment is less than its bound");
  if (segment.size() < wal_layout::page::long_header) return 0;
  const auto page_size = load<std::uint32_t>(segment.data() + wal_layout::page::page_size_at);
  if (wal_layout::major_of_page_magic(load<std::uint16_t>(segment.data())) == 0) return 0;
  std::size_t end = 0;
  bool any = false;
  out[end++] = version;
  while (!segment.empty()) {
    const auto wal = segment.first(std::min(segment.size(), largest_wal_stretch));
    segment = segment.subspan(wal.size());
    const auto [kind, size] = state_->encode(wal, page_size, out.subspan(end + stretch_header));
    out[end] = static_cast<std::uint8_t>(kind);
    store(out.data() + end + 1, static_cast<std::uint32_t>(size));
    end += stretch_header + size;
    any |= kind == Kind::split;
  }
  return any ? end : 0;
}

std::pair<Kind, std::size_t> WalEncoder::State::encode(ByteView wal, std::uint32_t page_size, MutableBytes out) {
  if (const std::size_t size = encode_split(wal, page_size, out); size != 0) return {Kind::split, size};
  ++counters.plain;
  const auto encoded = plain.encode(wal, out);
  return {encoded.codec == Codec::zstd ? Kind::zstd : Kind::stored, encoded.size};
}

/// 0: it can't be taken apart, or that gains nothing.
std::size_t WalEncoder::State::encode_split(ByteView wal, std::uint32_t page_size, MutableBytes out) {
  if (!splitter.split(wal, page_size)) return 0;
  const auto& streams = splitter.streams();
  const std::size_t total = streams.total_size();
  if (total > largest_streams(wal.size()) || frames.bound(total) > out.size()) return 0;
  if (!prover.gives(splitter, wal)) return ++counters.unproven, 0;
  const std::size_t size = frames.encode(streams, out);
  if (size >= wal.size()) return 0;
  ++counters.split;
  return size;
}

const WalEncoder::Counters& WalEncoder::counters() const {
  return state_->counters;
}

struct WalDecoder::State {
  Result<void> decode(Kind kind, ByteView encoded, MutableBytes wal) {
    if (kind == Kind::stored) return zstd.decode(Codec::stored, encoded, wal);
    if (kind == Kind::zstd) return zstd.decode(Codec::zstd, encoded, wal);
    const auto streams = frames.decode(encoded, wal_stream::count, largest_streams(wal.size()));
    if (!streams) return tl::unexpected(streams.error());
    return joiner.join(*streams, wal);
  }

  ZstdDecoder zstd;
  StreamFramesDecoder frames;
  WalJoiner joiner;
};

WalDecoder::WalDecoder() : state_(std::make_unique<State>()) {}
WalDecoder::WalDecoder(WalDecoder&&) noexcept = default;
WalDecoder::~WalDecoder() = default;

Result<void> WalDecoder::decode(ByteView encoded, MutableBytes segment) {
  BinaryReader in(encoded);
  if (in.u8() != version) return bad_format("a WAL segment of an unknown version of its codec");
  while (!segment.empty()) {
    const auto wal = segment.first(std::min(segment.size(), largest_wal_stretch));
    segment = segment.subspan(wal.size());
    const std::uint8_t kind = in.u8();
    const auto bytes = in.raw(in.u32());
    if (!in.ok() || kind > static_cast<std::uint8_t>(Kind::split)) return bad_format("a malformed WAL segment");
    if (auto decoded = state_->decode(static_cast<Kind>(kind), bytes, wal); !decoded) return decoded;
  }
  return in.finish("a WAL segment");
}

}  // namespace owl::codec
