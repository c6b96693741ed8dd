#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "crypto/keys.h"

namespace owl::crypto {

/// A whole payload sealed to the epoch's public key in frames of 1 MiB, bound to its object's path: the payload of WAL
/// objects. Frame n is HPKE message n of one context (info = "owl1 payload" ‖ repository id ‖ epoch u32 ‖ path), with
/// the last-frame flag (u8, 0 or 1) as associated data, so that neither order nor end can be changed.
struct SealedPayload {
  ByteArray<32> encapsulated_key;
  Bytes frames;
};
SealedPayload seal_payload(const HostKeys& keys, std::string_view path, ByteView plain, Random& random);

/// Throws Error(integrity) or Error(no_key), both naming `path`. Gives nothing unless all of it is authentic.
Bytes open_payload(std::span<const EpochSecrets> secrets, std::uint32_t epoch, const ByteArray<32>& encapsulated_key,
                   std::string_view path, ByteView frames);

std::uint64_t sealed_payload_size(std::uint64_t plain_size);

}  // namespace owl::crypto
