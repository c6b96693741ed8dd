#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/units.h"
#include "crypto/primitives.h"

namespace owl::crypto {

/// A stream of bytes as AES-256-GCM frames of at most 1 MiB plain each, so that no message is long and none is released
/// before its tag. All frames but the last are full; an empty stream is one empty frame. Internal to this module.
inline constexpr std::size_t frame_size = MiB;

/// How a frame is bound to its place: its number and whether it is the last must change nonce or associated data.
struct FrameBinding {
  GcmNonce nonce;
  ByteView associated;  ///< must outlive the call
};
using FrameBinder = std::function<FrameBinding(std::uint64_t number, bool last)>;

/// Appends the frames of `plain` to `out`.
void seal_frames(const SecretKey& key, const FrameBinder& bind, ByteView plain, Bytes& out);
/// All of the plain bytes, or nullopt if any frame is not authentic, missing, or too many.
std::optional<Bytes> open_frames(const SecretKey& key, const FrameBinder& bind, ByteView frames);

std::uint64_t framed_size(std::uint64_t plain_size);

}  // namespace owl::crypto
