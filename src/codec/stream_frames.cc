#include "codec/stream_frames.h"

#include <algorithm>

#include "base/binary.h"
#include "base/check.h"
#include "codec/entropy.h"
#include "codec/zstd.h"

namespace owl::codec {
namespace {

/// Where a stream's bytes are. Part of the format; from `first_frame` on it is the number of a frame.
namespace home {
constexpr std::uint8_t head = 0;      ///< behind the directory
constexpr std::uint8_t constant = 1;  ///< one byte over and over, which the directory names
constexpr std::uint8_t first_frame = 2;
}  // namespace home

/// Classes by entropy, then the groups that the caller asks for.
constexpr std::size_t largest_frames = 64;
/// Less is not worth a frame: its header and tables take some ten bytes and a microsecond.
constexpr std::size_t least_frame_size = 512;
constexpr std::size_t least_constant_size = 8;
/// What a stream takes in the directory at most: number, size, home, and its byte if it is constant.
constexpr std::size_t largest_entry = 5 + 5 + 1 + 1;

bool is_constant(ByteView bytes) {
  return std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

constexpr std::size_t random_class = entropy_classes - 1;

}  // namespace

struct StreamFramesEncoder::State {
  State(int level, std::vector<std::uint8_t> groups_)
      : byte_zstd(level), text_zstd(level, Content::pages), groups(std::move(groups_)) {
    const std::size_t most = groups.empty() ? 0 : *std::ranges::max_element(groups);
    frames.resize(entropy_classes + most);
    OWL_CHECK(frames.size() <= largest_frames, "more frames than a directory can hold");
  }

  std::uint8_t home_of(std::size_t number, ByteView stream) const {
    if (stream.size() >= least_constant_size && is_constant(stream)) return home::constant;
    if (stream.size() < least_frame_size) return home::head;
    const std::size_t frame = groups[number] == 0 ? entropy_class(stream) : entropy_classes + groups[number] - 1;
    return static_cast<std::uint8_t>(home::first_frame + frame);
  }

  void sort_out(const StreamSet& streams) {
    used.clear();
    for (auto& frame : frames) frame.clear();
    for (std::size_t number = 0; number < groups.size(); ++number) {
      const auto stream = streams.view(number);
      if (stream.empty()) continue;
      const auto home = home_of(number, stream);
      used.push_back({static_cast<std::uint32_t>(number), home, stream});
      if (home >= home::first_frame) frames[home - home::first_frame].push_back(stream);
    }
  }

  /// One frame's bytes at `out`; how many they are.
  std::size_t put_frame(std::size_t frame, std::uint8_t* out) {
    const auto& streams = frames[frame];
    if (frame == random_class) {
      std::size_t size = 0;
      for (const auto stream : streams) {
        std::ranges::copy(stream, out + size);
        size += stream.size();
      }
      return size;
    }
    ByteView plain;
    if (streams.size() == 1) {
      plain = streams.front();
    } else {
      gathered.clear();
      for (const auto stream : streams) append(gathered, stream);
      plain = gathered;
    }
    auto& zstd = frame < entropy_classes ? byte_zstd : text_zstd;
    return plain.empty() ? 0 : zstd.encode(plain, {out, ZstdEncoder::bound(plain.size())}).size;
  }

  void put_head() {
    head.clear();
    BinaryWriter out(head);
    out.varint(frame_sizes.size());
    for (const auto size : frame_sizes) out.varint(size);
    out.varint(used.size());
    std::uint32_t next = 0;
    for (const auto& stream : used) {
      out.varint(stream.number - next);
      next = stream.number + 1;
    }
    std::size_t before = 0;
    for (const auto& stream : used) {
      const std::size_t size = stream.bytes.size();
      out.varint(size == before ? 0 : size);
      before = size;
    }
    for (const auto& stream : used) out.u8(stream.home);
    for (const auto& stream : used) {
      if (stream.home == home::constant) out.u8(stream.bytes.front());
    }
    for (const auto& stream : used) {
      if (stream.home == home::head) out.raw(stream.bytes);
    }
  }

  struct Used {
    std::uint32_t number;
    std::uint8_t home;
    ByteView bytes;
  };

