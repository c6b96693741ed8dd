#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace owl::crypto {

/// The packets of a binary OpenPGP message (RFC 4880 §4.2), one after the other. Of a body in partial lengths the first
/// part is given, the others are skipped. Internal to this module.
class OpenPgpScanner {
 public:
  struct Packet {
    int tag;
    ByteView body;
  };

  explicit OpenPgpScanner(ByteView message) : rest_(message) {}

  /// nullopt at the end, or when what follows is malformed (then `ok` is false).
  std::optional<Packet> next();
  bool ok() const { return ok_; }

 private:
  struct Length {
    std::size_t bytes;
    bool partial;
  };
  std::optional<Packet> packet(std::uint8_t first);
  std::optional<Length> old_length(unsigned type);
  std::optional<Length> new_length();
  std::optional<std::size_t> big_endian(std::size_t size);
  std::optional<ByteView> take(std::size_t size);
  std::optional<ByteView> take_new_body();

  ByteView rest_;
  bool ok_ = true;
};

}  // namespace owl::crypto
