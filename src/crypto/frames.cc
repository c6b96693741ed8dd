#include "crypto/frames.h"

namespace owl::crypto {
namespace {

constexpr std::size_t sealed_frame_size = frame_size + gcm_tag_size;

std::uint64_t frame_count(std::uint64_t plain_size) {
  return plain_size == 0 ? 1 : (plain_size + frame_size - 1) / frame_size;
}

}  // namespace

std::uint64_t framed_size(std::uint64_t plain_size) {
  return plain_size + frame_count(plain_size) * gcm_tag_size;
}

void seal_frames(const SecretKey& key, const FrameBinder& bind, ByteView plain, Bytes& out) {
  AesGcm cipher(key);
  out.reserve(out.size() + static_cast<std::size_t>(framed_size(plain.size())));
  const std::uint64_t last = frame_count(plain.size()) - 1;
  for (std::uint64_t number = 0; number <= last; ++number) {
    const ByteView piece = plain.first(std::min(plain.size(), frame_size));
    plain = plain.subspan(piece.size());
    const std::size_t at = out.size();
    out.resize(at + piece.size() + gcm_tag_size);  // one frame at a time: zeroed while it is in the cache
    const auto binding = bind(number, number == last);
    cipher.seal(binding.nonce, binding.associated, piece, MutableBytes(out).subspan(at));
  }
}

std::optional<Bytes> open_frames(const SecretKey& key, const FrameBinder& bind, ByteView frames) {
  AesGcm cipher(key);
  Bytes plain;
  plain.reserve(frames.size());
  for (std::uint64_t number = 0;; ++number) {
    const ByteView frame = frames.first(std::min(frames.size(), sealed_frame_size));
    frames = frames.subspan(frame.size());
    const bool superfluous = frame.size() == gcm_tag_size && number > 0;  // an empty frame after full ones
    if (frame.size() < gcm_tag_size || superfluous) return std::nullopt;
    const std::size_t at = plain.size();
    plain.resize(at + frame.size() - gcm_tag_size);
    const auto binding = bind(number, frames.empty());
    if (!cipher.open(binding.nonce, binding.associated, frame, MutableBytes(plain).subspan(at))) return std::nullopt;
    if (frames.empty()) return plain;
  }
}

}  // namespace owl::crypto