  ZstdEncoder byte_zstd;  ///< where matches are rare, zstd's own tables do
  ZstdEncoder text_zstd;  ///< what is asked for by group: as pages are, whose repetitions are near
  const std::vector<std::uint8_t> groups;
  std::vector<Used> used;
  std::vector<std::vector<ByteView>> frames;
  std::vector<std::size_t> frame_sizes;
  Bytes gathered, head, packed_head, start;
};

StreamFramesEncoder::StreamFramesEncoder(int zstd_level, std::vector<std::uint8_t> groups)
    : state_(std::make_unique<State>(zstd_level, std::move(groups))) {}
StreamFramesEncoder::StreamFramesEncoder(StreamFramesEncoder&&) noexcept = default;
StreamFramesEncoder::~StreamFramesEncoder() = default;

std::size_t StreamFramesEncoder::bound(std::size_t total_size) const {
  const std::size_t head = state_->groups.size() * (least_frame_size + largest_entry) + largest_frames * 10 + 20;
  return 20 + ZstdEncoder::bound(head) + ZstdEncoder::bound(total_size) + state_->frames.size() * ZstdEncoder::bound(0);
}

std::size_t StreamFramesEncoder::encode(const StreamSet& streams, MutableBytes out) {
  auto& state = *state_;
  OWL_CHECK(streams.count() == state.groups.size(), "other streams than the encoder was made for");
  OWL_CHECK(out.size() >= bound(streams.total_size()), "the room for stream frames is less than their bound");
  state.sort_out(streams);
  // The head comes first and says how large the frames are: they are made behind the room that it may take.
  std::size_t small = 0;
  for (const auto& stream : state.used) small += stream.home == home::head ? stream.bytes.size() : 0;
  const std::size_t room =
      20 + ZstdEncoder::bound(small + state.used.size() * largest_entry + largest_frames * 10 + 20);
  std::size_t end = room;
  state.frame_sizes.clear();
  for (std::size_t frame = 0; frame < state.frames.size(); ++frame) {
    state.frame_sizes.push_back(state.put_frame(frame, out.data() + end));
    end += state.frame_sizes.back();
  }
  while (!state.frame_sizes.empty() && state.frame_sizes.back() == 0) state.frame_sizes.pop_back();
  state.put_head();
  state.packed_head.resize(ZstdEncoder::bound(state.head.size()));
  const std::size_t packed = state.byte_zstd.encode(state.head, state.packed_head).size;
  state.start.clear();
  BinaryWriter start(state.start);
  start.varint(state.head.size());
  start.varint(packed);
  start.raw(ByteView(state.packed_head).first(packed));
  OWL_CHECK(state.start.size() <= room, "the head of stream frames is larger than was reckoned");
  std::ranges::copy(state.start, out.begin());
  std::memmove(out.data() + state.start.size(), out.data() + room, end - room);
  return state.start.size() + end - room;
}

struct StreamFramesDecoder::State {
  struct Frame {
    std::size_t stored = 0, plain = 0;  ///< bytes
    std::size_t at = 0;                 ///< in `arena`
  };
  struct Used {
    std::size_t number = 0, size = 0;
    std::uint8_t home = 0, value = 0;
  };

  /// Frames and small streams are either stored or one zstd frame; equal sizes mean stored.
  Result<void> unpack(ByteView stored, MutableBytes plain) {
    return zstd.decode(stored.size() == plain.size() ? Codec::stored : Codec::zstd, stored, plain);
  }

  /// The directory, from the reader over the head; fails there. The sizes add up to `limit` at most.
  void read_directory(BinaryReader& in, std::size_t count, std::size_t limit);
  void read_sizes(BinaryReader& in, std::size_t limit);
  void read_homes(BinaryReader& in);
  /// Gives every stream its place and its bytes.
  Result<void> fill(BinaryReader& head, ByteView contents);

