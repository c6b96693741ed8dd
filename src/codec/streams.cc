#include "codec/streams.h"

#include <algorithm>

#include "base/check.h"

namespace owl::codec {
namespace {

constexpr std::size_t least_capacity = 512;

const std::array<std::uint8_t, StreamReader::largest_take + stream_slack> zeros{};

}  // namespace

void StreamSet::grow(Stream& stream, std::size_t size) {
  const auto used = static_cast<std::size_t>(stream.end - stream.begin.get());
  // One byte more than is wanted, so that a stream with room is never full and has memory even for nothing.
  const std::size_t capacity = std::max({least_capacity, 2 * stream.capacity, used + size + 1});
  auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity + stream_slack);
  if (used != 0) std::memcpy(larger.get(), stream.begin.get(), used);
  std::memset(larger.get() + capacity, 0, stream_slack);
  stream.begin = std::move(larger);
  stream.end = stream.begin.get() + used;
  stream.capacity = capacity;
  stream.free = capacity - used;
}

std::size_t StreamSet::total_size() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < streams_.size(); ++i) total += view(i).size();
  return total;
}

void StreamSet::clear(std::size_t kept_bytes) {
  std::size_t total = 0;
  for (const auto& stream : streams_) total += stream.capacity;
  for (auto& stream : streams_) {
    if (total > kept_bytes) {
      stream = {};
    } else {
      stream.end = stream.begin.get();
      stream.free = stream.capacity;
    }
  }
}

ByteView StreamReader::view(std::size_t number, std::size_t size) {
  auto& left = left_[number];
  if (size > left.size()) {
    ok_ = false;
    return {};
  }
  const auto taken = left.first(size);
  left = left.subspan(size);
  return taken;
}

std::uint64_t StreamReader::varint(std::size_t number) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && ok_; shift += 7) {
    const std::uint8_t part = byte(number);
    if (shift == 63 && part > 1) break;  // more than 64 bits
    value |= std::uint64_t{part & 0x7fU} << shift;
    if ((part & 0x80) == 0) {
      if (part == 0 && shift != 0) break;  // one value, one encoding
      return ok_ ? value : 0;
    }
  }
  ok_ = false;
  return 0;
}

bool StreamReader::finished() const {
  return ok_ && std::ranges::all_of(left_, [](ByteView left) { return left.empty(); });
}

const std::uint8_t* StreamReader::failed(std::size_t size) {
  ok_ = false;
  return failed_take(size);
}

const std::uint8_t* StreamReader::failed_take(std::size_t size) {
  OWL_CHECK(size <= largest_take, "more is taken from a stream at once than a reader must be ready to hand out");
  return zeros.data();
}

}  // namespace owl::codec
