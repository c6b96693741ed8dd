#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "codec/zstd.h"
#include "os/file.h"

namespace owl::postgres {

/// Bytes that real servers wrote; testdata/postgres/README.md says how.
inline std::filesystem::path sample_path(const std::string& name) {
  return std::filesystem::path(OWL_TESTDATA) / "postgres" / name;
}

inline Bytes compressed_sample(const std::string& name) {
  return value_or_throw(codec::decompress(os::read_file(sample_path(name)), 64 << 20));
}

/// global/pg_control of a running server: the first bytes are kept as hexadecimal text, the rest is zeros.
inline Bytes control_file_sample(int major) {
  const Bytes text = os::read_file(sample_path("pg_control_" + std::to_string(major) + ".hex"));
  std::string digits;
  for (const auto byte : text) {
    if (byte != '\n') digits += static_cast<char>(byte);
  }
  Bytes bytes = value_or_throw(from_hex(digits));
  bytes.resize(8192);
  return bytes;
}

inline Bytes with_flipped_bit(ByteView bytes, std::size_t bit) {
  Bytes flipped = to_bytes(bytes);
  flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
  return flipped;
}

}  // namespace owl::postgres