  ZstdDecoder zstd;
  Bytes head, arena;
  std::vector<Frame> frames;
  std::vector<Used> used;
  std::vector<ByteView> streams;
};

void StreamFramesDecoder::State::read_directory(BinaryReader& in, std::size_t count, std::size_t limit) {
  frames.clear();
  used.clear();
  const std::size_t frame_count = in.count(1);
  if (frame_count > largest_frames) in.fail();
  for (std::size_t i = 0; i < frame_count && in.ok(); ++i) {
    frames.push_back({.stored = static_cast<std::size_t>(in.varint())});
  }
  const std::size_t stream_count = in.count(1);
  if (stream_count > count) in.fail();
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < stream_count && in.ok(); ++i) {
    const std::uint64_t gap = in.varint();
    if (gap >= count - next) return in.fail();
    used.push_back({.number = static_cast<std::size_t>(next + gap)});
    next += gap + 1;
  }
  read_sizes(in, limit);
  read_homes(in);
}

void StreamFramesDecoder::State::read_sizes(BinaryReader& in, std::size_t limit) {
  std::uint64_t before = 0;
  std::size_t left = limit;
  for (auto& stream : used) {
    const std::uint64_t size = in.varint();
    before = size == 0 ? before : size;
    if (!in.ok() || before == 0 || before > left) return in.fail();
    stream.size = static_cast<std::size_t>(before);
    left -= stream.size;
  }
}

void StreamFramesDecoder::State::read_homes(BinaryReader& in) {
  for (auto& stream : used) {
    stream.home = in.u8();
    if (stream.home < home::first_frame) continue;
    const std::size_t frame = stream.home - home::first_frame;
    if (frame >= frames.size()) return in.fail();
    frames[frame].plain += stream.size;
  }
  for (auto& stream : used) {
    if (stream.home == home::constant) stream.value = in.u8();
  }
}

Result<void> StreamFramesDecoder::State::fill(BinaryReader& head_reader, ByteView contents) {
  std::size_t total = 0;
  for (const auto& stream : used) total += stream.size;
  if (arena.size() < total + stream_slack) arena.resize(total + stream_slack);
  std::size_t at = 0;
  for (auto& frame : frames) {
    frame.at = at;
    if (frame.stored > contents.size()) return bad_format("stream frames that are cut short");
    if (auto unpacked = unpack(contents.first(frame.stored), MutableBytes(arena).subspan(at, frame.plain)); !unpacked) {
      return unpacked;
    }
    contents = contents.subspan(frame.stored);
    at += frame.plain;
  }
  if (!contents.empty()) return bad_format("bytes behind the last stream frame");
  for (const auto& stream : used) {
    const bool in_frame = stream.home >= home::first_frame;
    auto& place = in_frame ? frames[stream.home - home::first_frame].at : at;
    const auto to = MutableBytes(arena).subspan(place, stream.size);
    place += stream.size;
    streams[stream.number] = to;
    if (stream.home == home::constant) std::ranges::fill(to, stream.value);
    if (stream.home == home::head) std::ranges::copy(head_reader.raw(stream.size), to.begin());
  }
  return head_reader.finish("the head of stream frames");
}

StreamFramesDecoder::StreamFramesDecoder() : state_(std::make_unique<State>()) {}
StreamFramesDecoder::StreamFramesDecoder(StreamFramesDecoder&&) noexcept = default;
StreamFramesDecoder::~StreamFramesDecoder() = default;

Result<std::span<const ByteView>> StreamFramesDecoder::decode(ByteView encoded, std::size_t count, std::size_t limit) {
  auto& state = *state_;
  state.streams.assign(count, ByteView{});
  BinaryReader start(encoded);
  const std::uint64_t head_size = start.varint();
  const std::uint64_t packed_size = start.varint();
  const std::size_t largest_head = count * (least_frame_size + largest_entry) + largest_frames * 10 + 20;
  if (!start.ok() || head_size > largest_head || packed_size > start.remaining()) {
    return bad_format("stream frames whose head is malformed");
  }
  state.head.resize(static_cast<std::size_t>(head_size));
  const auto packed = start.raw(static_cast<std::size_t>(packed_size));
  if (auto unpacked = state.unpack(packed, state.head); !unpacked) return tl::unexpected(unpacked.error());
  BinaryReader head(state.head);
  state.read_directory(head, count, limit);
  if (!head.ok()) return bad_format("stream frames whose directory is malformed");
  if (auto filled = state.fill(head, start.raw(start.remaining())); !filled) return tl::unexpected(filled.error());
  return std::span<const ByteView>(state.streams);
}

}  // namespace owl::codec
